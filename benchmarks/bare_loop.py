"""What somebody would write to time a model by hand; prints a median in seconds for every line on standard input."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

WARMUP = 3
ITERATIONS = 8

Inputs = Callable[[Any, Any], dict[str, Any]]
"""From torch and a configuration to what the model is called with."""


def _tokens(torch: Any, config: Any) -> dict[str, Any]:
    tokens = torch.randint(3, config.vocab_size, (1, 128))
    return {"input_ids": tokens, "attention_mask": torch.ones_like(tokens)}


def _two_texts(torch: Any, config: Any) -> dict[str, Any]:
    return {**_tokens(torch, config), "decoder_input_ids": torch.randint(3, config.vocab_size, (1, 128))}


def _picture(torch: Any, config: Any) -> dict[str, Any]:
    return {"pixel_values": torch.randn(1, 3, 224, 224)}


def _sound(torch: Any, config: Any) -> dict[str, Any]:
    return {"input_values": torch.randn(1, 16000)}


def _spectrogram(torch: Any, config: Any) -> dict[str, Any]:
    return {"input_features": torch.randn(1, 80, 3000), "decoder_input_ids": torch.randint(3, 1000, (1, 4))}


MODELS: dict[str, tuple[str, str, Inputs]] = {
    "bert": ("BertConfig", "BertForMaskedLM", _tokens),
    "distilbert": ("DistilBertConfig", "DistilBertForMaskedLM", _tokens),
    "electra": ("ElectraConfig", "ElectraForMaskedLM", _tokens),
    "gpt2": ("GPT2Config", "GPT2LMHeadModel", _tokens),
    "t5": ("T5Config", "T5ForConditionalGeneration", _two_texts),
    "vit": ("ViTConfig", "ViTForImageClassification", _picture),
    "deit": ("DeiTConfig", "DeiTForImageClassification", _picture),
    "resnet": ("ResNetConfig", "ResNetForImageClassification", _picture),
    "convnext": ("ConvNextConfig", "ConvNextForImageClassification", _picture),
    "swin": ("SwinConfig", "SwinForImageClassification", _picture),
    "wav2vec2": ("Wav2Vec2Config", "Wav2Vec2ForCTC", _sound),
    "whisper": ("WhisperConfig", "WhisperForConditionalGeneration", _spectrogram),
}
"""Configuration, class and inputs by model type: the default size, as ModelDyno measures it."""


def main(model_type: str, threads: int) -> None:
    import torch
    import transformers

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    config_class, model_class, make_inputs = MODELS[model_type]
    config = getattr(transformers, config_class)()
    model = getattr(transformers, model_class)(config)
    inputs = make_inputs(torch, config)
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
