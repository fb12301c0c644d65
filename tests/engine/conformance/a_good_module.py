"""A hand-written skillset that passes every check; broken ones change a thing or two of it."""

from __future__ import annotations

from typing import Any

import torch
from transformers import GPT2Config, GPT2LMHeadModel

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
LENGTH = 8


def describe() -> dict[str, Any]:
    return {"precisions": {"cpu": ("fp32", "bf16")}}


def a_config() -> GPT2Config:
    return GPT2Config(vocab_size=64, n_embd=16, n_layer=2, n_head=2, n_positions=32, bos_token_id=0, eos_token_id=0)


def a_model(kind: type = GPT2LMHeadModel) -> Any:
    torch.manual_seed(0)
    return kind(a_config()).eval()


class Skillset:
    fallback_reason: str | None = None

    def __init__(self, model: Any, precision: str = "fp32") -> None:
        self.model = model.to(DTYPES[precision])

    def example_inputs(self, batch_size: int = 1) -> dict[str, Any]:
        generator = torch.Generator().manual_seed(0)
        return {"input_ids": torch.randint(3, 64, (batch_size, LENGTH), generator=generator)}

    def infer(self, inputs: dict[str, Any]) -> dict[str, Any]:
        with torch.inference_mode():
            return {"outputs": {"logits": self.model(input_ids=inputs["input_ids"]).logits}}

    def generate(self, inputs: dict[str, Any], max_new_tokens: int = 16) -> dict[str, Any]:
        with torch.inference_mode():
            tokens = self.model.generate(
                inputs["input_ids"],
                max_new_tokens=max_new_tokens,
                min_new_tokens=max_new_tokens,
                do_sample=False,
                pad_token_id=0,
            )
        return {"outputs": {"tokens": tokens}}


def load(size: str = "default", device: str = "cpu", precision: str = "fp32") -> Skillset:
    return Skillset(a_model(), precision)
