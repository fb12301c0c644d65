"""The first four checks: the module imports, builds, runs, and its numbers are numbers."""

from __future__ import annotations

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
    """Weights there are, of the precision asked for, on the device asked for."""
    import torch

    kind = subject.device.partition(":")[0]
    offered = subject.module.describe()["precisions"].get(kind, ())
    if subject.precision.value not in offered:
        return unavailable(f"The module offers {', '.join(offered) or 'nothing'} on {kind}.")
    subject.skillset = subject.build()
    if subject.skillset.fallback_reason is not None:
        return unavailable(subject.skillset.fallback_reason)
    kinds = {parameter.dtype for parameter in subject.model.parameters()}
    if not kinds:
        return fails("The model has no parameters.")
    wanted = {Precision.FP32: torch.float32, Precision.BF16: torch.bfloat16, Precision.FP16: torch.float16}
    if wanted.get(subject.precision) not in kinds:
        found = ", ".join(sorted(str(kind).removeprefix("torch.") for kind in kinds))
        return fails(f"No parameter is of {subject.precision.value}; there is {found}.")
    return WORKS


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
    """Minus infinity passes: models mask what may not be chosen with it."""
    for name, value in subject.outputs.items():
        if bad := _unsound(value):
            return fails(f"Output {name} has {bad} of {value.numel()} values that are NaN or infinite.")
    return WORKS


def _unsound(value: Any) -> int:
    import torch

    if value.is_complex():
        value = torch.view_as_real(value)
    if not value.is_floating_point():
        return 0
    return int((torch.isnan(value) | torch.isposinf(value)).sum())
