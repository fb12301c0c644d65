"""The text of generated modules."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from engine.catalog.registry import Catalog
from engine.errors import SkillsetFailure
from engine.skillsets.literal import python_literal
from engine.skillsets.recipes import RECIPES
from engine.skillsets.render import read_header, render

ONE_PER_TEMPLATE = ("bert", "gpt2", "t5", "vit", "clip", "wav2vec2", "whisper")


@pytest.mark.parametrize("name", ONE_PER_TEMPLATE)
def test_a_generated_module_matches_its_golden_file(name: str, catalog: Catalog, golden):
    golden(f"hf_{name}.py", render(catalog.get(name), transformers_version="5.23.0"))


def test_the_golden_files_cover_every_template():
    assert {RECIPES[name].template for name in ONE_PER_TEMPLATE} == {recipe.template for recipe in RECIPES.values()}


def test_the_catalogue_verifies_exactly_what_has_a_recipe(catalog: Catalog):
    assert {model.name for model in catalog.verified} == set(RECIPES)


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_a_module_is_valid_python_of_every_supported_version_and_short(name: str, catalog: Catalog):
    text = render(catalog.get(name))
    for minor in (11, 12, 13):
        ast.parse(text, feature_version=(3, minor))
    assert len(text.splitlines()) < 200
    assert render(catalog.get(name)) == text


@pytest.mark.skipif(
    shutil.which("ruff") is None and not (Path(sys.executable).parent / "ruff").exists(), reason="no ruff"
)
def test_modules_are_as_tidy_as_our_own_code(modules: dict[str, Path]):
    root = Path(__file__).resolve().parents[3]
    for command in (["check"], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--config", str(root / "pyproject.toml")]
        done = subprocess.run([*ruff, *map(str, modules.values())], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_the_header_claims_the_checksum_of_what_follows(catalog: Catalog):
    text = render(catalog.get("bert"))
    assert read_header(text).is_untouched
    assert not read_header(text.replace("SEED = 0", "SEED = 1")).is_untouched
    assert read_header("print('mine')\n").checksum is None


def test_a_type_without_recipe_is_refused_and_the_verified_ones_are_named(catalog: Catalog):
    with pytest.raises(SkillsetFailure, match=r"albert is listed, no verified recipe in this release.*bart, bert"):
        render(catalog.get("albert"))


def test_a_part_of_another_model_is_refused_for_what_it_is(catalog: Catalog):
    part = next(model for model in catalog.types.values() if not model.model_class)
    with pytest.raises(SkillsetFailure, match="is a part of another model"):
        render(part)


@pytest.mark.parametrize("hostile", ['"""\nimport os', "x'); boom('", 'a"b', "back\\slash", "{{ 7 * 7 }}"])
def test_a_string_from_outside_stays_a_string(hostile: str, catalog: Catalog):
    assert ast.literal_eval(python_literal(hostile)) == hostile
    with pytest.raises(SkillsetFailure, match="cannot stand in a generated module"):
        render(replace(catalog.get("bert"), model_class=hostile))
    with pytest.raises(SkillsetFailure, match="cannot stand in a generated module"):
        render(replace(catalog.get("bert"), display_name=hostile))


@pytest.mark.parametrize("value", ["plain", 1, 2.5, True, None, ("one",), (1, "b"), [1, [2]], {"a": {"b": ()}}])
def test_a_literal_means_the_value_it_was_made_of(value: object):
    assert ast.literal_eval(python_literal(value)) == value


def test_a_value_without_a_literal_is_refused():
    with pytest.raises(TypeError, match="object has no literal"):
        python_literal(object())
