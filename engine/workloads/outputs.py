"""Whether a forward pass gave an answer that deserves to be timed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.domain.result import FailureKind
from engine.errors import EngineError


class WrongOutput(EngineError):
    """The model ran and its outputs are no answer."""

    title = "Wrong output"
    failure_kind = FailureKind.WRONG_OUTPUT


def check_outputs(outputs: Mapping[str, Any], batch_size: int) -> None:
    """Raise WrongOutput when `fault_of` finds a fault."""
    fault = fault_of(outputs, batch_size)
    if fault is not None:
        raise WrongOutput(fault)


def fault_of(outputs: Mapping[str, Any], batch_size: int) -> str | None:
    """What is wrong with the tensors of a forward pass over `batch_size` examples, in a sentence; None when nothing is.

    NumPy's arrays, which other runtimes answer with, are as good as tensors.

    Minus infinity is how models mask, so it is no fault. Single outputs may be empty or count something other than
    examples (a loss, anchors that all examples share); not all of them may.
    """
    import torch

    outputs = {name: torch.as_tensor(value) for name, value in outputs.items()}
    if not outputs:
        return "The forward pass returned no outputs."
    for name, value in outputs.items():
        if value.is_floating_point():
            bad = int((torch.isnan(value) | torch.isposinf(value)).sum())
            if bad:
                return f"Output {name} has {bad} of {value.numel()} values that are not finite."
    if not any(value.numel() for value in outputs.values()):
        return "Every output is empty."
    return fault_of_shapes(outputs, batch_size)


def fault_of_shapes(outputs: Mapping[str, Any], batch_size: int) -> str | None:
    """What is wrong with the shapes alone, for which no number is looked at and no memory taken."""
    if any(_has_rows(value.shape, batch_size) for value in outputs.values()):
        return None
    shapes = ", ".join(f"{name} {list(value.shape)}" for name, value in outputs.items())
    return f"No output has rows for a batch of {batch_size}: {shapes}."


def _has_rows(shape: Sequence[int], batch_size: int) -> bool:
    """Whether some dimension counts the examples, alone or times what each of them has."""
    return any(size and size % batch_size == 0 for size in shape)
