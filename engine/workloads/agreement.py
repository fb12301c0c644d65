"""Whether an answer is the one that eager fp32 gives: a wrong answer is no figure, however fast it came.

The same for torch's outputs and for those of graphs; tensors and NumPy's arrays are as good.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any

from engine.domain.case import Precision
from engine.formatting import format_percent


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """How far an output may lie from that of eager fp32."""

    typical: float
    """Root of the mean squared difference, over that of the reference; of choices, the share that differs."""
    largest: float
    """Any one difference, over that value's own size and the output's scale together: it catches a wrong value or row
    among many right ones."""


TOLERANCES: Mapping[Precision, Tolerance] = {
    # Other kernels, fusions and exports reorder sums: 1e-7 a step, up to 1e-5 after a deep network, and 1e-4 where an
    # exponential, a division or a normalisation amplifies it.
    Precision.FP32: Tolerance(typical=1e-3, largest=0.02),
    # Rounds to 2^-11 (5e-4) at every step, which depth accumulates to tens of that; normalisations of tiny models
    # amplify it.
    Precision.FP16: Tolerance(typical=0.05, largest=1.0),
    # Rounds to 2^-8 (4e-3) at every step.
    Precision.BF16: Tolerance(typical=0.1, largest=3.0),
    # Steps of 1/127 of a channel's and of an activation's range: 1 % in each product of normal numbers, but activations
    # of trained models have a few values so large that the range of all others is a few steps. all-MiniLM-L6 in torch's
    # dynamic int8 differed by 0.26 to 0.28 of its scale on four sentences, whose embeddings kept a cosine of 0.97.
    Precision.INT8: Tolerance(typical=0.4, largest=6.0),
    # Sixteen levels for the range of 32 normal weights, some 4 sigma: a step of 0.27 sigma, an error of 8 % in each
    # product, and twelve layers of it come to 0.3.
    Precision.INT4: Tolerance(typical=0.5, largest=10.0),
    # Four levels: a step of 1.4 sigma, an error of 40 % in each product. It can be asked for no more than to be nearer
    # to the answer than saying nothing is.
    Precision.INT2: Tolerance(typical=0.95, largest=10.0),
}
"""By precision. An answer without any relation is off by 1.4 (two unrelated signals), one of noughts by 1.

Random weights are normal, so tiny bert, vit, distilbert and wav2vec2 as graphs differ by 0.01 to 0.02 in int8, 0.1 to
0.2 in int4 and 0.5 in int2.
"""

_NOTHING = 1e-5
"""Differences up to it are none: where an output's values cancel, their own rounding is all there is."""
_MASK = 1e30
"""Magnitudes from it on stand for infinity: models mask with the least number, and other runtimes with infinity."""
_SHORT_MASK = 6e4
"""Likewise in an answer, where fp16's least number, -65504, may stand for fp32's."""
_LEAST_TOLD, _MOST_TOLD = 1e-4, 10.0
"""Shares beyond them are told as less or more than that."""
_SLICE = 1 << 22
"""Values that are compared at a time: the logits of a large case take gigabytes, and comparing them hardly any more."""


def disagreement(
    outputs: Mapping[str, Any], reference: Mapping[str, Any], tolerance: Tolerance
) -> tuple[str | None, float]:
    """What is wrong with `outputs`, in a sentence, or None; and the largest typical difference, 0 where none was told.

    Both are tensors, on any device, or arrays, by name. Numbers are compared relative to the reference's scale, over
    each output as a whole; whole numbers and truth values by the share that differs. What is masked or no number has to
    be so on both sides. Outputs that the reference lacks are not looked at.
    """
    if (fault := misfit(outputs, reference)) is not None:
        return fault, 0.0
    first, worst = None, 0.0
    for name, expected in reference.items():
        fault, difference = _compare(_tensor(outputs[name]), _tensor(expected), tolerance)
        worst = max(worst, difference)
        if first is None and fault is not None:
            first = f"Output {name} is not that of eager fp32: {fault}."
    return first, worst


def misfit(outputs: Mapping[str, Any], reference: Mapping[str, Any]) -> str | None:
    """Which output of the reference is missing or has another shape, in a sentence: no answer may, whatever it says."""
    for name, expected in reference.items():
        if name not in outputs:
            there = ", ".join(outputs) or "none"
            return f"Output {name}, which eager fp32 gives, is missing; what is there: {there}."
        if tuple(outputs[name].shape) != tuple(expected.shape):
            shapes = f"{list(outputs[name].shape)} instead of {list(expected.shape)}"
            return f"Output {name} is not that of eager fp32: its shape is {shapes}."
    return None


def agreement_note(difference: float, precision: Precision) -> str:
    """What to say of outputs that agree, `difference` being what `disagreement` found."""
    allowed = _percent(TOLERANCES[precision].typical)
    return (
        f"Outputs differ from eager fp32 by {_percent(difference)} of their scale (root mean square); "
        f"{allowed} is allowed in {precision}."
    )


def _compare(actual: Any, expected: Any, tolerance: Tolerance) -> tuple[str | None, float]:
    if _is_continuous(actual) != _is_continuous(expected):
        return f"its type is {_type(actual)} instead of {_type(expected)}", 0.0
    if expected.numel() == 0:
        return None, 0.0
    if not _is_continuous(expected):
        return _differing_choices(actual, expected, tolerance), 0.0
    if actual.is_complex() or expected.is_complex():
        actual, expected = _parts(actual), _parts(expected)
    return _distance(actual.reshape(-1), expected.reshape(-1), tolerance)


def _distance(actual: Any, expected: Any, tolerance: Tolerance) -> tuple[str | None, float]:
    """As `_compare`, of real numbers in one row."""
    squares, scale_squares, largest, count = 0.0, 0.0, 0.0, 0
    for one, other in _slices(actual, expected):
        fault = _other_mask(one, other)
        if fault is not None:
            return fault, 0.0
        one, other = _ordinary(one, other)
        if other.numel():
            difference = one - other
            squares += float(difference.square().sum())
            scale_squares += float(other.square().sum())
            largest = max(largest, float(difference.abs().max()))
            count += other.numel()
    scale = sqrt(scale_squares / count) if count else 0.0
    if scale == 0.0:
        return None if largest <= _NOTHING else f"it is up to {largest:.2g} where nought is right", 0.0
    typical = sqrt(squares / count) / scale
    if largest <= _NOTHING:
        return None, typical if typical <= tolerance.typical else 0.0
    if typical > tolerance.typical:
        told, allowed = _percent(typical), _percent(tolerance.typical)
        return f"it differs by {told} of its scale (root mean square), and {allowed} is allowed", typical
    farthest = max(_farthest(one, other, scale) for one, other in _slices(actual, expected))
    if farthest > tolerance.largest:
        told, allowed = _percent(farthest), _percent(tolerance.largest)
        return f"one value differs by {told} of itself and the output's scale, and {allowed} is allowed", typical
    return None, typical


def _parts(value: Any) -> Any:
    """Real and imaginary ones beside each other."""
    import torch

    return torch.view_as_real(value.to(torch.complex64).resolve_conj())


def _slices(actual: Any, expected: Any) -> Iterator[tuple[Any, Any]]:
    """Both in parts, on the processor and with digits enough for sums of squares."""
    for one, other in zip(actual.split(_SLICE), expected.split(_SLICE), strict=True):
        yield one.detach().cpu().double(), other.detach().cpu().double()


def _other_mask(actual: Any, expected: Any) -> str | None:
    import torch

    if not torch.equal(torch.isnan(actual), torch.isnan(expected)):
        return "other values than there are no numbers"
    mask = expected.abs() >= _MASK
    found = torch.where(mask, actual * expected.sign() >= _SHORT_MASK, actual.abs() >= _MASK)
    return None if torch.equal(found, mask) else "other values than there are masked"


def _ordinary(actual: Any, expected: Any) -> tuple[Any, Any]:
    """Without what is masked or no number, which both have in the same places."""
    ordinary = expected.abs() < _MASK
    return actual[ordinary], expected[ordinary]


def _farthest(actual: Any, expected: Any, scale: float) -> float:
    actual, expected = _ordinary(actual, expected)
    return float(((actual - expected).abs() / (expected.abs() + scale)).max()) if expected.numel() else 0.0


def _differing_choices(actual: Any, expected: Any, tolerance: Tolerance) -> str | None:
    share = float((actual.cpu() != expected.cpu()).double().mean())
    if share <= tolerance.typical:
        return None
    return f"{_percent(share)} of its choices differ, and {_percent(tolerance.typical)} may"


def _tensor(value: Any) -> Any:
    import torch

    return torch.as_tensor(value)


def _is_continuous(value: Any) -> bool:
    return bool(value.is_floating_point() or value.is_complex())


def _type(value: Any) -> str:
    return str(value.dtype).removeprefix("torch.")


def _percent(share: float) -> str:
    if 0.0 < share < _LEAST_TOLD:
        return f"less than {format_percent(_LEAST_TOLD)}"
    return f"more than {format_percent(_MOST_TOLD)}" if share > _MOST_TOLD else format_percent(share)
