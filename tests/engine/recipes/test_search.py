"""The search, run for real in child processes: one type for each kind of trap that its rules answer."""

from __future__ import annotations

import pytest

from engine.benchmarking.fork_server import ForkServerLauncher
from engine.catalog.registry import Catalog
from tests.engine.recipes.corrected import search

SMALL = 150_000_000


@pytest.mark.parametrize(
    ("model_type", "inputs"),
    [
        ("t5", {"input_ids", "attention_mask", "decoder_input_ids"}),
        ("vit", {"pixel_values"}),
        ("clip", {"input_ids", "attention_mask", "pixel_values"}),
        ("whisper", {"input_features", "decoder_input_ids"}),
        ("wav2vec2", {"input_values"}),
        ("glm4v", {"input_ids", "attention_mask", "mm_token_type_ids", "pixel_values", "image_grid_thw"}),
    ],
)
def test_a_type_is_run_with_every_modality_it_declares(
    model_type: str, inputs: set[str], loaded: ForkServerLauncher, catalog: Catalog
):
    recipe = search(loaded, catalog, model_type)
    assert (recipe["status"], recipe["missing"]) == ("runs", []), recipe["notes"]
    assert {item["name"] for item in recipe["plan"]["inputs"]} == inputs
    assert recipe["parameters"] < SMALL
    assert recipe["outputs"]


def test_a_pattern_of_layers_keeps_one_of_each_kind(loaded: ForkServerLauncher, catalog: Catalog):
    recipe = search(loaded, catalog, "jamba")
    assert recipe["config"]["num_hidden_layers"] == 5, "the first attention layer is the fifth"


def test_special_tokens_stay_inside_the_smaller_vocabulary(loaded: ForkServerLauncher, catalog: Catalog):
    config = search(loaded, catalog, "glm4v")["config"]
    ids = [config[name] for name in ("image_token_id", "video_token_id", "image_start_token_id")]
    assert all(number < config["text_config"]["vocab_size"] for number in ids)
    assert len(set(ids)) == len(ids)


def test_a_backbone_of_another_library_is_replaced_by_the_librarys_own(loaded: ForkServerLauncher, catalog: Catalog):
    recipe = search(loaded, catalog, "detr")
    assert recipe["status"] == "runs", recipe["notes"]
    assert recipe["config"]["backbone_config"]["model_type"] == "resnet"


def test_image_tokens_are_as_many_as_the_images_have_features(loaded: ForkServerLauncher, catalog: Catalog):
    plan = search(loaded, catalog, "llava")["plan"]
    marks = next(item for item in plan["inputs"] if item["name"] == "input_ids")["placeholders"]
    assert [mark["count"] for mark in marks] == [64], "eight patches a side, one feature each"
    assert plan["length"] > 64


def test_image_features_of_another_width_than_the_text_are_no_match(loaded: ForkServerLauncher, catalog: Catalog):
    """A tower of 3,584 in front of a text model of 8,192 gives as many numbers as other tokens hold, and no meaning."""
    recipe = search(loaded, catalog, "qwen2_5_vl", default={"vision_config": {"out_hidden_size": 3584}})
    assert (recipe["status"], recipe["missing"]) == ("runs", ["image", "video"]), "only its text model fits itself"


def test_a_correction_reaches_the_configuration(loaded: ForkServerLauncher, catalog: Catalog):
    recipe = search(loaded, catalog, "bert", config={"num_hidden_layers": 1})
    assert recipe["config"]["num_hidden_layers"] == 1
    assert recipe["status"] == "runs"


def test_what_was_tried_in_vain_is_told(loaded: ForkServerLauncher, catalog: Catalog):
    inputs = [{"name": "input_ids", "fill": "ones", "shape": ["B"], "dtype": "long"}]
    recipe = search(loaded, catalog, "bert", inputs=inputs)
    assert recipe["status"] == "failed"
    assert any("tiny BertForMaskedLM" in note for note in recipe["notes"])


def test_the_class_of_a_correction_is_taken_alone(loaded: ForkServerLauncher, catalog: Catalog):
    recipe = search(loaded, catalog, "bert", **{"class": "BertModel"})
    assert recipe["class"] == "BertModel"
    assert search(loaded, catalog, "bert", **{"class": "NoSuchModel"})["status"] == "no_class"


def test_a_plan_without_a_declared_modality_says_which(loaded: ForkServerLauncher, catalog: Catalog):
    tokens = {"name": "input_ids", "fill": "tokens", "shape": ["B", "L"], "dtype": "long", "low": 3, "high": 400}
    recipe = search(loaded, catalog, "llava", inputs=[tokens])
    assert (recipe["status"], recipe["missing"]) == ("runs", ["image"])


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_an_output_that_is_not_finite_is_a_fault(value: float, loaded: ForkServerLauncher):
    outcome = loaded.run("tests.engine.recipes.outputs:fault", {"value": value}, timeout_seconds=60.0)
    assert outcome.value == {"fault": "output logits is not finite"}, outcome.failure


@pytest.mark.parametrize("value", [1.0, float("-inf")])
def test_a_number_and_a_mask_are_no_fault(value: float, loaded: ForkServerLauncher):
    outcome = loaded.run("tests.engine.recipes.outputs:fault", {"value": value}, timeout_seconds=60.0)
    assert outcome.value == {"fault": None}, outcome.failure
