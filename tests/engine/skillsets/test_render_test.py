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
GENERATING = ("gpt2", "t5")

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
    "infinite": ("logits + float('inf')", "max_new_tokens", "test_a_forward_pass_returns_sound_numbers"),
    "unsteady": ("logits + time.perf_counter()", "max_new_tokens", "test_the_same_seed_gives_the_same_outputs"),
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

NO_WEIGHTS = """
whole = load

def load(size):
    found = whole(size)
    found.model = torch.nn.Identity()
    return found
"""


class Ended(NamedTuple):
    """Names of a file's tests by how they ended."""

    passed: set[str]
    failed: set[str]


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
    paths = [put(catalog, name, folder) for name in TYPES]
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

    return {
        path.stem.removeprefix("test_"): Ended(names("PASSED", path), names("(?:FAILED|ERROR|SKIPPED)", path))
        for path in paths
    }


@pytest.mark.parametrize("name", TYPES)
def test_the_tests_of_sound_modules_pass(name: str, ended: dict[str, Ended]):
    passed, failed = ended[f"hf_{name}"]
    assert (len(passed), failed) == (6 if name in GENERATING else 5, set())


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


@pytest.mark.parametrize("name", TYPES)
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


ROOT = Path(__file__).resolve().parents[3]
