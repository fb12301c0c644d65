"""Examples in one batch do not disturb each other."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from engine.conformance.compare import first_difference, largest_difference, magnitude
from engine.conformance.finding import Finding, fails, not_applicable, works
from engine.conformance.passes import forward, other_draw
from engine.conformance.shares import Inseparable, example_dimension, inputs_alone, share, share_in_turn
from engine.conformance.subject import BATCH_SIZE, Subject
from engine.domain.case import Precision
from engine.domain.conformance import Verdict

Cut = Callable[[Any, int, int, int], Any]

TOLERANCE = 1e-4
"""Of an output's largest value.

A product of matrices adds up in another order for another batch size. Each sum of n products is off by about
sqrt(n) x 6e-8, so n = 1000 in ten layers come to some 2e-5; a neighbour's example leaks in at the size of the values
themselves."""
SMALLEST_SCALE = 1e-30
"""Below this fp32 itself runs out of digits. Untrained convolutions do give outputs as small as that, and their
rounding is as small."""
TIES = 0.01
"""Share of whole numbers that may differ where the numbers that decided on them are equal within the tolerance:
of two that are nearly equal, rounding chooses the larger. None may where no output shows such numbers."""

_MIXERS = {
    "expert_capacity": "Its experts take a limited number of tokens, for which the examples of a batch compete.",
}
"""Attribute of a configuration -> why examples of one batch then influence each other by design."""
_MEANS = frozenset({"loss"})
"""Outputs that are a mean over the batch, though some models repeat it for each example."""


def check_batch(subject: Subject) -> Finding:
    """Each output of the batch, cut into its examples, against the outputs of each example alone."""
    if subject.precision is not Precision.FP32:
        return not_applicable(f"The rounding of {subject.precision.value} hides what examples do to each other.")
    if mixing := _mixing(subject.model):
        return not_applicable(mixing)
    if first_difference(subject.outputs, other_draw(subject.skillset, subject.inputs)) is not None:
        return not_applicable("A forward pass draws random numbers, which are others in a batch than alone.")
    single = subject.example_inputs(subject.skillset, batch_size=1)
    try:
        inputs = [inputs_alone(subject.inputs, single, index, BATCH_SIZE) for index in range(BATCH_SIZE)]
    except Inseparable as reason:
        return not_applicable(str(reason))
    found = _judge(subject.outputs, [forward(subject.skillset, each) for each in inputs])
    return _judged_in_double(subject, inputs) or found if found.verdict is Verdict.FAILS else found


def _judged_in_double(subject: Subject, inputs: list[dict[str, Any]]) -> Finding | None:
    """Good where twice the digits make the examples equal: what differed was chosen among the nearly equal by rounding.

    An example that leaks into another does so in any precision. None where it is not good, or does not run.
    """
    skillset = copy.copy(subject.skillset)
    try:
        skillset.model = copy.deepcopy(subject.model).double()
        together, *alone = (forward(skillset, _in_double(given)) for given in (subject.inputs, *inputs))
    except (RuntimeError, TypeError, ValueError):  # a model that holds fp32 fast does not run in fp64
        return None
    found = _judge(together, alone)
    if found.verdict is Verdict.FAILS:
        return None
    why = "In fp64; in fp32 rounding chooses among values that are nearly equal."
    if found.verdict is Verdict.WORKS:
        return works(f"{found.detail} {why}")
    return not_applicable(f"{found.reason} {why}")


def _in_double(inputs: dict[str, Any]) -> dict[str, Any]:
    import torch

    return {
        name: value.double() if isinstance(value, torch.Tensor) and value.is_floating_point() else value
        for name, value in inputs.items()
    }


def _mixing(model: Any) -> str | None:
    import torch

    config = getattr(model, "config", None)
    for attribute, reason in _MIXERS.items():
        if getattr(config, attribute, None) is not None:
            return reason
    for module in model.modules():
        is_norm = isinstance(module, torch.nn.modules.batchnorm._BatchNorm)
        if is_norm and (module.training or not module.track_running_stats):
            return "It normalises over the batch, so that each example depends on the others by design."
    return None


@dataclass(slots=True)
class _Compared:
    """What has been compared so far; whole numbers apart, because they follow from the others."""

    names: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    worst: float = 0.0
    decided: bool = False
    """Some output of real numbers was compared, from which whole numbers may have been chosen."""
    tells_apart: bool = False
    """Some output differs between the examples by more than rounding, so that mixing them up would show."""


def _judge(together: dict[str, Any], alone: list[dict[str, Any]]) -> Finding:
    seen = _Compared()
    for name in sorted(together, key=lambda name: not _is_real(together[name])):
        parts = [outputs.get(name) for outputs in alone]
        dimension = _dimension(together[name], parts)
        if dimension is None or name in _MEANS:
            seen.left_out.append(name)
            continue
        fault = _fault(together[name], dimension, parts, share, seen)
        if fault is not None and _fault(together[name], dimension, parts, share_in_turn, seen) is not None:
            return fails(f"Output {name} of {fault}.")
        seen.names.append(name)
        seen.decided |= _is_real(together[name])
        seen.tells_apart |= _exceeds(parts[0], parts[1])
    if not seen.names and _MEANS.issuperset(seen.left_out):
        return not_applicable(f"Its only output, {' and '.join(seen.left_out)}, is a mean over the batch.")
    if not seen.names:
        return not_applicable(f"No output has a part for each example: {', '.join(seen.left_out)}.")
    if not seen.tells_apart:
        return not_applicable(f"Its outputs are the same for both examples: {', '.join(seen.names)}.")
    left_out = f" Without a part for each example: {', '.join(seen.left_out)}." if seen.left_out else ""
    return works(f"Compared: {', '.join(seen.names)}; largest difference {seen.worst:.2g}.{left_out}")


def _is_real(value: Any) -> bool:
    return bool(value.is_floating_point() or value.is_complex())


def _dimension(together: Any, parts: list[Any]) -> int | None:
    if any(part is None or part.shape != parts[0].shape or part.dtype != together.dtype for part in parts):
        return None
    return example_dimension(parts[0].shape, together.shape, len(parts))


def _fault(together: Any, dimension: int, parts: list[Any], cut: Cut, seen: _Compared) -> str | None:
    """The first example that is another in the batch, when the batch is cut in this way; None when all are the same."""
    worst = 0.0
    for index, alone in enumerate(parts):
        part = cut(together, dimension, index, len(parts))
        if _is_real(part):
            difference, limit = largest_difference(part, alone), _limit(alone)
            worst = max(worst, difference)
            told = f"they differ by {difference:.2g}, where {limit:.2g} is rounding" if difference > limit else None
        else:
            unequal = int((part != alone).sum())
            ties = TIES * part.numel() if seen.decided else 0
            told = f"{unequal} of {part.numel()} whole numbers differ" if unequal > ties else None
        if told is not None:
            return f"example {index + 1} is another in a batch than alone: {told}"
    seen.worst = max(seen.worst, worst)
    return None


def _exceeds(one: Any, other: Any) -> bool:
    if _is_real(one):
        return largest_difference(one, other) > _limit(other)
    return bool((one != other).any())


def _limit(value: Any) -> float:
    return TOLERANCE * max(SMALLEST_SCALE, magnitude(value))
