"""Corrections by type, read as the search will be given them."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from engine.catalog.registry import Catalog
from engine.config import resource_folder

KEYS = {"generation", "reason", "class", "part", "default", "config", "length", "inputs"}


@pytest.fixture(scope="module")
def corrections() -> dict[str, dict[str, Any]]:
    found = tomllib.loads((resource_folder("data") / "recipe_overrides.toml").read_text(encoding="utf-8"))["types"]
    assert found
    return found


def test_every_correction_gives_its_reason_and_no_unknown_field(corrections: dict[str, dict[str, Any]]):
    wrong = {name for name, entry in corrections.items() if not entry.get("reason", "").strip() or set(entry) - KEYS}
    assert wrong == set()


def test_every_correction_names_a_type_of_the_library(corrections: dict[str, dict[str, Any]], catalog: Catalog):
    assert set(corrections) <= set(catalog.types)


def test_whoever_takes_a_part_says_which_class_is_built_from_it(corrections: dict[str, dict[str, Any]]):
    assert [name for name, entry in corrections.items() if "part" in entry and "class" not in entry] == []
