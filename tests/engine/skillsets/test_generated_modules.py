"""Generated modules, run in earnest in a child process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.catalog.registry import Catalog
from engine.skillsets.shared_file import identity_of
from tests.engine.skillsets.conftest import ONE_MORE

Observed = dict[str, dict[str, Any]]
PUBLISHED_MILLIONS = {
    "bert": 109.5,
    "distilbert": 67.0,
    "roberta": 124.7,
    "gpt2": 124.4,
    "llama": 6738.4,
    "mixtral": 46702.8,
    "mamba": 159.3,
    "t5": 60.5,
    "bart": 406.3,
    "vit": 85.8,
    "clip": 151.3,
    "wav2vec2": 94.4,
    "whisper": 37.8,
}


FIRST_RUN = pytest.mark.parametrize("name", sorted(PUBLISHED_MILLIONS))
EVERY_TYPE = pytest.mark.parametrize("name", sorted([*PUBLISHED_MILLIONS, *ONE_MORE]))


@EVERY_TYPE
def test_a_module_passes_verification(name: str, observed: Observed):
    found = observed[name]["verify"]
    assert (found["ok"], found["reason"], found["device"]) == (True, None, "cpu")
    assert any(shape[:1] == [2] for shape in found["outputs"].values())


@EVERY_TYPE
def test_a_module_describes_what_the_catalogue_says(
    name: str, observed: Observed, catalog: Catalog, modules: dict[str, Path]
):
    described, model = observed[name]["describe"], catalog.get(name)
    assert described["model_type"] == name
    assert described["model_class"] == model.model_class
    assert (described["family"], described["task"]) == (model.family, model.task)
    assert described["traits"] == list(model.traits)
    assert described["checksum"] == identity_of(modules[name])


@EVERY_TYPE
def test_the_same_call_gives_the_same_numbers(name: str, observed: Observed):
    assert observed[name]["repeats"]
    assert 3 in observed[name]["rows"]


@FIRST_RUN
def test_bf16_really_runs_in_bf16(name: str, observed: Observed):
    assert observed[name]["bf16"]["precision"] == "bf16"
    assert observed[name]["bf16"]["finite"]
    assert observed[name]["bf16"]["dtypes"] == ["torch.bfloat16"]


@FIRST_RUN
def test_tiny_is_tiny_and_default_is_the_known_size(name: str, observed: Observed):
    counted = observed[name]["parameters"]
    assert counted["tiny"] < 8_000_000
    assert counted["default"] / 1e6 == pytest.approx(PUBLISHED_MILLIONS[name], abs=0.06)
    assert observed[name]["seconds"] < 0.5


@EVERY_TYPE
def test_types_that_generate_do_so_for_as_long_as_asked(name: str, observed: Observed, catalog: Catalog):
    assert ("generated" in observed[name]) == ("generates" in catalog.get(name).traits)
    if "generated" in observed[name]:
        one, four = observed[name]["generated"]
        assert four - one == 3 or (name == "musicgen" and four == 4 * one), "sound is as long as its tokens"


@EVERY_TYPE
def test_a_missing_device_is_replaced_by_the_cpu_and_said(name: str, observed: Observed):
    requested, actual, reason = observed[name]["fallback"]
    assert (requested, actual) == ("cuda:99", "cpu")
    assert "cuda:99 was asked for and cannot be used (" in reason
    assert "runs on the CPU" in reason


@EVERY_TYPE
def test_values_that_cannot_be_met_are_refused_by_name(name: str, observed: Observed):
    refusals = observed[name]["refusals"]
    assert refusals["size"][:43] == "Unknown size 'huge'; choose tiny or default"
    assert refusals["device"].startswith("Unknown device 'abacus'; choose cpu, cuda")
    assert refusals["precision"] == "Precision 'fp16' does not run on cpu; choose fp32 or bf16."
    assert refusals["unknown precision"] == "Unknown precision 'int3'; choose fp32, bf16, fp16."
    options = "atn_implementation, device_map"
    assert refusals["option"] == f"Random weights take attn_implementation alone, not {options}."
    assert refusals["runtime"] == "Unknown runtime 'abacus'; choose onnxruntime, qnn, openvino."
    assert refusals["batch"] == "Batch size 0 is not positive; use 1 or more."
    assert refusals["short"]
    assert refusals["image"] or name == "resnet", "a network of convolutions alone takes any size"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("bert", "Sequence length 1000000 is not between 1 and 512, what BERT can read."),
        ("roberta", "Sequence length 1000000 is not between 1 and 510, what RoBERTa can read."),
        ("clip", "Sequence length 1000000 is not between 1 and 77, what CLIP can read."),
    ],
)
def test_an_input_longer_than_the_type_can_read_is_refused(name: str, message: str, observed: Observed):
    assert observed[name]["refusals"]["long"] == message


PATCH = {"vit": 16, "clip": 32}


def test_image_sizes_are_whole_patches(observed: Observed):
    for name in ("vit", "clip"):
        assert (
            observed[name]["refusals"]["image"]
            == f"Image size 33 is not a positive multiple of the patch size {PATCH[name]}."
        )


def test_shapes_other_than_the_default_run(observed: Observed):
    assert observed["shapes"] == {
        "hf_bert": [[1, 512, 512]],
        "hf_roberta": [[1, 510, 512]],
        "hf_gpt2": [[1, 1024, 512]],
        "hf_t5": [[1, 700, 512], [1, 700, 32]],
        "hf_vit": [[1, 2]],
        "hf_clip": [[1, 1], [1, 1], [1, 32], [1, 32], [1, 77, 32], [1, 32], [1, 65, 48], [1, 32]],
        "hf_wav2vec2": [[1, 1, 32]],
    }
