"""When another answer than that of eager fp32 is no fault: it does not repeat its own, or hangs on a rounding."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.domain.case import Precision
from engine.workloads.agreement import TOLERANCES, disagreement

SEED = 0
"""What torch's generator is set to before each answer that is compared."""
_RANDOM = "{} were not compared with eager fp32: this model draws random numbers in its forward pass."
_JUMPS = (
    "{} cannot be compared with eager fp32: it gives another answer itself once its weights are rounded as {} "
    "rounds, as models do that choose between near equals (queries, experts, codes)."
)
_ROUNDING: Mapping[Precision, float] = {
    Precision.FP32: 1e-6,
    Precision.FP16: 2**-11,
    Precision.BF16: 2**-8,
    Precision.INT8: 0.01,
    Precision.INT4: 0.1,
    Precision.INT2: 0.5,
}
"""By how much each number type moves a weight, relative to it; what reordered sums amount to in fp32."""


def excuse_of(
    model: Any,
    answer: Callable[[], Mapping[str, Any]],
    reference: Mapping[str, Any],
    precision: Precision,
    what: str = "Outputs",
) -> str | None:
    """Why what eager fp32 answered, `reference`, is no measure for another answer, as a note; None where it is one.

    It is none where `model` disagrees with itself when `answer` runs it again: without the seed, or with weights moved
    as little as the number type moves them. Spoils the model's weights.
    """
    import torch

    tolerance = TOLERANCES[precision]
    if disagreement(answer(), reference, tolerance)[0] is not None:
        return _RANDOM.format(what)
    _move_weights(model, _ROUNDING[precision])
    torch.manual_seed(SEED)
    return None if disagreement(answer(), reference, tolerance)[0] is None else _JUMPS.format(what, precision)


def _move_weights(model: Any, relative: float) -> None:
    """Each by a random share of itself, of about that size."""
    import torch

    generator = torch.Generator().manual_seed(SEED)
    for weight in model.parameters():
        if weight.is_floating_point():
            noise = torch.randn(weight.shape, generator=generator, dtype=weight.dtype)
            weight.data = weight.data * (1 + relative * noise)
