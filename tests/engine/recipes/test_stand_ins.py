"""What stands in for a default too large to be tried: how it is cut, and what may not be cut."""

from __future__ import annotations

from typing import Any

import pytest

from engine.benchmarking.fork_server import ForkServerLauncher
from engine.recipes.search.inputs import Input, Plan
from engine.recipes.search.repair import repaired

CHILD = "tests.engine.recipes.stand_ins"
ALL_WORDS = 10**9


def answer(loaded: ForkServerLauncher, function: str, **arguments: Any) -> Any:
    outcome = loaded.run(f"{CHILD}:{function}", arguments, timeout_seconds=60.0)
    assert outcome.value is not None, outcome.failure
    return outcome.value


def test_weights_that_share_memory_take_up_what_the_largest_needs(loaded: ForkServerLauncher):
    model = answer(loaded, "shared", most=200_000)
    assert model["kept"] == model["largest"] < model["numbers"]
    assert (model["shape"], model["finite"]) == ([1, 8, 1_000], True)


def test_a_parameter_that_is_too_large_alone_is_refused(loaded: ForkServerLauncher):
    outcome = loaded.run(f"{CHILD}:shared", {"most": 50}, timeout_seconds=60.0)
    assert outcome.failure is not None
    assert "at most 50 are tried" in outcome.failure.reason


def test_a_tower_stays_as_deep_as_its_layers_are_read(loaded: ForkServerLauncher):
    assert answer(loaded, "tower_layers", model_type="vipllava") == {"layers": 24}, "the 11th from the end is read"
    deep = {"vision_config": {"num_hidden_layers": 27}, "deepstack_layer_map": [[-19, 9], [-1, 0]]}
    assert answer(loaded, "tower_layers", model_type="granite4_vision", default=deep) == {"layers": 27}
    assert answer(loaded, "tower_layers", model_type="llava") == {"layers": 2}, "the last but one is all that is read"


def test_a_placeholder_beyond_the_vocabulary_gets_a_word(loaded: ForkServerLauncher):
    found = answer(loaded, "words", model_type="llava", token="config.image_token_id")["arguments"]
    assert (found["text_config"]["model_type"], found["text_config"]["vocab_size"]) == ("llama", 32_001)
    assert answer(loaded, "words", model_type="qwen2_vl", token="config.image_token_id") == {"arguments": {}}


def test_the_words_of_a_part_are_told_to_the_whole(loaded: ForkServerLauncher):
    found = answer(
        loaded, "words", model_type="qwen3_omni_moe", part="thinker_config", token="config.image_token_id"
    )["arguments"]  # fmt: skip
    assert found["thinker_config"]["text_config"]["vocab_size"] == 151_656


def test_all_words_may_stay_with_their_numbers(loaded: ForkServerLauncher):
    few = answer(loaded, "cut", model_type="llava_onevision", words=512)["arguments"]
    assert few["image_token_id" if "image_token_id" in few else "image_token_index"] < 512
    every = answer(loaded, "cut", model_type="llava_onevision", words=ALL_WORDS)["arguments"]
    assert not {"image_token_id", "image_token_index"} & set(every)
    assert "vocab_size" not in every["text_config"]


def test_the_table_of_hashed_bytes_is_a_vocabulary(loaded: ForkServerLauncher):
    few = answer(loaded, "cut", model_type="blt", words=512, default={"use_cache": False})["arguments"]
    assert few["encoder_hash_byte_group_vocab"] == 512


def test_experts_that_a_correction_tells_are_cut_with_those_of_a_token(loaded: ForkServerLauncher):
    few = answer(
        loaded,
        "cut",
        model_type="deepseek_v2",
        words=512,
        default={"num_experts_per_tok": 6, "moe_intermediate_size": 1408},
    )["arguments"]
    assert (few["n_routed_experts"], few["num_experts_per_tok"]) == (4, 2)


@pytest.mark.parametrize("name", ["input_ids", "classes_input_ids"])
def test_a_text_is_as_short_as_the_table_of_positions_asks(name: str):
    plan = Plan(inputs=(Input(name=name, fill="tokens", shape=("B", "L"), dtype="long"),), length=128)
    error = ValueError(
        "Sequence length must be less than max_position_embeddings "
        "(got `sequence length`: 128 and max_position_embeddings: 77"
    )

    class Nothing:
        def takes(self, _: str) -> bool:
            return False

    found = repaired(plan, Nothing(), error, 2)  # type: ignore[arg-type]
    assert found is not None
    assert found.length == 77
