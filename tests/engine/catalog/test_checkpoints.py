"""Published checkpoints: the table reads well, and its configurations really have the published sizes.

Run as a program it counts every checkpoint on the meta device, so that torch stays out of the tests' own process.
"""

from __future__ import annotations

import gc
import inspect
import json
import subprocess
import sys
from collections.abc import Mapping
from copy import deepcopy
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from engine.catalog.checkpoints import (
    Checkpoint,
    load_checkpoints,
    named_as_sizes,
    parse_checkpoints,
    parse_size,
    size_names,
    sizes_of,
)
from engine.catalog.registry import Catalog
from engine.domain.model import Size, Tier
from engine.errors import InvalidValue, UnknownName

ROOT = Path(__file__).resolve().parents[3]
NAMES = sorted(load_checkpoints())
TOLERANCE = 0.01

Counted = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def counted() -> Counted:
    """Checkpoint -> what this module, run as a program, saw of it; diffusers are absent where the package is."""
    command = [sys.executable, "-m", __spec__.name if __spec__ else __name__]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def seen(name: str, counted: Counted) -> dict[str, Any]:
    if name not in counted:
        library = load_checkpoints()[name].library
        pytest.skip(f"{library} is not installed here; `pip install {library}` to count its checkpoints")
    return counted[name]


@pytest.mark.parametrize("name", NAMES)
def test_a_checkpoint_has_the_published_number_of_parameters(name: str, counted: Counted):
    assert seen(name, counted)["parameters"] == pytest.approx(load_checkpoints()[name].parameters, rel=TOLERANCE)


def test_every_setting_is_a_field_of_its_configuration_class(counted: Counted):
    """The library takes unknown fields without a word, so that a misspelt one would change nothing."""
    assert {name: found["unknown"] for name, found in counted.items() if found["unknown"]} == {}


def test_the_table_covers_many_types_of_the_catalogue(catalog: Catalog):
    known = load_checkpoints().values()
    types = {checkpoint.model_type for checkpoint in known if checkpoint.library == "transformers"}
    assert len(known) >= 60
    assert types - set(catalog.types) == set()
    assert {model.name for model in catalog.first_run} - types == set()
    assert {checkpoint.library for checkpoint in known} == {"transformers", "diffusers"}
    assert all(checkpoint.source for checkpoint in known)


def test_sizes_of_a_type_come_small_to_large_and_none_is_called_like_a_type(catalog: Catalog):
    assert list(sizes_of("gpt2")) == ["distilgpt2", "openai-community/gpt2", "gpt2-medium", "gpt2-large", "gpt2-xl"]
    assert sizes_of("no_such_type") == {}
    assert {*size_names()} & {*catalog.types, *Size} == set()


def test_checkpoints_that_share_their_short_name_keep_their_hub_ids():
    shared = parse_checkpoints(table("one/name") + table("two/name") + table("one/other"))
    assert list(named_as_sizes(shared.values())) == ["one/name", "two/name", "other"]


def test_a_checkpoint_is_chosen_by_its_id_and_by_the_part_after_the_slash(catalog: Catalog):
    for name in ("google-bert/bert-large-uncased", "bert-large-uncased"):
        chosen = catalog.choose_one(name)
        assert (chosen.model.name, chosen.size, chosen.name) == ("bert", "bert-large-uncased", "bert-large-uncased")
    large = size_names()["bert-large-uncased"]
    assert (large.library, large.model_class, large.config["hidden_size"]) == (
        "transformers",
        "BertForPreTraining",
        1024,
    )


def test_a_name_that_type_and_checkpoint_share_means_the_type(catalog: Catalog):
    assert catalog.choose_one("gpt2").size is None
    assert catalog.choose_one("openai-community/gpt2").size == "openai-community/gpt2"


def test_types_and_checkpoints_are_chosen_together_each_once(catalog: Catalog):
    names = ["bert-large-uncased", "bert", "google-bert/bert-large-uncased", "bert"]
    assert [chosen.name for chosen in catalog.choose(names)] == ["bert-large-uncased", "bert"]
    assert [model.name for model in catalog.select(names)] == ["bert"]
    tier = catalog.choose(tier=Tier.CRITICAL)
    assert [chosen.model for chosen in tier] == catalog.select(tier=Tier.CRITICAL)


def test_fields_that_a_checkpoint_sets_to_null_are_none():
    assert size_names()["DeepSeek-V2-Lite"].config["q_lora_rank"] is None


@pytest.mark.parametrize(
    ("name", "kind", "nearest"),
    [
        ("bert-large-uncasd", "model type", "bert-large-uncased"),
        ("brt", "model type", "bert"),
        ("LLAMA-3.1-8b", "model type", "Llama-3.1-8B"),
        ("meta-llama/Llama-3.1-8", "checkpoint", "meta-llama/Llama-3.1-8B"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest_types_and_checkpoints(
    catalog: Catalog, name: str, kind: str, nearest: str
):
    with pytest.raises(UnknownName, match=f"Unknown {kind}") as caught:
        catalog.choose_one(name)
    assert (caught.value.nearest[0], caught.value.field) == (nearest, "models")


def test_a_name_like_no_other_is_sent_to_the_command_that_lists_them(catalog: Catalog):
    with pytest.raises(UnknownName, match=r"`modeldyno catalog --checkpoints` lists them"):
        catalog.choose_one("zzzz/0000")


def test_a_checkpoint_of_a_type_that_the_catalogue_lacks_is_refused_with_the_reason(catalog: Catalog):
    without = Catalog(types={"bert": catalog.get("bert")}, transformers_version="5")
    with pytest.raises(InvalidValue, match=r"FLUX.1-dev is a checkpoint of .* in diffusers, which is no model type"):
        without.choose_one("black-forest-labs/FLUX.1-dev")


def test_a_size_is_read_as_cases_have_it():
    assert parse_size("bert", "tiny") is Size.TINY
    assert parse_size("bert", "google-bert/bert-large-uncased") == "bert-large-uncased"
    assert parse_size("gpt2", "gpt2") == "openai-community/gpt2"
    with pytest.raises(UnknownName, match=r"Unknown size 'bert-lrge-uncased'. Did you mean bert-large-uncased"):
        parse_size("bert", "bert-lrge-uncased")
    with pytest.raises(InvalidValue, match="bert-large-uncased is a checkpoint of bert, not of gpt2"):
        parse_size("gpt2", "bert-large-uncased")


ENTRY = {"model_type": '"bert"', "model_class": '"BertModel"', "parameters": "1", "source": '"s"'}


def table(name: str = "owner/name", **keys: str | None) -> str:
    """One entry in TOML with some of its keys replaced, added or, by None, left out."""
    lines = [f"{key} = {value}" for key, value in {**ENTRY, **keys}.items() if value is not None]
    return "\n".join([f'[checkpoints."{name}"]', *lines, ""])


def test_an_entry_without_settings_is_the_default_configuration():
    (checkpoint,) = parse_checkpoints(table()).values()
    assert checkpoint == Checkpoint(
        name="owner/name",
        model_type="bert",
        library="transformers",
        model_class="BertModel",
        config={},
        parameters=1,
        source="s",
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (table(source=None, model_type=None), "lacks model_type, source; add what is missing"),
        (table(colour='"red"'), "unknown keys colour; use model_type, "),
        (table(parameters='"110M"'), "gives parameters as '110M'; make it a whole number"),
        (table(parameters="true"), "gives parameters as True; make it a whole number"),
        (table(parameters="0"), "gives parameters as 0; state what was published"),
        (table(source='""'), "gives source as ''; state what was published"),
        (table(config="[1]"), r"gives config as \[1\]; make it a table"),
        (table(nulls="[1]"), r"gives nulls as \[1\]; make it a list of texts"),
        (table(nulls='["a"]', config="{ a = 1 }"), "sets a in config and in nulls; keep one of them"),
        (table(library='"timm"'), "names the library 'timm'; choose one of transformers, diffusers"),
        ('[checkpoints]\n"owner/name" = 1', "is no table; give it model_type, "),
    ],
)
def test_a_faulty_entry_is_refused_by_name(text: str, message: str):
    with pytest.raises(InvalidValue, match=rf'^\[checkpoints\."owner/name"\] of checkpoints\.toml .*{message}'):
        parse_checkpoints(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[checkpoints", "not valid TOML"),
        ("[tiers]\nhigh = 1", "holds more than checkpoints"),
        ("checkpoints = 1", "holds more than checkpoints"),
        (
            "[checkpoints.bert]\nparameters = 1",
            r'\[checkpoints\."bert"\] .* not keyed by a hub id; write it as owner/name',
        ),
    ],
)
def test_a_faulty_table_is_refused(text: str, message: str):
    with pytest.raises(InvalidValue, match=message):
        parse_checkpoints(text)


def test_loading_imports_neither_torch_nor_transformers():
    program = (
        "import sys; from engine.catalog.checkpoints import load_checkpoints; "
        "print(len(load_checkpoints()), {'torch', 'transformers', 'diffusers'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split(maxsplit=1) == [str(len(NAMES)), "set()\n"]


def count_all() -> Counted:
    """Per checkpoint of an installed library: its parameters, and its settings that the library does not know."""
    count_one = {"transformers": count_transformers, "diffusers": count_diffusers}
    installed = {library for library in count_one if find_spec(library)}
    gc.disable()  # a third of the time, and nothing here holds data
    return {
        name: count_one[checkpoint.library](checkpoint)
        for name, checkpoint in load_checkpoints().items()
        if checkpoint.library in installed
    }


def count_transformers(checkpoint: Checkpoint) -> dict[str, Any]:
    import torch
    import transformers

    config = transformers.AutoConfig.for_model(checkpoint.model_type, **deepcopy(dict(checkpoint.config)))
    model_class = getattr(transformers, checkpoint.model_class)
    with torch.device("meta"):
        model = model_class(config)
    source = inspect.getsource(sys.modules[model_class.__module__])
    default = transformers.AutoConfig.for_model(checkpoint.model_type)
    unknown = [key for key in unknown_keys(checkpoint.config, default) if f'"{key}"' not in source]
    return {"parameters": count(model), "unknown": unknown}


def unknown_keys(settings: Mapping[str, Any], default: Any) -> list[str]:
    """Settings that the default configuration lacks, sub-configurations included.

    A model class may still read one by name, with a default of its own: DeBERTa's position_buckets.
    """
    unknown = []
    for key, value in settings.items():
        if not hasattr(default, key):
            unknown.append(key)
        elif isinstance(value, dict) and not isinstance(getattr(default, key), dict):
            unknown += unknown_keys(value, getattr(default, key))
    return unknown


def count_diffusers(checkpoint: Checkpoint) -> dict[str, Any]:
    """A setting that a class of diffusers does not know stops its construction."""
    import diffusers
    import torch

    with torch.device("meta"):
        model = getattr(diffusers, checkpoint.model_class)(**deepcopy(dict(checkpoint.config)))
    return {"parameters": count(model), "unknown": []}


def count(model: Any) -> int:
    """A tied parameter counts once."""
    return sum(parameter.numel() for parameter in model.parameters())


if __name__ == "__main__":
    print(json.dumps(count_all()))
