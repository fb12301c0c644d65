"""A hand-written skillset that takes longer at each step, and more memory to build than to run."""

from __future__ import annotations

import time
from typing import Any

import torch

from tests.engine.workloads.a_slow_skillset_facts import (
    BUILDING_BYTES,
    FIRST_PASS_SECONDS,
    IMPORT_SECONDS,
    LOAD_SECONDS,
)

time.sleep(IMPORT_SECONDS)


def describe() -> dict[str, Any]:
    return {"model_type": "slow"}


def load(size: str, device: str, precision: str) -> Skillset:
    time.sleep(LOAD_SECONDS)
    torch.ones(BUILDING_BYTES, dtype=torch.uint8)
    return Skillset(device)


class Skillset:
    fallback_reason = None

    def __init__(self, device: str) -> None:
        self.device = device
        self._has_run = False

    def example_inputs(self, batch_size: int) -> dict[str, torch.Tensor]:
        return {"input": torch.ones(batch_size, 1)}

    def infer(self, inputs: dict[str, torch.Tensor]) -> dict[str, Any]:
        if not self._has_run:
            time.sleep(FIRST_PASS_SECONDS)
        self._has_run = True
        return {"outputs": inputs}
