"""A skillset of known duration: it sleeps. A pass of batch 2 holds a lock that all processes share."""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch

PASS_SECONDS = 0.1
PROMPT_SECONDS = 0.2
LOCKED_BATCH = 2
_LOCK = Path(tempfile.gettempdir()) / f"modeldyno-sleeping-{os.getuid()}"


class Model(torch.nn.Module):
    config = SimpleNamespace(is_encoder_decoder=False)

    def forward(self, *, seconds: float) -> None:
        time.sleep(seconds)

    def generate(self, tokens: int, stopping_criteria: Any = None) -> None:
        for made in range(tokens):
            self(seconds=PASS_SECONDS if made else PROMPT_SECONDS)
            stopping_criteria(torch.zeros(1, made + 1, dtype=torch.long), None)


class Skillset:
    fallback_reason = None

    def __init__(self, device: str) -> None:
        self.device, self.model = device, Model()
        self._lock = _LOCK.open("w")

    def example_inputs(self, batch_size: int) -> dict[str, Any]:
        return {"input": torch.zeros(batch_size, 1)}

    def infer(self, inputs: dict[str, Any]) -> dict[str, Any]:
        if len(inputs["input"]) == LOCKED_BATCH:
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            self.model(seconds=PASS_SECONDS)
            fcntl.flock(self._lock, fcntl.LOCK_UN)
        else:
            self.model(seconds=PASS_SECONDS)
        return {"outputs": inputs}

    def generate(self, inputs: dict[str, Any], max_new_tokens: int) -> None:
        self.model.generate(max_new_tokens)


def load(size: str, device: str, precision: str) -> Skillset:
    return Skillset(device)


def describe() -> dict[str, Any]:
    return {"model_type": "sleeping"}
