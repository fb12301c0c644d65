"""Types of a user's own: a faulty one is told by file, key and remedy, and costs no other type."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.catalog.custom import custom_folder, custom_types
from engine.catalog.registry import Catalog, load_catalog, with_own_types
from engine.config import default_home
from engine.domain.skillset import module_name
from engine.errors import InvalidValue
from engine.skillsets.render import render
from engine.workflows.model_rows import checkpoint_rows

EXAMPLE = Path(__file__).resolve().parents[3] / "docs" / "examples" / "customising" / "types"
_SHAPE = '["B", 3, "config.image_size", "config.image_size"]'
_INPUT = f'{{ name = "pixel_values", fill = "normal", shape = {_SHAPE} }}'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the example's types, in use."""
    copied = tmp_path / "custom" / "types"
    shutil.copytree(EXAMPLE, copied)
    monkeypatch.setenv("MODELDYNO_CUSTOM", str(copied.parent))
    return copied


def written(path: Path, *, name: str | None = None, old: str = "", new: str = "") -> Path:
    """The example's type at `path`, under another name or with another text for a part of it."""
    text = (EXAMPLE / "tiny-mixer.toml").read_text()
    if name is not None:
        text = text.replace('"tiny-mixer"', f'"{name}"')
    assert old in text
    path.write_text(text.replace(old, new) if old else text)
    return path


def reason_of(name: str) -> str:
    """Why the one unusable type is so, which must have this name."""
    (unusable,) = custom_types().unusable
    assert unusable.name == name
    return unusable.reason


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('family = "vision"', 'family = "birds"', "[type] of {} gives family as 'birds'; choose one of text_encoder, "),
        ('family = "vision"', "family = 3", "[type] of {} gives family as 3; make it a text."),
        ('task = "image-classification"\n', "", "[type] of {} gives no task; add it as a text."),
        ('"Tiny Mixer"', f'"{"m" * 81}"', "gives display_name in 81 characters; use 80 at most."),
        ('display_name = "Tiny Mixer"', 'display_name = "Tiny\\nMixer"', "gives display_name as 'Tiny\\nMixer'; use "),
        ('"tiny_mixer.TinyMixerConfig"', '"TinyMixerConfig"', "gives config_class as 'TinyMixerConfig'; write it as "),
        ('"tiny_mixer.TinyMixerConfig"', '"tiny_mixer.class"', "write it as package.module.Class"),
        ('"tiny_mixer.TinyMixerConfig"', '"mixer.TinyMixerForImageClassification"', "one name, TinyMixerForImage"),
        ('model_class = "tiny_mixer.TinyMixerForImageClassification"\n', "", "gives no model_class; add it as a text"),
        ("[recipe]", "[recipes]", "{} has no [recipe] table; add one with inputs, "),
        ("[recipe]", "[more]\n[recipe]", "{} holds more beside [type] and [recipe]"),
        ('image = "config.image_size"', "colour = 3", "[recipe] of {} has unknown keys colour; use inputs, tiny, "),
        ('name = "tiny-mixer"', 'name = "../mixer"', "gives name as '../mixer'; use letters, digits"),
        ('image = "config.image_size"', "image = 1.5", "gives image as 1.5; make it a whole number or arithmetic"),
        ('image = "config.image_size"', 'image = "side"', "where nothing is known of side; make it"),
        ('image = "config.image_size"', 'image = "config."', "which is no expression (invalid syntax"),
        ('image = "config.image_size"', 'image = "config.f()"', "which is more than arithmetic; make it"),
        ('image = "config.image_size"', "length = 0", "gives length as 0; make it a whole number from 1."),
        ('image = "config.image_size"', "default_length = true", "gives default_length as True; make it a whole"),
        ('image = "config.image_size"', 'unit = "words"', "gives unit as 'words'; choose one of tokens, samples."),
        ('outputs = ["logits"]', 'outputs = "logits"', "gives outputs as 'logits'; make it a list of names."),
        ("hidden_size = 32", "hidden_size = inf", "gives hidden_size in tiny as inf; use texts, numbers"),
        ("hidden_size = 32", "hidden_size = [2026-01-01]", "gives hidden_size in tiny as 2026-01-01; use texts"),
        ("hidden_size = 32", '"hidden size" = 32', "gives 'hidden size' in tiny; write the name of an argument"),
        (
            "tiny = { image_size = 32, hidden_size = 32, num_hidden_layers = 2 }",
            "tiny = 3",
            "gives tiny as 3; make it a table",
        ),
        (f"{_INPUT},", "", "gives no inputs; list what a forward pass takes, as tables."),
        (_INPUT, "3", "gives input 1 as 3; make it a table with name, fill and shape."),
        (_INPUT, f"{_INPUT}, {_INPUT}", "gives the input pixel_values twice; keep one."),
        ('name = "pixel_values"', 'name = "pixels"', "gives image and no input called pixel_values"),
        ('name = "pixel_values"', 'name = "from"', "gives name of input 1 as 'from'; write the argument's name"),
        ('name = "pixel_values", ', "", "gives name of input 1 as None; write the argument's name"),
        ('fill = "normal"', 'fill = "noise"', "gives fill of input pixel_values as 'noise'; choose one of normal, "),
        ('fill = "normal"', 'fill = "tokens"', "gives no high of input pixel_values, which tokens need; add"),
        ('fill = "normal"', 'fill = "tokens", high = [3]', "gives high of input pixel_values as [3]; make it"),
        (
            'fill = "normal"',
            'fill = "constant"',
            "gives value of input pixel_values as None, which constant cannot use",
        ),
        ('fill = "normal"', 'fill = "kinds", value = "3"', "fills an input with kinds, which are read off input_ids"),
        ('fill = "normal"', 'fill = "kinds", value = "x"', "where nothing is known of x"),
        ('fill = "normal"', 'fill = "normal", dtype = "half"', "gives dtype of input pixel_values as 'half'; choose"),
        ('fill = "normal"', 'fill = "normal", low = 0.5', "gives low of input pixel_values as 0.5; make it a whole"),
        ('fill = "normal"', 'fill = "normal", size = 3', "has unknown keys size of input pixel_values; use name, fill"),
        ('fill = "normal"', 'fill = "normal", placeholders = [{ token = "1" }]', "gives no count in placeholders"),
        (_SHAPE, "3", "gives shape of input pixel_values as 3; make it a list"),
        ('fill = "normal"', 'fill = "literal"', "gives value of input pixel_values as None, which literal cannot use"),
        ('fill = "normal"', 'fill = "rows", value = [["rows"]]', "as 'rows', where nothing is known of rows"),
        (_SHAPE, "[\"'B'\"]", "gives shape of input pixel_values as \"'B'\", where 'B' is no whole number; make it"),
        (_SHAPE, '["True"]', "where True is no whole number; make it a whole number or arithmetic"),
        (_SHAPE, '["B > 1"]', "where B > 1 is true or false and no number; make it"),
        (_SHAPE, '["3 if B > 1 else not L"]', "where not L is true or false and no number; make it"),
        (_SHAPE, '["2 * 1.5"]', "where 1.5 is no whole number; make it"),
        (_SHAPE, '["-(B / 2)"]', "where B / 2 may be a fraction (// rounds it down); make it"),
        (_SHAPE, '["2 ** -1"]', ") is a fraction; make it a whole"),
        (_SHAPE, '["1 + B // 0"]', "where B // 0 divides by zero; make it"),
        (_SHAPE, '["B % 0"]', "where B % 0 divides by zero; make it"),
        (_SHAPE, '["config"]', "where config stands without a field; make it"),
        (_SHAPE, '["B.real"]', "where B.real is no field of config; make it"),
        (_SHAPE, '["B.__len__()"]', "where B is no field of config; make it"),
        (_SHAPE, "[-3]", "gives shape of input pixel_values as -3, which is less than nothing; make it"),
        (_SHAPE, '["N", 3]', "gives shape of input pixel_values as 'N', where nothing is known"),
        (_SHAPE, "[]", "gives no shape of input pixel_values, which normal needs; add it"),
    ],
)
def test_a_faulty_type_is_told_by_file_key_and_remedy(folder: Path, old: str, new: str, told: str):
    path = written(folder / "tiny-mixer.toml", old=old, new=new)
    (unusable,) = custom_types().unusable
    assert str(path) in unusable.reason
    assert told.format(path) in unusable.reason
    assert not custom_types().types


@pytest.mark.parametrize(
    "fields",
    [
        'fill = "uniform", shape = ["B", "L"]',
        'fill = "tokens", shape = ["B", "L"], dtype = "long", low = 2, high = "config.vocab_size"',
        'fill = "ones", shape = ["B", "L // 2"], dtype = "bool"',
        'fill = "constant", shape = ["B"], value = 1.5',
        'fill = "rows", value = [[1, 2]], dtype = "long"',
        'fill = "example", value = [1, "config.depth"], dtype = "long"',
        'fill = "arange", shape = ["B", 4], dtype = "long"',
        'fill = "boxes", shape = ["B", 2, 4], dtype = "long"',
        'fill = "patches", shape = ["B", 4, 8], value = 2',
        'fill = "sequence", value = [[1.0, 2.0]]',
        'fill = "literal", value = true',
        'fill = "literal", value = { depth = 2 }',
        'fill = "normal", shape = ["B", "config.depths[-1] % 2 ** 3 if not config.b else L - 1"]',
        'fill = "normal", shape = ["B", "config.sizes.__len__()", "-config.a[0] if config.b > 1 else 3"]',
    ],
)
def test_what_the_check_lets_through_is_rendered(folder: Path, tmp_path: Path, fields: str):
    more = f'{_INPUT}, {{ name = "more", {fields} }}'
    written(folder / "tiny-mixer.toml", old=_INPUT, new=more)
    assert not custom_types().unusable
    assert '"more": ' in render(load_catalog(tmp_path / "cache").get("tiny-mixer"))


def test_a_file_that_cannot_be_read_costs_its_own_type_alone(folder: Path, tmp_path: Path):
    path = written(folder / "tiny-mixer.toml", old="[recipe]", new="[recipe")
    written(folder / "other.toml", name="other-mixer")
    known = load_catalog(tmp_path / "cache")
    assert "other-mixer" in known.types and "bert" in known.types and "tiny-mixer" not in known.types
    (warning,) = known.warnings
    assert warning.startswith(f"{path} cannot be read as TOML: ") and "at line 11, column" in warning
    assert warning.endswith("correct it there. Until then tiny-mixer is left out.")
    for ask in (known.get, known.choose_one):
        with pytest.raises(InvalidValue, match="cannot be read as TOML"):
            ask("tiny-mixer")
    written(path)
    assert load_catalog(tmp_path / "cache").get("tiny-mixer").runnable


def test_a_file_that_is_no_text_is_told_with_its_line(folder: Path):
    path = folder / "tiny-mixer.toml"
    path.write_bytes(b'[type]\nname = "mine"\ntask = "\xff"\n')
    assert reason_of("mine") == f"{path}, line 3, is not UTF-8 (invalid start byte); save it as UTF-8."


@pytest.mark.parametrize("kind", ["folder", "dangling"])
def test_what_is_no_file_is_told(folder: Path, kind: str):
    (folder / "tiny-mixer.toml").unlink()
    path = folder / "odd.toml"
    path.mkdir() if kind == "folder" else path.symlink_to(folder / "nowhere")
    assert reason_of("odd").startswith(f"{path} cannot be read (")


def test_a_shipped_type_is_not_measured_in_the_place_of_a_faulty_one(folder: Path, tmp_path: Path):
    written(folder / "mine.toml", name="vit", old='fill = "normal"', new='fill = "noise"')
    known = load_catalog(tmp_path / "cache")
    assert "vit" not in known.types and "mine.toml gives fill" in known.unusable["vit"]


def test_a_file_without_a_name_hides_no_shipped_type(folder: Path, tmp_path: Path):
    (folder / "vit.toml").write_text("[type\n")
    known = load_catalog(tmp_path / "cache")
    assert known.get("vit").source == "transformers"
    assert known.unusable == {} and "vit.toml cannot be read as TOML" in known.warnings[0]


def test_of_two_files_with_one_type_neither_is_used(folder: Path):
    paths = [written(folder / "again.toml"), folder / "tiny-mixer.toml"]
    assert reason_of("tiny-mixer") == f"{paths[0]} and {paths[1]} all define tiny-mixer; keep one."
    assert not custom_types().types


def test_no_two_registered_types_share_a_module(catalog: Catalog):
    names: dict[str, list[str]] = {}
    for name in catalog.types:
        names.setdefault(module_name(name).casefold(), []).append(name)
    assert [sharing for sharing in names.values() if len(sharing) > 1] == []


@pytest.mark.parametrize(("name", "other"), [("xlm.roberta", "xlm-roberta"), ("BERT", "bert")])
def test_an_own_type_never_overwrites_the_module_of_another(folder: Path, catalog: Catalog, name: str, other: str):
    path = written(folder / "tiny-mixer.toml", name=name)
    known = with_own_types(catalog, custom_types())
    assert other in known.types and name not in known.types
    reason = f"{path} defines {name}, whose module {module_name(name)}.py would be that of {other} as well; give it "
    assert known.unusable[name] == f"{reason}another name."
    with pytest.raises(InvalidValue, match="give it another name"):
        known.choose_one(name)


def test_two_own_types_that_share_a_module_are_both_told(folder: Path, catalog: Catalog):
    (folder / "tiny-mixer.toml").unlink()
    written(folder / "a.toml", name="a.mixer")
    written(folder / "b.toml", name="a-mixer")
    known = with_own_types(catalog, custom_types())
    assert set(known.unusable) == {"a.mixer", "a-mixer"}
    assert "hf_a_mixer.py would be that of a-mixer as well" in known.unusable["a.mixer"]


@pytest.mark.parametrize(("variable", "folder_of"), [("CUSTOM", custom_folder), ("HOME", default_home)])
def test_a_home_that_nobody_has_is_told(monkeypatch: pytest.MonkeyPatch, variable: str, folder_of: Callable[[], Path]):
    monkeypatch.setenv(f"MODELDYNO_{variable}", "~nobody-of-this-name/here")
    with pytest.raises(InvalidValue, match=rf"\$MODELDYNO_{variable} names no folder, '~nobody-of-this-name/here' \("):
        folder_of()


def test_a_checkpoint_of_a_faulty_type_says_so(folder: Path, tmp_path: Path):
    written(folder / "mine.toml", name="bert", old='fill = "normal"', new='fill = "noise"')
    known = load_catalog(tmp_path / "cache")
    with pytest.raises(InvalidValue, match=r"mine\.toml gives fill of input pixel_values as 'noise'"):
        known.choose_one("bert-large-uncased")
    row = next(row for row in checkpoint_rows(known) if row["name"] == "bert-large-uncased")
    assert "mine.toml gives fill" in row["reason"]


def test_types_come_from_entry_points_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    installed = tmp_path / "site"
    (installed / "mixer-1.0.dist-info").mkdir(parents=True)
    (installed / "mixer-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: mixer\nVersion: 1.0\n")
    (installed / "mixer-1.0.dist-info" / "entry_points.txt").write_text(
        "[modeldyno.types]\nmixer = mixer_types:FOLDER\n"
    )
    (installed / "mixer_types.py").write_text(f"FOLDER = {str(EXAMPLE)!r}\n")
    monkeypatch.syspath_prepend(str(installed))
    monkeypatch.setenv("MODELDYNO_CUSTOM", str(tmp_path / "none"))
    assert list(custom_types().types) == ["tiny-mixer"]
    monkeypatch.setenv("MODELDYNO_CUSTOM", str(EXAMPLE.parent))
    assert list(custom_types().types) == ["tiny-mixer"], "one file named twice is one type"
    monkeypatch.setenv("MODELDYNO_CUSTOM", str(tmp_path / "none"))
    (installed / "mixer_types.py").write_text("raise RuntimeError('broken')\n")
    monkeypatch.delitem(sys.modules, "mixer_types")
    assert "The entry point mixer of modeldyno.types (mixer_types:FOLDER) cannot be loaded (broken)" in reason_of(
        "mixer"
    )
    assert not custom_types().types
