"""A small hand-written skillset whose behaviour the tests know: a linear layer on known sizes.

Its class-level switches are read from the environment of the case's sizes: `tiny` behaves, `default` misbehaves as its
batch size says.
"""

from __future__ import annotations

from typing import Any

import torch

WIDTH = 64
NAN_AT_BATCH = 13
WRONG_ROWS_AT_BATCH = 14
ERROR_AT_BATCH = 15
NOTHING_AT_BATCH = 16
MEMORY_AT_BATCH = 17
"""Allocates TEMPORARY_BYTES for a moment in every forward pass."""
TEMPORARY_BYTES = 48 * 2**20
CRASH_AT_BATCH = 18


def describe() -> dict[str, Any]:
    return {"model_type": "linear", "checksum": "0123abcd"}


def load(size: str = "default", device: str = "cpu", precision: str = "fp32") -> Skillset:
    torch.manual_seed(0)
    dtype = {"fp32": torch.float32, "bf16": torch.bfloat16}[precision]
    model = torch.nn.Linear(WIDTH, WIDTH, bias=False).to(device=device, dtype=dtype)
    return Skillset(model, device, "only the CPU is here" if size == "default" and device == "cpu" else None)


class Skillset:
    def __init__(self, model: torch.nn.Module, device: str, fallback_reason: str | None) -> None:
        self.model = model
        self.device = device
        self.fallback_reason = fallback_reason

    def example_inputs(self, batch_size: int = 1, sequence_length: int = 4) -> dict[str, torch.Tensor]:
        dtype = next(self.model.parameters()).dtype
        return {"x": torch.ones(batch_size, sequence_length, WIDTH, dtype=dtype)}

    def infer(self, inputs: dict[str, torch.Tensor]) -> dict[str, Any]:
        batch_size = inputs["x"].shape[0]
        with torch.inference_mode():
            y = self.model(**{"input": inputs["x"]})
            if batch_size == MEMORY_AT_BATCH:
                torch.ones(TEMPORARY_BYTES, dtype=torch.uint8).add_(1)
        if batch_size == NAN_AT_BATCH:
            y[0, 0, 0] = float("nan")
        if batch_size == WRONG_ROWS_AT_BATCH:
            y = y[:1]
        if batch_size == ERROR_AT_BATCH:
            raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")
        if batch_size == CRASH_AT_BATCH:
            torch._C._crash_if_csrc_asan(3) if False else __import__("os").kill(__import__("os").getpid(), 11)
        return {"outputs": {} if batch_size == NOTHING_AT_BATCH else {"y": y}}
