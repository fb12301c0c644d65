"""A hand-written skillset whose figures are known: one linear layer. Some batch sizes misbehave, each in its way."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

import torch

from tests.engine.benchmarking.a_skillset_facts import (
    CRASH_AT_BATCH,
    DECLINING_AT_BATCH,
    DECLINING_SECONDS,
    DEFAULT_LENGTH,
    ERROR_AT_BATCH,
    MEMORY_AT_BATCH,
    NAN_AT_BATCH,
    NOTHING_AT_BATCH,
    SLOW_AT_BATCH,
    SLOW_SECONDS,
    TEMPORARY_BYTES,
    TOO_LARGE_AT_BATCH,
    WIDTH,
    WRONG_ROWS_AT_BATCH,
)


def describe() -> dict[str, Any]:
    return {"model_type": "linear", "checksum": "0123abcd"}


def load(size: str = "default", device: str = "cpu", precision: str = "fp32") -> Skillset:
    """The default size claims to have fallen back to the processor."""
    torch.manual_seed(0)
    dtype = {"fp32": torch.float32, "bf16": torch.bfloat16}[precision]
    model = torch.nn.Linear(WIDTH, WIDTH, bias=False).to(device=device, dtype=dtype)
    return Skillset(model, device, "cuda was asked for, but it is not here." if size == "default" else None)


class Skillset:
    def __init__(self, model: torch.nn.Module, device: str, fallback_reason: str | None) -> None:
        self.model = model
        self.device = device
        self.fallback_reason = fallback_reason
        self._passes = 0

    def example_inputs(self, batch_size: int = 1, sequence_length: int = DEFAULT_LENGTH) -> dict[str, torch.Tensor]:
        dtype = next(self.model.parameters()).dtype
        return {"input": torch.ones(batch_size, sequence_length, WIDTH, dtype=dtype)}

    def infer(self, inputs: dict[str, torch.Tensor]) -> dict[str, Any]:
        with torch.inference_mode():
            y = self.model(**inputs)
        self._passes += 1
        match inputs["input"].shape[0]:
            case _ if y.is_meta:
                pass
            case batch if batch == NAN_AT_BATCH:
                y = y.index_fill(2, torch.tensor([0]), float("nan"))
            case batch if batch == WRONG_ROWS_AT_BATCH:
                y = y[:1]
            case batch if batch == ERROR_AT_BATCH:
                raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")
            case batch if batch == NOTHING_AT_BATCH:
                return {"outputs": {}}
            case batch if batch == MEMORY_AT_BATCH:
                torch.ones(TEMPORARY_BYTES, dtype=torch.uint8).add_(1)
            case batch if batch == CRASH_AT_BATCH:
                os.kill(os.getpid(), signal.SIGSEGV)
            case batch if batch == TOO_LARGE_AT_BATCH:
                torch.ones(2**46, dtype=torch.uint8)
            case batch if batch == SLOW_AT_BATCH:
                time.sleep(SLOW_SECONDS)
            case batch if batch == DECLINING_AT_BATCH and self._passes <= len(DECLINING_SECONDS):
                time.sleep(DECLINING_SECONDS[self._passes - 1])
        return {"outputs": {"y": y}}
