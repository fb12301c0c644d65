"""Generated tests, run by plain pytest beside their modules: they pass, and fail where a module is broken."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from engine.catalog.registry import Catalog
from engine.skillsets.render import read_header, render
from engine.skillsets.render_test import path_beside, render_test
from engine.skillsets.write import write, write_file

TYPES = ("bert", "gpt2", "t5", "vit", "clip")
GENERATING = ("gpt2", "t5", "switch_transformers", "molmo2")

PECULIAR = {
    "molmo2": None,
    "switch_transformers": "examples of a batch compete for the places at the experts",
    "wan": "diffusers reads this model with accelerate alone: pip install accelerate",
}
"""Sound types that look broken to a hasty test, with why one of theirs is skipped: places counted over the batch,
weights read from odd addresses, a reader that is not here."""

BROKEN = """

class Skillset(Skillset):
    def infer(self, inputs):
        answer = super().infer(inputs)
        logits = answer["outputs"]["logits"]
        answer["outputs"]["logits"] = {outputs}
        return answer

    def generate(self, inputs, max_new_tokens=16):
        return super().generate(inputs, max_new_tokens={tokens})
"""


FAULTS = {
    "not_a_number": ("logits * float('nan')", "max_new_tokens", "test_a_forward_pass_returns_sound_numbers"),
    "masked": (
        "torch.full_like(logits, -float('inf'))",
        "max_new_tokens",
        "test_a_forward_pass_returns_sound_numbers",
    ),
    "infinite": ("logits + float('inf')", "max_new_tokens", "test_a_forward_pass_returns_sound_numbers"),
    "unsteady": (
        "logits + time.perf_counter_ns() % 997",
        "max_new_tokens",
        "test_the_same_seed_gives_the_same_outputs",
    ),
    "mixing": ("logits + logits.mean(0)", "max_new_tokens", "test_examples_of_a_batch_do_not_disturb_each_other"),
    "forgetting": (
        "logits * len(type(self.model).__mro__) ** self.model.config._name_or_path.count('/')",
        "max_new_tokens",
        "test_saving_and_reading_changes_nothing",
    ),
    "talkative": ("logits", "max_new_tokens + 1", "test_it_generates_as_many_tokens_as_asked_for"),
    "stubborn": ("logits", "4", "test_it_generates_as_many_tokens_as_asked_for"),
}
"""What is wrong with a module -> its outputs, how many tokens it makes, and the test that has to fail."""

UNUSUAL = """
class Skillset(Skillset):
    def infer(self, inputs):
        answer = super().infer(inputs)
        logits = answer["outputs"]["logits"]
        answer["outputs"] = {outputs}
        return answer
"""
NEARLY_EQUAL = "torch.finfo(logits.dtype).eps * torch.arange(logits.shape[-1]) * len(logits) * 4 % 1e-5"
SOUND = {
    "averaged": ("{'logits': logits, 'loss': logits.mean().repeat(len(logits))}", None),
    "taking_turns": ("{'frames': logits.transpose(0, 1).flatten(0, 1)}", None),
    "rounded": (f"{{'best': (logits * 1e-9 + {NEARLY_EQUAL}).argmax(-1).float(), 'logits': logits}}", None),
    "tiny": ("{'small': logits * 1e-38 * (1 + 1e-3 * len(logits)), 'logits': logits}", None),
    "drawing": (
        "{'logits': logits + np.random.rand()}",
        "the model draws random numbers, which are others in a batch than alone",
    ),
    "indistinct": ("{'logits': 0 * logits}", "no output tells the examples apart"),
    "whole": ("{'loss': logits.mean().repeat(len(logits))}", "no output tells the examples apart"),
}
"""Outputs of sound modules, with why one of their tests is skipped."""

NORMALISING = """
whole = load

def load(size):
    found = whole(size)
    found.model.norm = torch.nn.BatchNorm1d(4, affine=False, track_running_stats=False)
    return found
"""

NO_WEIGHTS = """
whole = load

def load(size):
    found = whole(size)
    found.model = torch.nn.Identity()
    return found
"""


class Ended(NamedTuple):
    """Names of a file's tests by how they ended, and why some were skipped."""

    passed: set[str]
    failed: set[str]
    skipped: set[str]


def put(catalog: Catalog, name: str, folder: Path, extra: str = "", stem: str | None = None) -> Path:
    """The tests of a type's module, which lies beside them."""
    model = catalog.get(name)
    module = write(model, render(model), folder)
    if stem is not None:
        module = module.with_name(f"{stem}.py")
        module.write_text(render(model) + extra)
    return write_file(path_beside(module), render_test(model, module))


@pytest.fixture(scope="module")
def ended(catalog: Catalog, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ended]:
    """Plain pytest over sound and broken modules, without ModelDyno on the path."""
    folder = Path(tmp_path_factory.mktemp("modules"))
    paths = [put(catalog, name, folder) for name in (*TYPES, *PECULIAR)]
    for name, (outputs, _) in SOUND.items():
        unusual = f"\nimport numpy as np\n{UNUSUAL.format(outputs=outputs)}"
        paths.append(put(catalog, "gpt2", folder, unusual, name))
    paths.append(put(catalog, "gpt2", folder, NORMALISING, "normalising"))
    for fault, (outputs, tokens, _) in FAULTS.items():
        broken = f"\nimport time\n{BROKEN.format(outputs=outputs, tokens=tokens)}"
        paths.append(put(catalog, "gpt2", folder, broken, fault))
    paths.append(put(catalog, "bert", folder, NO_WEIGHTS, "no_weights"))
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-m", "pytest", "-q", "-rA", "--tb=no", "-p", "no:cacheprovider", "-p", "no:dash"]
    done = subprocess.run(
        [*command, *map(str, paths)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 1, done.stdout

    def names(word: str, path: Path) -> set[str]:
        return set(re.findall(rf"^{word} {path.name}::(\w+)", done.stdout, re.MULTILINE))

    def reasons(path: Path) -> set[str]:
        return set(re.findall(rf"^SKIPPED \[1\] {path.name}:\d+: (.*)$", done.stdout, re.MULTILINE))

    return {
        path.stem.removeprefix("test_"): Ended(names("PASSED", path), names("(?:FAILED|ERROR)", path), reasons(path))
        for path in paths
    }


@pytest.mark.parametrize("name", [*TYPES, *PECULIAR])
def test_the_tests_of_sound_modules_pass(name: str, ended: dict[str, Ended]):
    passed, failed, skipped = ended[f"hf_{name}"]
    assert failed == set()
    assert skipped == ({reason} if (reason := PECULIAR.get(name)) else set())
    assert len(passed) + len(skipped) == (6 if name in GENERATING else 5)


@pytest.mark.parametrize("name", list(SOUND))
def test_sound_modules_with_unusual_outputs_pass(name: str, ended: dict[str, Ended]):
    passed, failed, skipped = ended[name]
    reason = SOUND[name][1]
    assert (failed, skipped) == (set(), {reason} if reason else set())
    assert len(passed) + len(skipped) == 6


def test_a_model_that_normalises_over_the_batch_is_not_judged_by_it(ended: dict[str, Ended]):
    assert ended["normalising"].failed == set()
    assert ended["normalising"].skipped == {"the model normalises over the batch by design"}


@pytest.mark.parametrize("fault", list(FAULTS))
def test_a_broken_module_fails_the_test_of_it(fault: str, ended: dict[str, Ended]):
    assert FAULTS[fault][2] in ended[fault].failed


def test_a_model_without_weights_fails(ended: dict[str, Ended]):
    assert "test_it_builds_with_weights" in ended["no_weights"].failed


def test_a_type_that_generates_nothing_has_no_test_of_it(catalog: Catalog):
    module = Path("hf_bert.py")
    assert "generate" not in render_test(catalog.get("bert"), module).split("import pytest")[1]
    assert "expert_capacity" not in render_test(catalog.get("bert"), module)
    assert "expert_capacity" in render_test(catalog.get("mixtral"), Path("hf_mixtral.py"))


def test_generated_tests_carry_the_header_of_what_is_generated(catalog: Catalog):
    text = render_test(catalog.get("gpt2"), Path("hf_gpt2.py"), transformers_version="9.9.9")
    assert text.startswith("# Generated by ModelDyno from templates/skillset/test.py.j2 for transformers 9.9.9.\n")
    assert read_header(text).is_untouched


@pytest.mark.parametrize("name", [*TYPES, *PECULIAR, "audio-spectrogram-transformer"])
def test_generated_tests_are_written_as_if_by_hand(catalog: Catalog, tmp_path: Path, name: str):
    path = put(catalog, name, tmp_path)
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--no-cache", "--config", str(ROOT / "pyproject.toml"), str(path)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
    assert len(path.read_text().splitlines()) <= 170


ROOT = Path(__file__).resolve().parents[3]
