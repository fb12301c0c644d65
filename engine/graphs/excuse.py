"""When another answer than torch's is no fault of a graph: torch does not repeat its own, or hangs on a rounding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.domain.case import Precision
from engine.graphs.agreement import TOLERANCES, disagreement
from engine.graphs.export import leaf_arrays

_ROUNDING = {
    Precision.FP32: 1e-6,
    Precision.FP16: 2**-11,
    Precision.INT8: 0.01,
    Precision.INT4: 0.1,
    Precision.INT2: 0.5,
}
"""By how much a precision moves a weight, relative to it; in fp32 what other orders of summation amount to."""
_SEED = 0


def excuse_of(
    skillset: Any, inputs: Mapping[str, Any], reference: Mapping[str, Any], precision: Precision
) -> str | None:
    """A sentence, or None where an answer that disagrees with `reference` is wrong. Spoils the model's weights.

    A model that chooses between near equals, such as queries or codes, may choose otherwise once its weights are
    rounded as the precision rounds: the two answers are as good.
    """
    again = leaf_arrays(skillset.infer(inputs)["outputs"])
    if disagreement(again, reference, TOLERANCES[Precision.FP32])[0] is not None:
        return "this model draws random numbers in its forward pass."
    _round_weights(skillset.model, _ROUNDING[precision])
    rounded = leaf_arrays(skillset.infer(inputs)["outputs"])
    if disagreement(rounded, reference, TOLERANCES[precision])[0] is not None:
        return f"torch gives another answer itself once its weights are rounded as {precision} rounds."
    return None


def _round_weights(model: Any, relative: float) -> None:
    """Move every weight by a random share of itself of about that size."""
    import torch

    generator = torch.Generator().manual_seed(_SEED)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.is_floating_point():
                weight.mul_(1 + relative * torch.randn(weight.shape, generator=generator, dtype=weight.dtype))
