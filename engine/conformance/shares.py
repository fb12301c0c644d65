"""Which part of a batch's tensor belongs to which example."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class Inseparable(Exception):
    """An input that cannot be cut into examples; the message says which and why."""


def example_dimension(alone: Sequence[int], together: Sequence[int], count: int) -> int | None:
    """The one dimension that is `count` times as long for the batch as for an example; None if there is not just one.

    It is the first one of images and tokens, and of patches or frames packed end to end; the second one of
    positions that are counted along several axes.
    """
    if len(alone) != len(together):
        return None
    changed = [index for index, (one, all_) in enumerate(zip(alone, together, strict=True)) if one != all_]
    if len(changed) != 1 or together[changed[0]] != count * alone[changed[0]]:
        return None
    return changed[0]


def share(value: Any, dimension: int, index: int, count: int) -> Any:
    """The part of example `index` in a tensor that holds `count` examples end to end."""
    size = value.shape[dimension] // count
    return value.narrow(dimension, index * size, size)


def share_in_turn(value: Any, dimension: int, index: int, count: int) -> Any:
    """The same where the examples take turns: the first frame of each, then the second frame of each."""
    import torch

    return value.index_select(dimension, torch.arange(index, value.shape[dimension], count, device=value.device))


def inputs_alone(together: Mapping[str, Any], alone: Mapping[str, Any], index: int, count: int) -> dict[str, Any]:
    """The inputs of example `index` of a batch; `alone`, the inputs of a batch of one, tells how they are laid out.

    What is the same for either batch belongs to every example. Raises Inseparable.
    """
    return {name: _input_alone(name, value, alone.get(name), index, count) for name, value in together.items()}


def _counts_on(part: Any, alone: Any) -> bool:
    """Whether these are places counted over the whole batch, which begin anew where an example stands alone."""
    if part.dtype.is_floating_point or part.dtype.is_complex or len(alone.unique()) < 2:
        return False
    return len((part.long() - alone.long()).unique()) == 1


def _input_alone(name: str, together: Any, alone: Any, index: int, count: int) -> Any:
    import torch

    if isinstance(together, torch.Tensor) and isinstance(alone, torch.Tensor):
        dimension = example_dimension(alone.shape, together.shape, count)
        if dimension is not None:
            part = share(together, dimension, index, count)
            return alone if _counts_on(part, alone) else part
        if torch.equal(alone, together):
            return together
        shapes = f"{tuple(alone.shape)} for one example and {tuple(together.shape)} for {count}"
        raise Inseparable(f"Input {name} cannot be cut into examples: it has the shape {shapes}.")
    if isinstance(together, list | tuple) and isinstance(alone, list | tuple):
        if alone and len(together) == count * len(alone):
            return together[index * len(alone) : (index + 1) * len(alone)]
        if len(together) == len(alone):
            return type(together)(_input_alone(name, *pair, index, count) for pair in zip(together, alone, strict=True))
    elif isinstance(together, dict) and isinstance(alone, dict):
        return inputs_alone(together, alone, index, count)
    elif type(together) is type(alone) and together == alone:
        return together
    raise Inseparable(f"Input {name} cannot be cut into examples: it is another {type(together).__name__} for each.")
