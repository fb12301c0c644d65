"""Modules refuse what their libraries let pass without a word, and name what they refuse."""

from __future__ import annotations

import pytest

from engine.benchmarking.fork_server import ForkServerLauncher
from engine.catalog.registry import Catalog
from engine.skillsets.render import render
from engine.skillsets.write import write

TYPES = ("bert", "vit", "llava", "ddpm", "stable-diffusion")


@pytest.fixture(scope="module")
def said(
    loaded: ForkServerLauncher, catalog: Catalog, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, str | None]]:
    folder = tmp_path_factory.mktemp("modules")
    found = {}
    for name in TYPES:
        path = write(catalog.get(name), render(catalog.get(name)), folder)
        arguments = {"path": str(path), "names": ["no_such_input", "output_hidden_states"]}
        outcome = loaded.run("tests.engine.skillsets.exercise_refusals:refusals", arguments, timeout_seconds=120.0)
        assert outcome.value is not None, outcome.failure
        found[name] = outcome.value
    return found


@pytest.mark.parametrize("name", TYPES)
def test_an_input_that_the_model_does_not_know_is_refused_by_its_name(name: str, said):
    assert (said[name]["no_such_input"] or "").startswith("TypeError: ")
    assert "no_such_input" in (said[name]["no_such_input"] or "")


@pytest.mark.parametrize("name", ["bert", "vit", "llava"])
def test_what_the_library_takes_of_every_model_is_none_of_these(name: str, said):
    assert said[name]["output_hidden_states"] is None


@pytest.mark.parametrize("name", TYPES)
@pytest.mark.parametrize("damage", ["lacking", "noise"])
def test_a_damaged_checkpoint_is_refused_by_its_folder(name: str, damage: str, said):
    assert "/damaged" in (said[name][damage] or "")


def test_a_weight_that_is_lacking_is_named(said):
    assert " lacks 1 weights of UNet2DModel, such as " in (said["ddpm"]["lacking"] or "")
