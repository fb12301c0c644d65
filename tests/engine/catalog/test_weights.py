"""What is known of trained weights before they are loaded, and what is refused."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest

from engine.catalog import hub
from engine.catalog.chosen import model_of_weights
from engine.catalog.digest import digest_of
from engine.catalog.registry import Catalog
from engine.catalog.weights import absolute_name, find_weights, is_in_part
from engine.errors import InvalidValue
from tests.checkpoint_folder import BERT_CONFIG, a_checkpoint, safetensors


def refusal(name: str, **how: bool) -> str:
    with pytest.raises(InvalidValue) as caught:
        find_weights(name, **how)
    assert caught.value.field == "checkpoint"
    return caught.value.message


def test_a_folder_tells_its_type_class_and_parameters(tmp_path: Path):
    found = find_weights(str(a_checkpoint(tmp_path)))
    assert (found.name, found.model_type, found.saved_class) == (str(tmp_path), "bert", "BertModel")
    assert (found.parameters, found.longest_sequence, found.is_pickled) == (21, 64, False)


def test_every_shard_of_an_index_is_counted(tmp_path: Path):
    a_checkpoint(tmp_path)
    (tmp_path / "model.safetensors").rename(tmp_path / "model-00001-of-00002.safetensors")
    (tmp_path / "model-00002-of-00002.safetensors").write_bytes(safetensors({"c": [3]}))
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors", "c": "model-00002-of-00002.safetensors"}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    assert find_weights(str(tmp_path)).parameters == 24
    (tmp_path / "model-00002-of-00002.safetensors").unlink()
    assert "lacks 1 of 2 weights files, such as model-00002" in refusal(str(tmp_path))


def test_an_index_that_leads_out_of_its_folder_is_not_followed(tmp_path: Path):
    a_checkpoint(tmp_path)
    (tmp_path / "model.safetensors").rename(tmp_path.parent / "outside.safetensors")
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": "../outside.safetensors"}}))
    assert "outside its folder" in refusal(str(tmp_path))


def test_another_content_has_another_digest_even_at_the_same_size(tmp_path: Path):
    before = find_weights(str(a_checkpoint(tmp_path / "one"))).digest
    assert find_weights(str(a_checkpoint(tmp_path / "two"))).digest == before
    assert find_weights(str(a_checkpoint(tmp_path / "one", fill=b"\1"))).digest != before
    assert find_weights(str(a_checkpoint(tmp_path / "two", {**BERT_CONFIG, "vocab_size": 129}))).digest != before


def test_the_digest_of_a_hub_file_is_its_name_there(tmp_path: Path):
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / ("ab" * 32)).write_bytes(b"what it was when the hub named it")
    (tmp_path / "model.safetensors").symlink_to(tmp_path / "blobs" / ("ab" * 32))
    (tmp_path / "other.safetensors").write_bytes(b"what it was when the hub named it")
    assert digest_of([tmp_path / "model.safetensors"]) != digest_of([tmp_path / "other.safetensors"])


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda folder: (folder / "config.json").unlink(), "has no config.json"),
        (lambda folder: (folder / "config.json").write_text("{"), "is no JSON"),
        (lambda folder: (folder / "config.json").write_text("[]"), "holds no fields"),
        (lambda folder: (folder / "config.json").write_text("{}"), "names no model_type"),
        (
            lambda folder: (folder / "config.json").write_text('{"_class_name": "UNet2DModel"}'),
            "it is of UNet2DModel, which diffusers reads",
        ),
        (lambda folder: (folder / "model.safetensors").unlink(), "has no weights: neither model.safetensors"),
        (
            lambda folder: (folder / "model.safetensors").rename(folder / "model.onnx"),
            "has no weights: neither model.safetensors nor its index; model.onnx is not read",
        ),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"short"), "no whole safetensors file"),
        (
            lambda folder: (folder / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:-1]),
            "it is cut short",
        ),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"\x02" + b"\0" * 7 + b"{]"), "is no JSON"),
    ],
)
def test_a_folder_that_is_no_checkpoint_is_refused_with_the_reason(tmp_path: Path, spoil, words: str):
    folder = a_checkpoint(tmp_path)
    spoil(folder)
    assert words in refusal(str(folder))


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path):
    assert "does not exist" in refusal(str(tmp_path / "nowhere"))
    (tmp_path / "file").write_text("")
    assert "is a file" in refusal(str(tmp_path / "file"))


def test_a_pickle_is_refused_unless_it_is_allowed(tmp_path: Path):
    folder = a_checkpoint(tmp_path)
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps({"a": 1}))
    assert "a pickle can run code" in refusal(str(folder)) and "--allow-pickle" in refusal(str(folder))
    assert find_weights(str(folder), allow_pickle=True).is_pickled


@pytest.mark.parametrize("text", ["no id at all", "-x/y", "a/b..c", "über/modell", "x" * 97, "a/b.git"])
def test_what_is_no_hub_id_is_refused(text: str):
    assert not hub.is_hub_id(text)
    assert "neither a folder here nor a hub id" in refusal(text)


def test_a_hub_id_that_the_cache_lacks_says_how_to_get_it():
    message = refusal("nobody/has-this")
    assert all(words in message for words in ("`hf download nobody/has-this`", "the folder's path", "HF_HOME"))


@pytest.mark.parametrize(
    ("files", "in_part"),
    [
        (("config.json",), True),
        (("model.safetensors",), True),
        (("config.json", "model.safetensors"), False),
        (("config.json", "pytorch_model.bin"), False),
        (("config.json", "tf_model.h5"), False),
        (("config.json", "training_args.bin"), True),
        (("config.json", "model.safetensors.index.json"), False),
        (("adapter_config.json",), False),
    ],
)
def test_what_more_files_would_not_mend_is_not_called_in_part(tmp_path: Path, files: tuple[str, ...], in_part: bool):
    """An index of nothing readable, another format and an adapter have a reason of their own."""
    for name in files:
        (tmp_path / name).write_text("not an index")
    assert is_in_part(tmp_path) is in_part


def test_a_shard_that_an_index_names_and_nobody_brought_has_yet_to_come(tmp_path: Path):
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors.index.json").write_text('{"weight_map": {"a": "one.safetensors"}}')
    (tmp_path / "tf_model.h5").write_bytes(b"")
    assert is_in_part(tmp_path)
    (tmp_path / "one.safetensors").write_bytes(b"")
    assert not is_in_part(tmp_path)


def test_offline_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(InvalidValue, match="HF_HUB_OFFLINE is set"):
        hub.fetch("nobody/has-this")


@pytest.mark.network
def test_a_small_checkpoint_is_fetched_from_the_hub():
    folder = hub.fetch("hf-internal-testing/tiny-random-BertModel")
    assert (folder / "config.json").is_file()


def test_a_relative_folder_is_named_by_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    a_checkpoint(tmp_path / "owner" / "name")
    monkeypatch.chdir(tmp_path)
    assert absolute_name("owner/name") == str(tmp_path / "owner" / "name")
    assert absolute_name("owner/other") == "owner/other"


def test_weights_are_of_the_type_that_they_say(tmp_path: Path, catalog: Catalog):
    weights = find_weights(str(a_checkpoint(tmp_path)))
    chosen = model_of_weights(weights, catalog.types, catalog.unusable, "bert")
    assert (chosen.model.name, chosen.size, chosen.task) == ("bert", "checkpoint", "feature-extraction")
    own = find_weights(str(a_checkpoint(tmp_path / "mlm", {**BERT_CONFIG, "architectures": ["BertForMaskedLM"]})))
    assert model_of_weights(own, catalog.types, catalog.unusable).task == "fill-mask"
    with pytest.raises(InvalidValue, match="is a checkpoint of bert, not of gpt2"):
        model_of_weights(weights, catalog.types, catalog.unusable, "gpt2")


@pytest.mark.parametrize(("model_type", "words"), [("berd", "does not have"), ("clip_text_model_x", "does not have")])
def test_weights_of_an_unknown_type_are_refused(tmp_path: Path, catalog: Catalog, model_type: str, words: str):
    weights = find_weights(str(a_checkpoint(tmp_path, {**BERT_CONFIG, "model_type": model_type})))
    with pytest.raises(InvalidValue, match=words):
        model_of_weights(weights, catalog.types, catalog.unusable)


def test_weights_of_a_part_of_another_type_are_refused_with_its_reason(tmp_path: Path, catalog: Catalog):
    part = next(model for model in catalog.types.values() if model.status == "part")
    weights = find_weights(str(a_checkpoint(tmp_path, {**BERT_CONFIG, "model_type": part.name})))
    with pytest.raises(InvalidValue) as caught:
        model_of_weights(weights, catalog.types, catalog.unusable)
    assert part.status_reason is not None and part.status_reason in caught.value.message
