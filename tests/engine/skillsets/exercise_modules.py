"""Runs generated modules for the tests, as a program of its own: prints one JSON object, path -> what was seen."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import torch

from engine.skillsets.verify import verify
from engine.workloads.skillset_module import import_skillset


def exercise(path: Path) -> dict[str, Any]:
    seen: dict[str, Any] = {"verify": verify({"path": str(path)})}
    module = import_skillset(path)
    seen["describe"] = module.describe()
    skillset = module.load("tiny")
    inputs = skillset.example_inputs(3)
    first = skillset.infer(inputs)
    started = time.perf_counter()
    skillset.infer(inputs)
    seen["seconds"] = time.perf_counter() - started
    again = module.load("tiny")
    repeated = again.infer(again.example_inputs(3))
    seen["repeats"] = all(torch.equal(value, repeated["outputs"][name]) for name, value in first["outputs"].items())
    seen["rows"] = [value.shape[0] for value in first["outputs"].values() if value.ndim]
    half = module.load("tiny", precision="bf16")
    try:
        answer = half.infer(half.example_inputs(2))
    except RuntimeError as error:  # a model that mixes precisions by itself
        seen["bf16"] = {"failed": str(error)}
    else:
        seen["bf16"] = {
            "precision": answer["precision"],
            "finite": not any(bool(torch.isnan(value).any()) for value in answer["outputs"].values()),
            "dtypes": sorted({str(parameter.dtype) for parameter in half.model.parameters()}),
        }
    seen["parameters"] = {
        size: sum(parameter.numel() for parameter in module.load(size, device="meta").model.parameters())
        for size in ("tiny", "default")
    }
    if hasattr(skillset, "generate"):
        seen["generated"] = [
            next(iter(skillset.generate(inputs, max_new_tokens=count)["outputs"].values())).shape[-1]
            for count in (1, 4)
        ]
    if hasattr(skillset, "expert_load"):
        seen["expert_load"] = skillset.expert_load(inputs).tolist()
    elsewhere = module.load("tiny", device="cuda:99")
    seen["fallback"] = [elsewhere.requested_device, elsewhere.device, elsewhere.infer(inputs)["fallback_reason"]]
    seen["refusals"] = {
        "size": refusal(lambda: module.load("huge")),
        "device": refusal(lambda: module.load("tiny", device="abacus")),
        "precision": refusal(lambda: module.load("tiny", precision="fp16")),
        "unknown precision": refusal(lambda: module.load("tiny", precision="int3")),
        "option": refusal(lambda: module.load("tiny", device_map="auto", atn_implementation="eager")),
        "runtime": refusal(lambda: skillset.export("abacus", inputs)),
        "batch": refusal(lambda: skillset.example_inputs(0)),
        "short": refusal(lambda: skillset.example_inputs(1, sequence_length=0)),
        "long": refusal(lambda: skillset.example_inputs(1, sequence_length=10**6)),
        "image": refusal(lambda: skillset.example_inputs(1, image_size=33)),
    }
    return seen


def refusal(action: Any) -> str | None:
    """The message of the ValueError that `action` raises; None where it accepts."""
    try:
        action()
    except ValueError as error:
        return str(error)
    except TypeError:
        return "no such argument"
    return None


def custom_shapes(paths: list[Path]) -> dict[str, list[list[int]]]:
    """Output shapes at shapes that are not the default."""
    asked = {
        "hf_bert": {"sequence_length": 512},
        "hf_roberta": {"sequence_length": 510},
        "hf_gpt2": {"sequence_length": 1024},
        "hf_t5": {"sequence_length": 700},
        "hf_vit": {"image_size": 160},
        "hf_clip": {"image_size": 256, "sequence_length": 77},
        "hf_wav2vec2": {"sequence_length": 400},
    }
    shapes = {}
    for path in paths:
        if path.stem in asked:
            skillset = import_skillset(path).load("tiny")
            answer = skillset.infer(skillset.example_inputs(1, **asked[path.stem]))
            shapes[path.stem] = [list(value.shape) for value in answer["outputs"].values()]
    return shapes


if __name__ == "__main__":
    torch.set_num_threads(1)
    paths = [Path(argument) for argument in sys.argv[1:]]
    print(json.dumps({**{str(path): exercise(path) for path in paths}, "shapes": custom_shapes(paths)}))
