"""The first four checks: the module imports, builds, runs, and its numbers are numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from engine.conformance.finding import WORKS, Finding, fails, partial, unavailable
from engine.conformance.passes import forward
from engine.conformance.subject import Subject
from engine.domain.case import Precision
from engine.workloads.skillset_module import import_skillset


def check_import(subject: Subject) -> Finding:
    subject.module = import_skillset(subject.path)
    return WORKS


def check_construct(subject: Subject) -> Finding:
    """Weights there are, most of them of the precision asked for, and all on the device asked for.

    Most, because some types keep parts in fp32 by design.
    """
    kind = subject.device.partition(":")[0]
    offered = subject.module.describe()["precisions"].get(kind, ())
    if subject.precision.value not in offered:
        return unavailable(f"The module offers {', '.join(offered) or 'nothing'} on {kind}.")
    subject.skillset = subject.build()
    if subject.skillset.fallback_reason is not None:
        return unavailable(subject.skillset.fallback_reason)
    parameters = list(subject.model.parameters())
    if not parameters:
        return fails("The model has no parameters.")
    fault = _of_other_precision(parameters, subject.precision) or _elsewhere(parameters, subject.device)
    return WORKS if fault is None else fails(fault)


def _of_other_precision(parameters: Sequence[Any], precision: Precision) -> str | None:
    """How many of the real-valued weights are of another precision, where those are not the lesser part."""
    import torch

    wanted = {Precision.FP32: torch.float32, Precision.BF16: torch.bfloat16, Precision.FP16: torch.float16}
    sizes: Counter[Any] = Counter()
    for parameter in parameters:
        if parameter.is_floating_point():
            sizes[parameter.dtype] += parameter.numel()
    total = sizes.total()
    if not total:
        return "No parameter is a real number."
    others = total - sizes.pop(wanted.get(precision), 0)
    if 2 * others < total:
        return None
    found = ", ".join(sorted(str(kind).removeprefix("torch.") for kind in sizes))
    return f"{others} of {total} weights are not of {precision.value} but of {found}."


def _elsewhere(parameters: Sequence[Any], device: str) -> str | None:
    """How many parameters are on another device; a number is compared where one was asked for."""
    kind, _, index = device.replace("rocm", "cuda").partition(":")
    places = [
        str(parameter.device)
        for parameter in parameters
        if parameter.device.type != kind or (index and parameter.device.index not in (None, int(index)))
    ]
    if not places:
        return None
    return f"{len(places)} of {len(parameters)} parameters are not on {device} but on {', '.join(sorted(set(places)))}."


def check_forward(subject: Subject) -> Finding:
    """Partial where the inputs leave out a modality that the model declares, however well it runs without."""
    subject.inputs = subject.example_inputs(subject.skillset)
    subject.outputs = forward(subject.skillset, subject.inputs)
    if not subject.outputs:
        return fails("The forward pass returned no tensors.")
    if not any(value.numel() for value in subject.outputs.values()):
        return fails(f"Every output is empty: {', '.join(subject.outputs)}.")
    if subject.missing:
        return partial(f"It was run without {' and '.join(subject.missing)}, which the model takes too.")
    return WORKS


def check_finite(subject: Subject) -> Finding:
    """Minus infinity passes, unless there is nothing else: models mask what may not be chosen with it."""
    for name, value in subject.outputs.items():
        if _is_all_masked(value):
            return fails(f"Output {name} is nothing but minus infinity.")
        if bad := _unsound(value):
            return fails(f"Output {name} has {bad} of {value.numel()} values that are NaN or infinite.")
    return WORKS


def _is_all_masked(value: Any) -> bool:
    import torch

    return bool(value.is_floating_point() and value.numel() and torch.isneginf(value).all())


def _unsound(value: Any) -> int:
    import torch

    if value.is_complex():
        value = torch.view_as_real(value)
    if not value.is_floating_point():
        return 0
    return int((torch.isnan(value) | torch.isposinf(value)).sum())
