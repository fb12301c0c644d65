"""What a measured model says: taken once everything is measured, to be compared with what eager fp32 says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.domain.case import Case, Precision, Workload
from engine.domain.run import NEW_TOKENS
from engine.workloads.excuse import SEED
from engine.workloads.quantized import stored_bytes

_MOST_TOKENS = 8
"""Of each example: enough to go through the cache several times, few enough that eager fp32 makes them soon."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a measured model says, and what is true of it; taken before it goes."""

    outputs: Mapping[str, Any]
    """Tensors by name, of one forward pass."""
    tokens: Mapping[str, Any] = field(default_factory=dict)
    """Those that it makes first, by name, each of examples x tokens; of generation alone."""
    weight_bytes: int


def is_reference(case: Case) -> bool:
    """Whether the case itself is eager fp32 on the processor, as the library runs it."""
    return case.backend == "cpu" and case.precision is Precision.FP32 and not case.compiled and case.attention is None


def answer_of(skillset: Any, inputs: Mapping[str, Any], case: Case) -> Answer:
    """One more pass, with the seed that the reference will have; results on the processor."""
    return Answer(
        outputs=said(skillset, inputs),
        tokens=made(skillset, inputs, case) if case.workload is Workload.GENERATION else {},
        weight_bytes=stored_bytes(skillset.model),
    )


def said(skillset: Any, inputs: Mapping[str, Any], *, seeded: bool = True) -> dict[str, Any]:
    """The outputs of a forward pass over `inputs`."""
    _seed(seeded)
    return _kept(skillset.infer(inputs)["outputs"])


def made(skillset: Any, inputs: Mapping[str, Any], case: Case, *, seeded: bool = True) -> dict[str, Any]:
    """The first new tokens, without the prompt that some types repeat."""
    wanted = min(case.new_tokens or NEW_TOKENS, _MOST_TOKENS)
    _seed(seeded)
    outputs = _kept(skillset.generate(inputs, max_new_tokens=wanted)["outputs"])
    return {name: value[..., -wanted:] for name, value in outputs.items() if not value.is_floating_point()}


def _seed(seeded: bool) -> None:
    """Without it the numbers go on from where they are."""
    import torch

    if seeded:
        torch.manual_seed(SEED)


def _kept(outputs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.detach().to("cpu", copy=True) for name, value in outputs.items()}
