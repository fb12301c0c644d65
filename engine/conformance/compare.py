"""Tensors against tensors, with the difference in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def first_difference(expected: Mapping[str, Any], actual: Mapping[str, Any]) -> str | None:
    """Where two sets of tensors are not the same bit for bit, as in "logits differs by up to 2e-07", or None."""
    for name in expected:
        if name not in actual:
            return f"{name} is missing"
    for name in actual:
        if name not in expected:
            return f"{name} has come up"
    for name, value in expected.items():
        if difference := _difference(value, actual[name]):
            return f"{name} {difference}"
    return None


def _difference(expected: Any, actual: Any) -> str | None:
    if expected.shape != actual.shape:
        return f"has the shape {tuple(actual.shape)} instead of {tuple(expected.shape)}"
    if expected.dtype != actual.dtype:
        return f"is of {_kind(actual)} instead of {_kind(expected)}"
    if same_bits(expected, actual):
        return None
    return f"differs by up to {largest_difference(expected, actual):.2g}"


def _kind(value: Any) -> str:
    return str(value.dtype).removeprefix("torch.")


def same_bits(one: Any, other: Any) -> bool:
    """Equal to the last bit: not-a-number equals itself, and zero does not equal minus zero."""
    import torch

    return torch.equal(_bytes_of(one), _bytes_of(other))


def _bytes_of(value: Any) -> Any:
    import torch

    return value.detach().cpu().reshape(-1).contiguous().view(torch.uint8)


def largest_difference(one: Any, other: Any) -> float:
    """The largest absolute difference of two tensors of one shape; infinite where only one is not a finite number."""
    import torch

    if one.numel() == 0:
        return 0.0
    wide = torch.complex128 if one.is_complex() or other.is_complex() else torch.float64
    one, other = one.to(wide), other.to(wide)
    same = (one == other) | (torch.isnan(one) & torch.isnan(other))
    gap = torch.where(same, 0.0, (one - other).abs())
    return float(torch.nan_to_num(gap, nan=torch.inf, posinf=torch.inf).max())


def magnitude(value: Any) -> float:
    """The largest absolute value among the finite ones."""
    import torch

    finite = value[torch.isfinite(value)] if value.numel() else value
    return float(finite.abs().max()) if finite.numel() else 0.0
