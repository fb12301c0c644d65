"""The catalogue of the library that is really installed."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from engine.catalog import cache
from engine.catalog.overrides import overrides_path, parse_overrides
from engine.catalog.registry import Catalog, load_catalog, scan
from engine.domain.model import Family, Tier
from engine.errors import InvalidValue, UnknownName

FIRST_RUN = {
    "bert": (Family.TEXT_ENCODER, "fill-mask", ()),
    "distilbert": (Family.TEXT_ENCODER, "fill-mask", ()),
    "roberta": (Family.TEXT_ENCODER, "fill-mask", ()),
    "gpt2": (Family.TEXT_DECODER, "text-generation", ("generates",)),
    "llama": (Family.TEXT_DECODER, "text-generation", ("generates",)),
    "mixtral": (Family.TEXT_DECODER, "text-generation", ("mixture_of_experts", "generates")),
    "mamba": (Family.TEXT_DECODER, "text-generation", ("state_space", "generates")),
    "t5": (Family.TEXT_TO_TEXT, "text2text-generation", ("encoder_decoder", "generates")),
    "bart": (Family.TEXT_TO_TEXT, "text2text-generation", ("encoder_decoder", "generates")),
    "vit": (Family.VISION, "image-classification", ()),
    "clip": (Family.VISION_TEXT, "zero-shot-image-classification", ()),
    "whisper": (Family.AUDIO, "automatic-speech-recognition", ("encoder_decoder", "generates")),
    "wav2vec2": (Family.AUDIO, "automatic-speech-recognition", ()),
}


def test_every_registered_type_is_listed(catalog: Catalog):
    assert len(catalog.types) > 500
    assert all(model.module and model.config_class for model in catalog.types.values())
    offered = [model for model in catalog.types.values() if model.model_class]
    assert len(offered) > 400
    assert all(model.task for model in offered)


def test_the_types_of_the_first_run_have_their_family_task_and_traits(catalog: Catalog):
    described = {model.name: (model.family, model.task, model.traits) for model in catalog.first_run}
    assert described == FIRST_RUN


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("qwen3", Family.TEXT_DECODER),
        ("albert", Family.TEXT_ENCODER),
        ("marian", Family.TEXT_TO_TEXT),
        ("detr", Family.VISION),
        ("qwen2_vl", Family.VISION_TEXT),
        ("hubert", Family.AUDIO),
        ("musicgen", Family.AUDIO),
        ("videomae", Family.VIDEO),
        ("autoformer", Family.TIME_SERIES),
    ],
)
def test_families_of_types_without_an_override_are_read_from_the_library(catalog: Catalog, name: str, family: Family):
    assert catalog.get(name).family is family


def test_an_unknown_type_is_answered_with_the_nearest(catalog: Catalog):
    with pytest.raises(UnknownName, match="Did you mean bert") as caught:
        catalog.get("brt")
    assert caught.value.field == "models"


def test_a_tier_selects_only_runnable_types_and_includes_the_tiers_above(catalog: Catalog):
    critical = catalog.select([], Tier.CRITICAL)
    high = catalog.select([], Tier.HIGH)
    assert 0 < len(critical) < len(high)
    assert high[: len(critical)] == critical
    assert all(model.runnable for model in high)
    assert catalog.select([], Tier.LOW) and len(catalog.select([], Tier.LOW)) == len(catalog.runnable)


def test_named_types_come_in_the_order_given_even_those_that_do_not_run(catalog: Catalog):
    assert [model.name for model in catalog.select(["vit", "nougat", "vit"])] == ["vit", "nougat"]


def test_every_override_meets_a_type_and_gives_a_reason(catalog: Catalog):
    document = tomllib.loads(overrides_path().read_text(encoding="utf-8"))
    named = [name for entry in document["tiers"].values() for name in entry["types"]]
    assert len(named) == len(set(named))
    assert [name for name in [*named, *document["types"]] if name not in catalog.types] == []
    assert all(entry["reason"] for group in ("tiers", "types") for entry in document[group].values())
    assert document["first_run"]["reason"]
    assert [name for name in document["first_run"]["types"] if not catalog.get(name).runnable] == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[types.bert]\ndisplay_name = "B"', "gives no reason"),
        ('[types.bert]\nreason = "r"\ncolour = "red"', "unknown keys colour"),
        ('[types.bert]\nreason = "r"\ntier = "top"', "names the tier 'top'"),
        ('[types.bert]\nreason = "r"\nfamily = "birds"', "names the family 'birds'"),
        ('[tiers.top]\nreason = "r"\ntypes = []', "names the tier 'top'"),
        ("[types", "not valid TOML"),
    ],
)
def test_a_faulty_overrides_file_is_refused(text: str, message: str):
    with pytest.raises(InvalidValue, match=message):
        parse_overrides(text)


def test_an_override_replaces_what_the_library_says():
    overrides = parse_overrides('[types.bert]\nreason = "r"\ntier = "medium"\nfamily = "other"\ntask = "mine"')
    bert = next(model for model in scan(overrides) if model.name == "bert")
    assert (bert.tier, bert.family, bert.task) == (Tier.MEDIUM, Family.OTHER, "mine")


def test_a_second_load_reads_what_the_first_one_saved(tmp_path: Path):
    first = load_catalog(tmp_path)
    assert load_catalog(tmp_path) == first
    (saved,) = tmp_path.glob("catalog-*.json")
    saved.write_text(saved.read_text().replace('"DistilBERT"', '"read from the cache"'))
    assert load_catalog(tmp_path).get("distilbert").display_name == "read from the cache"


def test_a_damaged_cache_is_scanned_anew(tmp_path: Path):
    first = load_catalog(tmp_path)
    (saved,) = tmp_path.glob("catalog-*.json")
    saved.write_text('[{"name": "bert"}]')
    assert load_catalog(tmp_path) == first


def test_a_cache_folder_that_cannot_be_made_does_not_stop_the_scan(tmp_path: Path):
    (tmp_path / "file").write_text("")
    assert len(load_catalog(tmp_path / "file" / "cache").types) > 500


def test_the_cache_key_follows_the_overrides():
    folder = Path("library")
    assert cache.key_of("5.23.0", "a", folder) != cache.key_of("5.23.0", "b", folder)


def test_loading_imports_neither_torch_nor_transformers(tmp_path: Path):
    program = (
        "import json, sys; from pathlib import Path; from engine.catalog.registry import load_catalog; "
        f"count = len(load_catalog(Path({str(tmp_path)!r})).types); "
        "print(json.dumps([count, sorted({'torch', 'transformers'} & set(sys.modules))]))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    count, heavy = json.loads(done.stdout)
    assert count > 500
    assert heavy == []
