"""A hand-written skillset of two layers to quantise and compile. Some batch sizes misbehave, each in its way."""

from __future__ import annotations

from typing import Any

import torch

from tests.engine.benchmarking.a_deep_skillset_facts import (
    BREAK_AT_BATCH,
    CHOOSING_AT_BATCH,
    INNER,
    RANDOM_AT_BATCH,
    SHORT_AT_BATCH,
    SIZE_THAT_READS_WEIGHTS,
    SIZE_WITHOUT_LINEAR,
    WIDTH,
    WRONG_AT_BATCH,
)

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


def describe() -> dict[str, Any]:
    return {"model_type": "deep", "checksum": "0123abcd"}


class Deep(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.rise = torch.nn.Linear(WIDTH, INNER)
        self.fall = torch.nn.Linear(INNER, WIDTH)

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        inner = torch.nn.functional.gelu(self.rise(input))
        if input.shape[0] == BREAK_AT_BATCH:
            torch._dynamo.graph_break()
        return self.fall(inner)


class Reader(Deep):
    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return super().forward(input.to(self.rise.weight.dtype))


class Convolution(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Conv1d(1, 1, kernel_size=3, padding=1)

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return self.layer(input.unsqueeze(1)).squeeze(1)


def load(size: str = "tiny", device: str = "cpu", precision: str = "fp32") -> Skillset:
    torch.manual_seed(0)
    model = {SIZE_WITHOUT_LINEAR: Convolution, SIZE_THAT_READS_WEIGHTS: Reader}.get(size, Deep)()
    return Skillset(model.to(device=device, dtype=DTYPES[precision]).eval(), device, precision)


class Skillset:
    fallback_reason = None

    def __init__(self, model: torch.nn.Module, device: str, precision: str) -> None:
        self.model = model
        self.device = device
        self.precision = precision

    def example_inputs(self, batch_size: int = 1) -> dict[str, torch.Tensor]:
        generator = torch.Generator().manual_seed(0)
        input = torch.randn(batch_size, WIDTH, generator=generator)
        return {"input": input.to(device=self.device, dtype=DTYPES[self.precision])}

    def infer(self, inputs: dict[str, torch.Tensor]) -> dict[str, Any]:
        with torch.inference_mode():
            y = self.model(**inputs)
        if y.shape[0] == WRONG_AT_BATCH and self.precision == "bf16":
            y = y.flip(1)
        if y.shape[0] == CHOOSING_AT_BATCH:
            y = (1e6 * y).sin()
        if y.shape[0] == RANDOM_AT_BATCH:
            y = torch.randn(y.shape) if self.precision == "fp32" else torch.rand(y.shape)
        if y.shape[0] == SHORT_AT_BATCH:
            y = torch.randn(y.shape) if self.precision == "fp32" else torch.rand(y.shape)[:, 1:]
        return {"outputs": {"y": y}}
