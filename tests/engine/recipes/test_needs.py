"""Types that need a package which is not installed."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from engine.benchmarking.fork_server import ForkServerLauncher
from engine.catalog.registry import Catalog
from engine.recipes.search.needs import packages_of
from tests.engine.recipes.corrected import search

_LACKS = "\n{} requires the {} library but it was not found in your environment. {} Please restart your runtime.\n"


def test_the_advice_on_pip_names_the_package():
    text = _LACKS.format("A", "natten", "You can also install it with pip (may take longer): `pip install natten`.")
    assert packages_of(ImportError(text)) == ["natten"]


def test_a_package_may_be_called_otherwise_than_its_library():
    text = _LACKS.format("A", "PIL", "You can install it with pip: `pip install pillow`.")
    text += _LACKS.format("A", "timm", "You can install it with pip: `pip install timm`.")
    assert packages_of(ImportError(text)) == ["pillow", "timm"]


def test_a_library_without_advice_is_called_by_its_name():
    text = _LACKS.format("A", "detectron2", "Check out https://github.com/facebookresearch/detectron2.")
    assert packages_of(ImportError(text)) == ["detectron2"]


@pytest.mark.parametrize("error", [ImportError("No module named x"), RuntimeError("requires the timm library")])
def test_another_error_names_no_package(error: Exception):
    assert packages_of(error) == []


@pytest.mark.parametrize(("model_type", "package"), [("dinat", "natten"), ("layoutlmv2", "detectron2")])
def test_a_type_that_lacks_a_package_says_which(
    model_type: str, package: str, loaded: ForkServerLauncher, catalog: Catalog
):
    if find_spec(package) is not None:
        pytest.skip(f"{package} is installed")
    recipe = search(loaded, catalog, model_type)
    assert (recipe["status"], recipe["package"]) == ("needs", package), recipe["notes"]
