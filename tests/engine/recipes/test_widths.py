"""Parts of a configuration that have to agree after it is cut down."""

from __future__ import annotations

from engine.benchmarking.fork_server import ForkServerLauncher
from engine.catalog.registry import Catalog
from tests.engine.recipes.corrected import search


def test_a_tower_is_made_to_end_in_the_width_of_its_text(loaded: ForkServerLauncher, catalog: Catalog):
    recipe = search(loaded, catalog, "qwen2_5_vl")
    assert (recipe["status"], recipe["missing"]) == ("runs", []), recipe["notes"]
    assert recipe["config"]["vision_config"]["out_hidden_size"] == recipe["config"]["text_config"]["hidden_size"]
    assert recipe["default"]["vision_config"]["out_hidden_size"] == 8192, "the default needs it as well"


def test_so_is_one_whose_last_width_has_the_plain_name(loaded: ForkServerLauncher, catalog: Catalog):
    recipe = search(loaded, catalog, "qwen2_vl")
    assert (recipe["status"], recipe["missing"]) == ("runs", []), recipe["notes"]
    assert recipe["config"]["vision_config"]["hidden_size"] == recipe["config"]["text_config"]["hidden_size"]


def test_so_is_a_width_of_the_text_that_the_parent_tells_again(loaded: ForkServerLauncher, catalog: Catalog):
    recipe = search(loaded, catalog, "ovis2")
    assert (recipe["status"], recipe["missing"]) == ("runs", []), recipe["notes"]
    assert recipe["config"]["hidden_size"] == recipe["config"]["text_config"]["hidden_size"]


def test_widths_that_run_as_they_are_stay(loaded: ForkServerLauncher, catalog: Catalog):
    recipe = search(loaded, catalog, "llava")
    assert (recipe["missing"], recipe["default"]) == ([], {})


def test_layers_that_are_read_stay_in_range(loaded: ForkServerLauncher, catalog: Catalog):
    recipe = search(loaded, catalog, "zoedepth")
    assert (recipe["status"], recipe["rung"]) == ("runs", "tiny"), recipe["notes"]
    backbone = recipe["config"]["backbone_config"]
    assert (backbone["num_hidden_layers"], backbone["out_indices"]) == (4, [1, 2, 3, 4])


def test_a_switch_that_the_parts_class_does_not_declare_is_kept(loaded: ForkServerLauncher, catalog: Catalog):
    recipe = search(loaded, catalog, "chmv2")
    assert (recipe["status"], recipe["rung"]) == ("runs", "tiny"), recipe["notes"]
    assert recipe["config"]["backbone_config"]["return_class_token"] is True
