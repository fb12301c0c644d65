"""Answers beside the right one, and models that may or may not answer otherwise; judged in child processes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.domain.case import Precision
from engine.workloads.agreement import TOLERANCES, disagreement
from engine.workloads.excuse import SEED, excuse_of

LEAST_FP32 = -3.4028234663852886e38
LEAST_FP16 = -65504.0


def judge(arguments: dict[str, Any]) -> dict[str, Any]:
    """What is said of each answer in the precision given, None where it agrees, and by how much it differs."""
    import torch

    tolerance = TOLERANCES[Precision(arguments["precision"])]
    right = torch.randn(64, 100, generator=torch.Generator().manual_seed(0))
    pairs = {name: ({"y": got}, {"y": wanted}) for name, (got, wanted) in _answers(right).items()}
    pairs["missing"] = ({"z": right}, {"y": right})
    pairs["added"] = ({"y": right, "z": 7 * right}, {"y": right})
    pairs["second_is_wrong"] = ({"x": 1.0001 * right, "y": -right}, {"x": right, "y": right})
    return {name: disagreement(outputs, reference, tolerance) for name, (outputs, reference) in pairs.items()}


def _answers(right: Any) -> dict[str, tuple[Any, Any]]:
    """An answer and the right one, by name."""
    import torch

    other = torch.randn(right.shape, generator=torch.Generator().manual_seed(1))
    choices = right.argmax(dim=1)
    a_few_wrong = choices.clone()
    a_few_wrong[:10] += 1
    one_row_wrong = right.clone()
    one_row_wrong[7] = right[8]
    ones = torch.ones(5_000_000)  # more than are compared at a time
    one_value_wrong = ones.clone()
    one_value_wrong[-1] = 1.5
    mask = right > 2
    masked = right.masked_fill(mask, float("-inf"))
    half_masked = right.half().masked_fill(mask, LEAST_FP16)
    not_a_number = right.clone()
    not_a_number[0, 0] = float("nan")
    return {
        "same": (right, right),
        "one_percent": (1.01 * right, right),
        "scaled_up": (1010.0 * right, 1000.0 * right),
        "rounded": (right.to(torch.bfloat16), right),
        "arrays": ((1.01 * right).numpy(), right.numpy()),
        "a_quarter": (right + 0.25 * other, right),
        "unrelated": (other, right),
        "noughts": (torch.zeros_like(right), right),
        "turned": (-right, right),
        "one_row_wrong": (one_row_wrong, right),
        "one_value_wrong": (one_value_wrong, ones),
        "nothing_and_nothing": (torch.zeros(3), torch.zeros(3)),
        "cancelled": (torch.full((3,), 2e-7), torch.zeros(3)),
        "nothing_expected": (torch.full((3,), 0.5), torch.zeros(3)),
        "masked": (masked, masked),
        "masked_by_the_least": (right.masked_fill(mask, LEAST_FP32), masked),
        "masked_by_infinity": (masked, right.masked_fill(mask, LEAST_FP32)),
        "masked_by_the_least_of_fp16": (half_masked, right.masked_fill(mask, LEAST_FP32)),
        "mask_is_missing": (right, masked),
        "mask_is_added": (masked, right),
        "mask_is_turned": (right.masked_fill(mask, 3e38), right.masked_fill(mask, LEAST_FP32)),
        "wrong_beside_a_mask": (-right.masked_fill(mask, 0.0) + masked.masked_fill(~mask, 0.0), masked),
        "not_a_number": (not_a_number, right),
        "not_a_number_twice": (not_a_number, not_a_number),
        "shorter": (right[:1], right),
        "complex": (torch.complex(right, right), torch.complex(right, right)),
        "complex_conjugated": (torch.complex(right, right).conj(), torch.complex(right, right)),
        "choices": (choices, choices),
        "a_few_wrong": (a_few_wrong, choices),
        "kind": (choices, right[:, 0]),
        "empty": (right[:0], right[:0]),
    }


def excuses(arguments: dict[str, Any]) -> dict[str, Any]:
    """What excuses two models of one layer and one that draws numbers, in the precision given."""
    import torch

    made: dict[str, Callable[[Any], Any]] = {
        "ordinary": lambda y: y,
        "drawing": torch.rand_like,
        "drawing_a_little": lambda y: y + 0.01 * torch.randn_like(y),
        "choosing": lambda y: torch.sin(y * 1e6),
    }
    precision = Precision(arguments["precision"])
    return {name: _excuse(made_of, precision) for name, made_of in made.items()}


def _excuse(made_of: Callable[[Any], Any], precision: Precision) -> str | None:
    import torch

    torch.manual_seed(SEED)
    model, inputs = torch.nn.Linear(64, 64), torch.ones(2, 64)

    def answer() -> dict[str, Any]:
        with torch.inference_mode():
            return {"y": made_of(model(inputs))}

    torch.manual_seed(SEED)
    return excuse_of(model, answer, answer(), precision)
