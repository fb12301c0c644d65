"""Builds a model with random weights, when it is small enough to."""

from __future__ import annotations

from typing import Any

SEED = 0
LARGE = 60_000_000
"""Parameters above which the library's own initialisation takes too long for a search."""


class TooLarge(Exception):
    """The configuration has more parameters than a search may allocate."""


def parameter_count(model_class: Any, config: Any) -> int:
    """Parameters that a model of this configuration would have, counted without allocating them."""
    import torch

    with torch.device("meta"):
        return sum(parameter.numel() for parameter in model_class(config).parameters())


def build(model_class: Any, config: Any, most_parameters: int) -> Any:
    """The model, ready to infer, with the library's own initial weights up to `LARGE` parameters and small random
    ones beyond.

    TooLarge beyond `most_parameters`, unless the model cannot be counted: then only the process's own limit stops it.
    """
    import torch

    count = _count(model_class, config, most_parameters)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        if count is not None and count > LARGE:
            return _filled(model_class, config)
        return model_class(config).eval()


def _count(model_class: Any, config: Any, most_parameters: int) -> int | None:
    """Parameters; None where the model cannot be built without numbers."""
    try:
        count = parameter_count(model_class, config)
    except (RuntimeError, NotImplementedError, ValueError, TypeError, AttributeError):
        return None
    if count > most_parameters:
        raise TooLarge(f"{count:,} parameters; at most {most_parameters:,} are tried")
    return count


def _filled(model_class: Any, config: Any) -> Any:
    import torch
    from transformers.initialization import no_init_weights

    with no_init_weights():
        model = model_class(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.uniform_(-0.02, 0.02)
    return model
