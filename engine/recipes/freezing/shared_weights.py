"""A model whose parameters all lie over one another in memory: it computes nothing of meaning, and takes what it takes.

A forward pass at the default's widths needs as much memory as the largest parameter has, and not as all have together.
"""

from __future__ import annotations

from typing import Any

from engine.recipes.search.build import SEED, TooLarge


def build_sharing(model_class: Any, config: Any, most_numbers: int) -> Any:
    """The model, ready to infer, its parameters views of one run of small random numbers.

    Raises TooLarge where one parameter alone has more than `most_numbers`; buffers are what the library makes them.
    """
    import torch
    from torch.nn.modules.module import register_module_parameter_registration_hook
    from transformers.initialization import no_init_weights

    largest = _largest(model_class, config)
    if largest > most_numbers:
        raise TooLarge(f"a parameter of {largest:,} numbers; at most {most_numbers:,} are tried")
    numbers = torch.empty(largest)

    def laid_over(_: Any, __: str, parameter: Any) -> Any:
        if parameter is None or parameter.dtype != numbers.dtype or parameter.numel() > largest:
            return None
        return torch.nn.Parameter(numbers[: parameter.numel()].view(parameter.shape), requires_grad=False)

    hook = register_module_parameter_registration_hook(laid_over)
    try:
        with no_init_weights():
            model = model_class(config).eval()
    finally:
        hook.remove()
    # Filled last: what a model does to one parameter while it is built, it does to all of them.
    numbers.uniform_(-0.02, 0.02, generator=torch.Generator().manual_seed(SEED))
    return model


def _largest(model_class: Any, config: Any) -> int:
    """Numbers of the largest parameter, found without allocating any."""
    import torch

    with torch.device("meta"):
        return max((parameter.numel() for parameter in model_class(config).parameters()), default=1)
