"""What counts as a modality given, as one left out, and as one that a model cannot be given."""

from __future__ import annotations

import inspect
from types import SimpleNamespace

import pytest

from engine.benchmarking.fork_server import ForkServerLauncher
from engine.catalog.registry import Catalog
from engine.recipes.search.inputs import Input, Plan
from engine.recipes.search.modalities import missing_modalities
from tests.engine.recipes.corrected import corrected, names_of, search

TOKENS = {"name": "input_ids", "fill": "tokens", "shape": ["B", "L"], "dtype": "long", "low": 3, "high": 400}


@pytest.mark.parametrize(
    ("model_type", "inputs"),
    [
        ("sam", {"pixel_values", "input_points", "input_labels"}),
        ("blt", {"input_ids", "attention_mask"}),
        ("deepseek_ocr2_sam_vision_model", {"pixel_values"}),
    ],
)
def test_a_modality_that_no_argument_could_carry_is_not_missing(
    model_type: str, inputs: set[str], loaded: ForkServerLauncher, catalog: Catalog
):
    recipe = corrected(loaded, catalog, model_type)
    assert (recipe["status"], recipe["missing"]) == ("runs", []), recipe["notes"]
    assert names_of(recipe) == inputs
    assert recipe["rung"] == "tiny", "nothing is looked for at larger sizes in vain"


def test_one_that_only_the_model_behind_further_keywords_takes_is_missing(loaded: ForkServerLauncher, catalog: Catalog):
    """The head's forward pass names no audio, and hands all it does not know on to a model that does."""
    recipe = search(
        loaded,
        catalog,
        "qwen3_asr",
        inputs=[TOKENS],
        config={"num_labels": 2},
        **{"class": "Qwen3ASRForTokenClassification"},
    )
    assert (recipe["status"], recipe["missing"]) == ("runs", ["audio"]), recipe["notes"]


class Declared:
    """A model that declares more than it runs with."""

    def forward(self, pixel_values: None = None, input_points: None = None, input_ids: None = None) -> None: ...


class WithoutText:
    def forward(self, pixel_values: None = None, input_points: None = None) -> None: ...


def missing(model_class: type, *given: str) -> set[str]:
    """Modalities that are missing of text and image when `given` are the arguments."""
    subject = SimpleNamespace(
        model_class=model_class,
        config=None,
        parameters=dict.fromkeys(inspect.signature(model_class.forward).parameters),
        modalities={"text", "image"},
    )
    plan = Plan(inputs=tuple(Input(name=name, fill="ones", shape=("B", 2)) for name in given))
    return missing_modalities(subject, plan)


def test_points_are_no_text():
    assert missing(Declared, "pixel_values", "input_points", "attention_mask") == {"text"}
    assert missing(Declared, "pixel_values", "input_ids") == set()


def test_text_is_missing_only_where_it_could_be_given():
    assert missing(WithoutText, "pixel_values", "input_points") == set()
    assert missing(WithoutText, "input_points") == {"image"}


def test_codes_beside_each_word_are_audio(loaded: ForkServerLauncher, catalog: Catalog):
    recipe = corrected(loaded, catalog, "kyutai_speech_to_text")
    assert (recipe["status"], recipe["missing"]) == ("runs", []), recipe["notes"]
    words = search(loaded, catalog, "kyutai_speech_to_text", inputs=[TOKENS])
    assert words["status"] == "failed" or words["missing"] == ["audio"]


@pytest.mark.parametrize(
    ("model_type", "name"),
    [
        ("visual_bert", "visual_embeds"),
        ("pocket_tts", "audio_prompt_latents"),
        ("gradium_phonon_tts", "audio_prompt_latents"),
        ("qwen3_asr", "input_features"),
        ("colqwen2", "pixel_values"),
    ],
)
def test_a_modality_comes_under_the_name_that_the_model_gives_it(
    model_type: str, name: str, loaded: ForkServerLauncher, catalog: Catalog
):
    recipe = corrected(loaded, catalog, model_type)
    assert (recipe["status"], recipe["missing"]) == ("runs", []), recipe["notes"]
    assert name in names_of(recipe)


@pytest.mark.parametrize("model_type", ["qwen2_5_omni", "qwen3_omni_moe"])
def test_a_model_that_only_generates_is_run_by_its_part(model_type: str, loaded: ForkServerLauncher, catalog: Catalog):
    recipe = corrected(loaded, catalog, model_type)
    assert (recipe["status"], recipe["missing"], recipe["part"]) == ("runs", [], "thinker_config"), recipe["notes"]
    assert recipe["class"].endswith("ThinkerForConditionalGeneration")
    assert {"thinker_config", "talker_config"} <= set(recipe["config"]), "the configuration is still the whole model's"
    assert {"input_ids", "input_features", "pixel_values"} <= names_of(recipe)
    assert recipe["parameters"] < 20_000_000, "the talker and the vocoder are not built"
