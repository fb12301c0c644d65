"""Runs generated modules of diffusers for the tests, as a program of its own: prints one JSON object, path -> seen."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import torch

from engine.skillsets.verify import verify
from engine.workloads.skillset_module import import_skillset


def exercise(path: Path) -> dict[str, Any]:
    module = import_skillset(path)
    first, second = module.load("tiny"), module.load("tiny")
    inputs = first.example_inputs(3)
    outputs = first.infer(inputs)["outputs"]
    again = second.infer(second.example_inputs(3))["outputs"]
    half = module.load("tiny", precision="bf16")
    half_answer = half.infer(half.example_inputs(2))
    whole, large = sides_of(module)
    return {
        "verify": verify({"path": str(path)}),
        "describe": module.describe(),
        "rows": [value.shape[0] for value in outputs.values()],
        "spread": [float(value.std()) for value in outputs.values()],
        "repeats": all(torch.equal(value, again[name]) for name, value in outputs.items()),
        "bf16": {
            "precision": half_answer["precision"],
            "dtypes": sorted({str(value.dtype) for value in half.model.parameters()}),
            "finite": all(bool(value.isfinite().all()) for value in half_answer["outputs"].values()),
        },
        "parameters": {size: count(module.load(size, device="meta")) for size in module.SIZES},
        "input_sides": [whole, large],
        "read_again": reads_again(module, first, inputs, outputs),
        "from_pipeline": differs_from_pipeline(module) if hasattr(first, "denoise") else None,
        "steps": refusal(lambda: first.denoise(inputs, steps=0)) if hasattr(first, "denoise") else None,
        "fallback": module.load("tiny", device="cuda:99").fallback_reason,
        "refusals": {
            "size": refusal(lambda: module.load("huge")),
            "precision": refusal(lambda: module.load("tiny", precision="fp16")),
            "export": refusal(lambda: first.export("openvino", inputs)),
            "batch": refusal(lambda: first.example_inputs(0)),
            "image": refusal(lambda: first.example_inputs(1, image_size=33)),
            "large": refusal(lambda: first.example_inputs(1, image_size=64 * 1000)) if path.stem == "hf_sd3" else None,
        },
    }


def sides_of(module: Any) -> tuple[int, int]:
    """Numbers of the image input at the tiny size's own side and at twice that side; the latter also runs."""
    skillset = module.load("tiny")
    own = skillset.example_inputs(1)
    pixels = {"sana": 256, "ddpm": 16}.get(module.describe()["model_type"], 64)
    twice = skillset.example_inputs(1, image_size=2 * pixels)
    skillset.infer(twice)
    name = next(name for name in ("sample", "latents", "hidden_states") if name in own)
    return own[name].numel(), twice[name].numel()


def reads_again(module: Any, skillset: Any, inputs: Any, outputs: Any) -> bool | str:
    """Whether saved weights, loaded as a checkpoint, give the same numbers; what diffusers says against loading."""
    with tempfile.TemporaryDirectory() as folder:
        skillset.model.save_pretrained(folder)
        try:
            loaded = module.load(checkpoint=folder)
            assert loaded.size == "checkpoint"
        except ValueError as error:
            return str(error)
        return all(torch.equal(value, outputs[name]) for name, value in loaded.infer(inputs)["outputs"].items())


def differs_from_pipeline(module: Any) -> float:
    """Largest difference between images of `denoise` and of the library's own pipeline, in shares of white."""
    import diffusers

    skillset = module.load("tiny")
    inputs = skillset.example_inputs(2)
    parts = {name: getattr(skillset.model, name) for name in ("text_encoder", "unet", "vae", "scheduler")}
    absent = dict.fromkeys(("tokenizer", "safety_checker", "feature_extractor"))
    pipeline = diffusers.StableDiffusionPipeline(**parts, **absent, requires_safety_checker=False)
    pipeline.set_progress_bar_config(disable=True)
    given = {name: inputs[name] for name in ("latents", "prompt_embeds", "negative_prompt_embeds")}
    answer = pipeline(**given, num_inference_steps=3, guidance_scale=7.5, output_type="pt")
    images = skillset.denoise(inputs, steps=3)["outputs"]["images"]
    return float((answer.images - (images / 2 + 0.5).clamp(0, 1)).abs().max())


def count(skillset: Any) -> int:
    return sum(parameter.numel() for parameter in skillset.model.parameters())


def refusal(action: Any) -> str | None:
    """The message of the ValueError that `action` raises; None where it accepts."""
    try:
        action()
    except ValueError as error:
        return str(error)
    return None


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(json.dumps({argument: exercise(Path(argument)) for argument in sys.argv[1:]}))
