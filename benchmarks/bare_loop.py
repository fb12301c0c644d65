"""What somebody would write to time a model by hand; prints a median in seconds for every line on standard input."""

from __future__ import annotations

import sys
import time
from statistics import median

WARMUP = 5
ITERATIONS = 20


def main(model_type: str, threads: int) -> None:
    import torch
    from transformers import BertConfig, BertForMaskedLM, ViTConfig, ViTForImageClassification

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    model: torch.nn.Module
    if model_type == "bert":
        model = BertForMaskedLM(BertConfig())
        tokens = torch.randint(3, BertConfig().vocab_size, (1, 128))
        inputs = {"input_ids": tokens, "attention_mask": torch.ones_like(tokens)}
    else:
        model = ViTForImageClassification(ViTConfig())
        inputs = {"pixel_values": torch.randn(1, 3, 224, 224)}
    model.train(False)
    with torch.inference_mode():
        for _ in sys.stdin:
            for _ in range(WARMUP):
                model(**inputs)
            seconds = []
            for _ in range(ITERATIONS):
                started = time.perf_counter()
                model(**inputs)
                seconds.append(time.perf_counter() - started)
            print(median(seconds), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
