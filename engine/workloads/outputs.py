"""Whether a forward pass gave an answer that deserves to be timed."""

from __future__ import annotations

from typing import Any

from engine.domain.result import FailureKind
from engine.errors import EngineError


class WrongOutput(EngineError):
    """The model ran and its outputs are no answer."""

    title = "Wrong output"
    failure_kind = FailureKind.WRONG_OUTPUT


def check_outputs(outputs: dict[str, Any], batch_size: int) -> None:
    """Raise WrongOutput unless there are outputs, each with one row per item and no NaN or infinity."""
    import torch

    if not outputs:
        raise WrongOutput("The forward pass returned no outputs.")
    for name, value in outputs.items():
        if value.numel() == 0:
            raise WrongOutput(f"Output {name} is empty.")
        if value.ndim == 0 or value.shape[0] != batch_size:
            shape = tuple(value.shape)
            raise WrongOutput(f"Output {name} of shape {shape} does not have one row for each of {batch_size} items.")
        if value.is_floating_point() and not bool(torch.isfinite(value).all()):
            bad = int((~torch.isfinite(value)).sum())
            raise WrongOutput(f"Output {name} has {bad} of {value.numel()} values that are not finite.")
