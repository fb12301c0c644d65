"""What is true of a built case on any machine: parameters and operations."""

from __future__ import annotations

from typing import Any

from engine.domain.model import ModelFacts


def count_on(skillset: Any, inputs: dict[str, Any]) -> tuple[ModelFacts, str | None]:
    """The facts of a loaded skillset, from one forward pass; and a note where operations could not be counted."""
    from torch.utils.flop_counter import FlopCounterMode

    parameters = list({id(parameter): parameter for parameter in skillset.model.parameters()}.values())
    flops: int | None = None
    note: str | None = None
    try:
        with FlopCounterMode(display=False) as counter:
            skillset.infer(inputs)
        flops = int(counter.get_total_flops()) or None
    except Exception as error:  # the counter meets operations it does not know; the figures stand without it
        note = f"Operations could not be counted ({type(error).__name__}: {str(error).splitlines()[0][:120]})."
    facts = ModelFacts(
        parameters=sum(parameter.numel() for parameter in parameters),
        parameter_bytes=sum(parameter.numel() * parameter.element_size() for parameter in parameters),
        flops=flops,
        input_bytes=sum(value.numel() * value.element_size() for value in inputs.values()),
    )
    return facts, note
