"""Whether a model's answer is the answer that eager fp32 gives: tensors in, a verdict out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.domain.case import Precision

_TOLERANCES = {
    Precision.FP32: 1e-3,
    Precision.FP16: 0.03,
    Precision.BF16: 0.1,
    Precision.INT8: 0.2,
    Precision.INT4: 0.5,
    Precision.INT2: 0.95,
}
"""How far an output may be off, as root mean square of the difference over that of the reference.

An answer of something else entirely is off by 1.4 (two unrelated signals), one of zeros by 1, a right one in the
same arithmetic by what reordering of sums does. Between them:
fp32: other kernels and fusions reorder sums: 1e-7 a step, up to 1e-5 after a deep network, and 1e-4 where an
exponential or a division amplifies it. fp16 rounds to 2^-11 (5e-4) and bf16 to 2^-8 (4e-3) at every step, which a deep
network accumulates to tens of that. int8: weights are off by 0.5 to 1 % of their scale and activations by as much, in
each layer anew. int4 and int2 round weights to 16 and 4 levels: some 10 % and 50 % of a normally distributed weight's
scale, so that int2 can be asked for no more than to be nearer to the answer than saying nothing is.
"""

_LARGEST = 30.0
"""A single value may be off by this many times the tolerance: it catches a wrong row among many right ones."""
_LEAST_SCALE = 1e-6
"""Below this root mean square an output counts as zero, and the difference is judged as if its scale were this."""


def tolerance_of(precision: Precision) -> float:
    """How far outputs in this precision may be off, relative to the scale of the output; see `_TOLERANCES`."""
    return _TOLERANCES[precision]


def disagreement(outputs: Mapping[str, Any], reference: Mapping[str, Any], tolerance: float) -> str | None:
    """Where `outputs` are not what `reference` says, in a sentence; None when they agree within `tolerance`.

    Both are torch tensors by name, on any device. Numbers are compared relative to the reference's scale, over each
    output as a whole; whole numbers and truth values (a choice, a mask) by the share that differs. Values that are
    not finite must be so on both sides. Outputs that the reference does not have are nobody's answer.
    """
    missing = [name for name in reference if name not in outputs]
    if missing:
        return f"Output {missing[0]}, which eager fp32 gives, is missing."
    added = [name for name in outputs if name not in reference]
    if added:
        return f"Output {added[0]} is none of those that eager fp32 gives."
    for name, expected in reference.items():
        fault = _fault(outputs[name], expected, tolerance)
        if fault is not None:
            return f"Output {name} is not that of eager fp32: {fault}."
    return None


def _fault(actual: Any, expected: Any, tolerance: float) -> str | None:
    import torch

    if actual.shape != expected.shape:
        return f"its shape is {list(actual.shape)} instead of {list(expected.shape)}"
    if _is_continuous(actual) != _is_continuous(expected):
        return f"its type is {_type(actual)} instead of {_type(expected)}"
    if expected.numel() == 0:
        return None
    actual, expected = actual.detach().cpu(), expected.detach().cpu()
    if not _is_continuous(expected):
        return _differing_choices(actual, expected, tolerance)
    if expected.is_complex():
        actual, expected = torch.view_as_real(actual.to(torch.complex64)), torch.view_as_real(expected)
    actual, expected = actual.float(), expected.float()
    finite = torch.isfinite(expected)
    if not torch.equal(finite, torch.isfinite(actual)):
        return "other values than there are not finite"
    return _distance(actual[finite], expected[finite], tolerance)


def _distance(actual: Any, expected: Any, tolerance: float) -> str | None:
    if expected.numel() == 0:
        return None
    scale = max(float(expected.square().mean().sqrt()), _LEAST_SCALE)
    difference = actual - expected
    typical = float(difference.square().mean().sqrt()) / scale
    if typical > tolerance:
        return f"it is off by {typical:.2g} of its scale, and {tolerance:g} is allowed"
    largest = float(difference.abs().max()) / scale
    if largest > _LARGEST * tolerance:
        return f"a value is off by {largest:.2g} of its scale, and {_LARGEST * tolerance:g} is allowed"
    return None


def _differing_choices(actual: Any, expected: Any, tolerance: float) -> str | None:
    share = float((actual != expected).float().mean())
    if share > tolerance:
        return f"{share:.1%} of its choices differ, and {tolerance:.1%} may"
    return None


def _is_continuous(value: Any) -> bool:
    return bool(value.is_floating_point() or value.is_complex())


def _type(value: Any) -> str:
    return str(value.dtype).removeprefix("torch.")
