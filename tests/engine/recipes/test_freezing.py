"""What freezing adds to a found recipe, run for real in child processes."""

from __future__ import annotations

from typing import Any

import pytest

from engine.benchmarking.fork_server import ForkServerLauncher
from engine.catalog import library
from engine.catalog.classify import offered_classes
from engine.catalog.registry import Catalog
from engine.recipes.corrections import load_corrections


def frozen(loaded: ForkServerLauncher, catalog: Catalog, name: str) -> dict[str, Any]:
    model = catalog.get(name)
    tables = library.read_name_tables(library.library_folder())
    outcome = loaded.run(
        "engine.recipes.freezing.freeze:freeze",
        {
            "model_type": name,
            "module": model.module,
            "offered": offered_classes(model, tables),
            "seconds": 60.0,
            "override": load_corrections().get(name, {}),
        },
        timeout_seconds=120.0,
    )
    assert outcome.ok and outcome.value is not None, outcome.failure
    return outcome.value


def named(row: dict[str, Any], name: str, key: str = "inputs") -> dict[str, Any]:
    return next(item for item in row[key] if item["name"] == name)


def test_an_image_is_as_large_as_the_configuration_says_at_both_sizes(loaded: ForkServerLauncher, catalog: Catalog):
    row = frozen(loaded, catalog, "vit")
    assert named(row, "pixel_values")["shape"] == [
        "B", "config.num_channels", "config.image_size", "config.image_size",
    ]  # fmt: skip
    assert "default_inputs" not in row
    assert (row["sides"], row["resizing"]) == ({"tiny": 128, "default": 224}, "interpolate")
    assert row["parameters"] == {"tiny": row["parameters"]["tiny"], "default": 85_800_194}
    assert row["default_shown"] == "meta"


def test_image_sizes_that_no_field_tells_are_told_for_each_size(loaded: ForkServerLauncher, catalog: Catalog):
    row = frozen(loaded, catalog, "resnet")
    assert named(row, "pixel_values")["shape"][2:] == [64, 64]
    assert named(row, "pixel_values", "default_inputs")["shape"][2:] == [224, 224]
    assert row["resizing"] == "plain"


def test_placeholders_are_counted_by_an_expression_that_holds_for_the_default(
    loaded: ForkServerLauncher, catalog: Catalog
):
    row = frozen(loaded, catalog, "paligemma")
    (mark,) = named(row, "input_ids")["placeholders"]
    assert mark["count"] == "config.text_config.num_image_tokens"
    assert row["lengths"]["default"] > 256
    assert row["default_shown"] == "few layers", "a model that counts its placeholders needs numbers"


def test_patches_are_as_wide_as_channels_and_sides_make_them(loaded: ForkServerLauncher, catalog: Catalog):
    vision = "config.vision_config"
    width = f"{vision}.in_channels * {vision}.temporal_patch_size * {vision}.patch_size ** 2"
    assert named(frozen(loaded, catalog, "qwen2_vl"), "pixel_values")["shape"] == ["B*64", width]


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("bert", "config.max_position_embeddings"),
        ("roberta", "config.max_position_embeddings - 2"),
        ("mamba", None),
        ("clip", "config.text_config.max_position_embeddings"),
    ],
)
def test_the_longest_text_is_what_the_model_itself_can_read(
    name: str, limit: str | None, loaded: ForkServerLauncher, catalog: Catalog
):
    row = frozen(loaded, catalog, name)
    assert (row["limit"], row["unit"]) == (limit, "tokens")


def test_a_text_shorter_than_usual_is_found_where_the_table_of_positions_is_short(
    loaded: ForkServerLauncher, catalog: Catalog
):
    assert frozen(loaded, catalog, "clip")["lengths"] == {"tiny": 16, "default": 77}


def test_sound_is_as_long_as_asked_and_a_transcript_short(loaded: ForkServerLauncher, catalog: Catalog):
    wave = frozen(loaded, catalog, "wav2vec2")
    assert (wave["unit"], wave["lengths"]) == ("samples", {"tiny": 4_000, "default": 16_000})
    assert named(wave, "input_values")["shape"] == ["B", "L"]
    spoken = frozen(loaded, catalog, "whisper")
    assert spoken["unit"] is None
    assert named(spoken, "decoder_input_ids")["shape"] == ["B", 4]
    assert named(spoken, "input_features")["shape"][1:] == ["config.num_mel_bins", "2 * config.max_source_positions"]


@pytest.mark.parametrize(
    ("name", "without", "arguments"),
    [
        ("gpt2", [], {}),
        ("bart", ["decoder_input_ids"], {}),
        ("t5", ["decoder_input_ids"], {"decoder_start_token_id": 0, "pad_token_id": 0}),
    ],
)
def test_generation_says_what_the_default_leaves_open(
    name: str, without: list[str], arguments: dict[str, int], loaded: ForkServerLauncher, catalog: Catalog
):
    generation = frozen(loaded, catalog, name)["generation"]
    assert (generation["kind"], generation["without"], generation["arguments"]) == ("tokens", without, arguments)


@pytest.mark.parametrize(
    ("name", "arguments", "more"),
    [
        ("vibevoice", {"return_dict_in_generate": True}, {}),
        ("clvp", {"return_dict_in_generate": True}, {"answer": "speech_ids"}),
        ("higgs_audio_v2", {"min_new_tokens": None}, {"at_most": True}),
    ],
)
def test_generation_may_need_another_kind_of_answer_or_refuse_a_least_length(
    name: str, arguments: dict[str, Any], more: dict[str, Any], loaded: ForkServerLauncher, catalog: Catalog
):
    generation = frozen(loaded, catalog, name)["generation"]
    assert {key: value for key, value in generation.items() if key != "shape"} == {
        "without": [],
        "arguments": arguments,
        "kind": "tokens",
        **more,
    }


def test_a_transcript_that_ends_with_its_sound_begins_without_a_prompt(loaded: ForkServerLauncher, catalog: Catalog):
    generation = frozen(loaded, catalog, "voxtral_realtime")["generation"]
    assert generation["without"] == ["attention_mask", "input_ids"]
    assert (generation["shape"], generation["at_most"]) == ([2, 1 + 4], True)


def test_generated_latents_of_sound_are_the_answer_and_not_the_tokens_that_stand_for_them(
    loaded: ForkServerLauncher, catalog: Catalog
):
    row = frozen(loaded, catalog, "pocket_tts")
    generation = row["generation"]
    assert named(row, "input_ids")["last"] == "config.audio_bos_token_id"
    assert (generation["kind"], generation["answer"]) == ("audio", "audio_latents")
    assert generation["shape"][:2] == [2, 4]


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("phi4_multimodal", [2, 64 + 4]),
        ("musicgen_decoder", [2, 4, 15 + 4]),
        ("bark", [2, 4]),
        ("pop2piano", [2, 1 + 4]),
    ],
)
def test_expressions_and_configurations_among_the_arguments_lead_to_four_new_tokens(
    name: str, shape: list[int], loaded: ForkServerLauncher, catalog: Catalog
):
    generation = frozen(loaded, catalog, name)["generation"]
    assert (generation["kind"], generation["shape"]) == ("tokens", shape)
    assert any(isinstance(value, str | list | dict) for value in generation["arguments"].values())


@pytest.mark.parametrize(("name", "tokens"), [("minicpm_ocr", 16), ("minicpmv4_6", 4), ("minicpmv4_7", 4)])
def test_images_that_a_prompt_has_room_for_take_part_in_generation(
    name: str, tokens: int, loaded: ForkServerLauncher, catalog: Catalog
):
    row = frozen(loaded, catalog, name)
    (mark,) = named(row, "input_ids")["placeholders"]
    assert (mark["token"], mark["count"]) == ("config.image_token_id", tokens)
    assert (row["generation"]["kind"], row["generation"]["without"]) == ("tokens", [])


@pytest.mark.parametrize("name", ["csm_depth_decoder_model", "qwen2_audio"])
def test_a_state_or_a_sound_that_goes_into_the_prompt_is_generated_from(
    name: str, loaded: ForkServerLauncher, catalog: Catalog
):
    generation = frozen(loaded, catalog, name)["generation"]
    assert (generation["kind"], generation["without"], generation["arguments"]) == ("tokens", [], {})


def test_labels_for_every_frame_are_not_as_many_tokens_as_asked_for(loaded: ForkServerLauncher, catalog: Catalog):
    generation = frozen(loaded, catalog, "parakeet_ctc")["generation"]
    assert generation == {"reason": "generate() returns the shape [2, 16] whatever number is asked for"}


def test_a_classifier_does_not_generate_and_needs_no_reason(loaded: ForkServerLauncher, catalog: Catalog):
    assert frozen(loaded, catalog, "vit")["generation"] == {"reason": None}


def test_experts_tell_where_their_tokens_went(loaded: ForkServerLauncher, catalog: Catalog):
    assert frozen(loaded, catalog, "mixtral")["routing"] == "config.num_experts_per_tok"
    assert frozen(loaded, catalog, "gpt2")["routing"] is None


def test_a_default_that_cannot_be_counted_says_why(loaded: ForkServerLauncher, catalog: Catalog):
    row = frozen(loaded, catalog, "detr")
    assert row["parameters"]["default"] is None
    assert "timm" in row["uncounted"]


def test_a_missing_package_is_named(loaded: ForkServerLauncher, catalog: Catalog):
    row = frozen(loaded, catalog, "dinat")
    assert (row["status"], row["package"]) == ("needs", "natten")


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("glm_ocr", "few layers"),
        ("glm4v", "few layers, weights sharing memory"),
        ("qwen3_omni_moe", "few layers, all words, weights sharing memory"),
        ("clap", "all layers, weights sharing memory"),
    ],
)
def test_a_default_too_large_to_be_tried_is_shown_by_what_stands_in_for_it(
    name: str, how: str, loaded: ForkServerLauncher, catalog: Catalog
):
    assert frozen(loaded, catalog, name)["default_shown"] == how


def test_a_default_that_lacks_the_word_of_its_placeholder_gets_it(loaded: ForkServerLauncher, catalog: Catalog):
    row = frozen(loaded, catalog, "modernvbert")
    assert row["default"]["text_config"]["vocab_size"] == 50_408, "50,368 words, and an image that is the 50,408th"
    assert row["default_shown"] == "few layers"
    (mark,) = named(row, "input_ids")["placeholders"]
    side = "config.vision_config.image_size // config.vision_config.patch_size"
    assert mark["count"] == f"({side} // config.pixel_shuffle_factor) ** 2"


def test_a_placeholder_that_no_word_is_looked_up_for_needs_none(loaded: ForkServerLauncher, catalog: Catalog):
    row = frozen(loaded, catalog, "granite_speech")
    assert row["default_shown"] == "few layers, all words, weights sharing memory"
    assert "text_config" not in row["default"]


def test_a_text_in_another_input_is_as_long_as_its_positions(loaded: ForkServerLauncher, catalog: Catalog):
    assert frozen(loaded, catalog, "omdet-turbo")["lengths"]["default"] == 77


def test_a_series_has_the_windows_of_its_configuration(loaded: ForkServerLauncher, catalog: Catalog):
    row = frozen(loaded, catalog, "time_series_transformer")
    past = "config.context_length + config.lags_sequence[-1]"
    assert named(row, "past_values")["shape"] == ["B", past]
    assert named(row, "past_time_features")["shape"] == ["B", past, "config.num_time_features"]
    assert named(row, "future_values")["shape"] == ["B", "config.prediction_length"]
    assert "default_inputs" not in row


def test_stacked_frames_are_as_wide_as_what_projects_them_and_as_many_as_there_are(
    loaded: ForkServerLauncher, catalog: Catalog
):
    row = frozen(loaded, catalog, "seamless_m4t")
    assert named(row, "input_features")["shape"] == ["B", 128, "config.feature_projection_input_dim"]
    assert "default_inputs" not in row
