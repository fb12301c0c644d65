"""Whether a graph answers as torch does in fp32: a wrong answer is no figure, however fast it came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.domain.case import Precision


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """How far an output may lie from torch's, as a share of that output's own scale."""

    typical: float
    """Of the root of the mean squared difference, over that of the reference."""
    largest: float | None = None
    """Of the largest difference, over the largest magnitude of the reference; None where rounding alone exceeds any."""

    @property
    def is_exact(self) -> bool:
        """Whether whole numbers, such as the places of the largest logits, have to be the same."""
        return self.largest is not None


TOLERANCES = {
    # Other orders of summation: some thousand roundings of 6e-8 each, now and then amplified by a normalisation.
    Precision.FP32: Tolerance(typical=1e-3, largest=5e-3),
    # One weight is off by 2^-11 of its range or so; depth and normalisations of tiny models amplify that.
    Precision.FP16: Tolerance(typical=5e-2),
    # Steps of 1/127 of a channel's and of an activation's range, so 1 % in each product; layers add up as roots.
    Precision.INT8: Tolerance(typical=0.2),
    # Sixteen levels for the range of 32 normal weights, some 4 sigma: a step of 0.27 sigma, an error of 8 % in each
    # product, and twelve layers of it come to 0.3.
    Precision.INT4: Tolerance(typical=0.5),
    # Four levels: a step of 1.4 sigma, an error of 40 % in each product. The answer is related to torch's, not more;
    # one of noughts is off by 1, one without any relation by 1.4.
    Precision.INT2: Tolerance(typical=0.95),
}
"""By precision. Random weights are normal; trained ones quantise better. Tiny bert, vit, distilbert and wav2vec2 differ
by 0.01 to 0.02 in int8, 0.1 to 0.2 in int4 and 0.5 in int2."""

_NOTHING = 1e-5
"""Differences below it are none: where an output's values cancel, their own rounding is all there is."""
_MASK = 1e30
"""Magnitudes above it stand for minus infinity: models mask so, and other runtimes with another number."""


def disagreement(
    outputs: Mapping[str, Any], reference: Mapping[str, Any], tolerance: Tolerance
) -> tuple[str | None, float]:
    """What is wrong with `outputs`, in a sentence, or None; and the largest typical difference seen.

    Both hold NumPy arrays by name. Outputs that the reference lacks are not looked at.
    """
    worst = 0.0
    for name, expected in reference.items():
        if name not in outputs:
            return f"The graph has no output {name}; it has {', '.join(outputs) or 'none'}.", worst
        fault, found = _compare(name, outputs[name], expected, tolerance)
        worst = max(worst, found)
        if fault is not None:
            return fault, worst
    return None, worst


def _compare(name: str, actual: Any, expected: Any, tolerance: Tolerance) -> tuple[str | None, float]:
    import numpy

    if actual.shape != expected.shape:
        return f"Output {name} has shape {list(actual.shape)}, with torch {list(expected.shape)}.", 0.0
    if expected.size == 0:
        return None, 0.0
    if expected.dtype.kind not in "fc":
        different = int((actual != expected).sum())
        if different and tolerance.is_exact:
            return f"Output {name} differs from torch's in {different} of {expected.size} whole numbers.", 0.0
        return None, 0.0
    if numpy.isnan(actual).any() and not numpy.isnan(expected).any():
        return f"Output {name} has {int(numpy.isnan(actual).sum())} of {actual.size} values that are no numbers.", 0.0
    ordinary = numpy.abs(expected) < _MASK
    if (ordinary != (numpy.abs(actual) < _MASK)).any():
        return f"Output {name} masks other places than torch's.", 0.0
    if not ordinary.any():
        return None, 0.0
    difference = numpy.abs(actual[ordinary].astype("float64") - expected[ordinary])
    largest = float(difference.max())
    magnitude = numpy.abs(expected[ordinary]).astype("float64")
    typical = _ratio(float(numpy.sqrt((difference**2).mean())), float(numpy.sqrt((magnitude**2).mean())))
    if largest <= _NOTHING:
        return None, min(typical, tolerance.typical)
    if not magnitude.any():
        return f"Output {name} is up to {largest:.2g} where torch answers nought.", tolerance.typical
    if not typical <= tolerance.typical:
        return (
            f"Output {name} differs from torch's by {typical:.2g} of its scale; {tolerance.typical:g} is allowed.",
            typical,
        )
    share = _ratio(largest, float(magnitude.max()))
    if tolerance.largest is not None and not share <= tolerance.largest:
        allowed = f"{tolerance.largest:g} is allowed"
        return f"One value of output {name} differs from torch's by {share:.2g} of the largest; {allowed}.", typical
    return None, typical


def _ratio(part: float, whole: float) -> float:
    """Of nothing, anything is as much as there can be."""
    return 0.0 if part == 0.0 else part / whole if whole else float("inf")
