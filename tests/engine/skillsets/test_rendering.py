"""The text of generated modules."""

from __future__ import annotations

import ast
import shutil
import statistics
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from engine.catalog.registry import Catalog
from engine.domain.model import Family
from engine.errors import SkillsetFailure
from engine.skillsets.literal import python_literal
from engine.skillsets.render import read_header, render
from engine.skillsets.shared_file import render_shared, shared_path
from engine.skillsets.write import write

ONE_PER_TEMPLATE = ("bert", "gpt2", "t5", "vit", "clip", "wav2vec2", "timesformer", "time_series_transformer")


@pytest.mark.parametrize("name", ONE_PER_TEMPLATE)
def test_a_generated_module_matches_its_golden_file(name: str, catalog: Catalog, golden):
    golden(f"hf_{name}.py", render(catalog.get(name), transformers_version="5.23.0"))


def test_the_golden_files_cover_every_family_of_the_library(catalog: Catalog):
    families = {catalog.get(name).family for name in ONE_PER_TEMPLATE}
    elsewhere = {Family.OTHER, Family.DIFFUSION}  # the latter in test_diffusion.py
    assert {model.family for model in catalog.runnable} - families <= elsewhere


def test_every_module_is_short_valid_python_of_every_supported_version(catalog: Catalog):
    lines = []
    for text in (render_shared(), *map(render, catalog.runnable)):
        for minor in (11, 12, 13):
            ast.parse(text, feature_version=(3, minor))
        lines.append(len(text.splitlines()))
    assert statistics.median(lines) < 110
    assert render(catalog.get("bert")) == render(catalog.get("bert"))


@pytest.mark.skipif(
    shutil.which("ruff") is None and not (Path(sys.executable).parent / "ruff").exists(), reason="no ruff"
)
def test_every_module_is_as_tidy_as_our_own_code(catalog: Catalog, tmp_path: Path):
    for model in catalog.runnable:
        write(model, render(model), tmp_path)
    assert shared_path(tmp_path).is_file()
    root = Path(__file__).resolve().parents[3]
    for command in (["check"], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--no-cache", "--config", str(root / "pyproject.toml")]
        for place in (root, tmp_path):  # from among them the shared file is found, and sorted as one's own
            done = subprocess.run([*ruff, str(tmp_path)], cwd=place, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout


def test_the_header_claims_the_checksum_of_what_follows(catalog: Catalog):
    text = render(catalog.get("bert"))
    assert read_header(text).is_untouched
    assert not read_header(text.replace("num_hidden_layers=2", "num_hidden_layers=3")).is_untouched
    assert read_header("print('mine')\n").checksum is None


def test_a_type_that_does_not_run_is_refused_with_its_reason(catalog: Catalog):
    with pytest.raises(SkillsetFailure, match=r"sam_mask_decoder is a part of sam and does not run alone; choose sam"):
        render(catalog.get("sam_mask_decoder"))
    with pytest.raises(SkillsetFailure, match=r"dinat needs natten: pip install natten"):
        render(catalog.get("dinat"))


@pytest.mark.parametrize("hostile", ['"""\nimport os', "x'); boom('", 'a"b', "back\\slash", "{{ 7 * 7 }}"])
def test_a_string_from_outside_stays_a_string(hostile: str, catalog: Catalog):
    assert ast.literal_eval(python_literal(hostile)) == hostile
    with pytest.raises(SkillsetFailure, match="cannot stand in a"):
        render(replace(catalog.get("bert"), config_class=hostile))
    with pytest.raises(SkillsetFailure, match="cannot stand in a"):
        render(replace(catalog.get("bert"), display_name=hostile))


@pytest.mark.parametrize("value", ["plain", 1, 2.5, True, None, ("one",), (1, "b"), [1, [2]], {"a": {"b": ()}}])
def test_a_literal_means_the_value_it_was_made_of(value: object):
    assert ast.literal_eval(python_literal(value)) == value


def test_a_value_without_a_literal_is_refused():
    with pytest.raises(TypeError, match="object has no literal"):
        python_literal(object())


def test_a_default_whose_inputs_were_never_tried_says_so(catalog: Catalog):
    guessed = [model for model in catalog.runnable if not model.default_shown]
    assert guessed, "some defaults are too large to try"
    assert "never tried at this size" in render(guessed[0])
    assert "never tried at this size" not in render(catalog.get("bert"))
