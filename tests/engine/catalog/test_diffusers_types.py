"""The table of diffusers' model types against the catalogue, the checkpoints and what is installed."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from engine.catalog.checkpoints import load_checkpoints
from engine.catalog.diffusers_types import Installed, diffusers_rows, diffusers_types, find_installed, parse_table
from engine.catalog.registry import Catalog, registered
from engine.domain.model import Family, ModelType, Shape, Status
from engine.errors import InvalidValue

ASKED_FOR = {"stable-diffusion", "sdxl", "sd3", "flux", "dit", "unet", "vae"}
CLASSES = frozenset(row["class"] for row in diffusers_rows().values()) | {"AutoencoderKL"}
ALL_CLASSES = Installed(version="0.42.1", class_names=CLASSES)


def types(installed: Installed | None) -> dict[str, ModelType]:
    return {model.name: model for model in diffusers_types(installed)}


def test_the_catalogue_lists_them_beside_the_types_of_transformers(catalog: Catalog):
    listed = {model.name for model in catalog.types.values() if model.source == "diffusers"}
    assert ASKED_FOR <= listed == set(diffusers_rows())
    assert listed.isdisjoint(model.name for model in registered())
    assert catalog.get("bert").source == "transformers"
    assert list(catalog.types) == sorted(catalog.types, key=str.casefold)
    assert {catalog.get(name).family for name in listed} == {Family.DIFFUSION}


def test_a_type_runs_where_its_classes_are_installed():
    flux = types(ALL_CLASSES)["flux"]
    assert (flux.status, flux.status_reason, flux.packages) == (Status.RUNNABLE, None, ())
    assert (flux.model_class, flux.task, flux.tier) == ("FluxTransformer2DModel", "text-to-image", "high")
    assert (flux.tiny_shape, flux.default_shape) == (Shape(image_size=64), Shape(image_size=1024))
    assert all(model.runnable for model in types(ALL_CLASSES).values())


def test_without_diffusers_each_says_what_to_install():
    found = types(None)
    assert {model.status for model in found.values()} == {Status.NEEDS_PACKAGE}
    assert found["flux"].status_reason == "flux needs diffusers: pip install diffusers"
    assert found["flux"].packages == ("diffusers",)


def test_a_class_that_the_installed_version_lacks_is_named():
    old = Installed(version="0.42.0", class_names=CLASSES - {"FluxTransformer2DModel", "AutoencoderKL"})
    found = types(old)
    assert found["flux"].status_reason == (
        "flux needs FluxTransformer2DModel, which diffusers 0.42.0 does not have: pip install --upgrade diffusers"
    )
    assert "needs AutoencoderKL" in (found["stable-diffusion"].status_reason or "")
    assert found["unet"].runnable


def test_what_is_installed_is_read_without_importing_it(tmp_path: Path):
    program = (
        "import json, sys; from pathlib import Path; from engine.catalog.registry import load_catalog; "
        f"found = load_catalog(Path({str(tmp_path)!r})).get('flux').status; "
        "print(json.dumps([found, sorted({'torch', 'transformers', 'diffusers'} & set(sys.modules))]))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    status = "runnable" if find_spec("diffusers") else "needs_package"
    assert json.loads(done.stdout) == [status, []]


@pytest.mark.skipif(find_spec("diffusers") is None, reason="diffusers is not installed; `pip install diffusers`")
def test_the_installed_version_has_every_class():
    installed = find_installed()
    assert installed is not None
    assert installed.version[0].isdigit()
    assert {name: model.status_reason for name, model in types(installed).items() if not model.runnable} == {}


def test_every_checkpoint_of_diffusers_is_a_size_of_a_type_with_its_class():
    rows = diffusers_rows()
    for checkpoint in load_checkpoints().values():
        if checkpoint.library == "diffusers":
            row = rows[checkpoint.model_type]
            parts = {part["class"] for part in row.get("parts", {}).values()}
            assert checkpoint.model_class in {row["class"], *parts}, checkpoint.name


def test_parts_of_checkpoints_belong_to_shipped_checkpoints():
    for row in diffusers_rows().values():
        for part in row.get("parts", {}).values():
            assert set(part.get("checkpoints", {})) <= set(load_checkpoints())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[types", "not valid TOML"),
        ('[types.flux]\nreason = "r"', r"\[types\.flux\] of diffusers_types\.toml lacks class, display_name, inputs"),
        ("", None),
    ],
)
def test_a_faulty_table_is_refused(text: str, message: str | None):
    if message is None:
        assert parse_table(text) == {}
        return
    with pytest.raises(InvalidValue, match=message):
        parse_table(text)


ENTRY = """
[types.mine]
display_name = "Mine"
task = "text-to-image"
modalities = ["image"]
tier = "low"
class = "Mine"
module = "mine"
reason = "r"
parameters = { tiny = 1, default = 2 }
pixels = { tiny = 8, default = 8 }
scale = 1
step = 1
inputs = []
"""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ENTRY.replace('"low"', '"top"'), "names the tier 'top'; choose one of critical"),
        (ENTRY + "colour = 1\n", "has unknown keys colour; use "),
    ],
)
def test_a_faulty_entry_is_refused(text: str, message: str):
    assert set(parse_table(ENTRY)) == {"mine"}
    with pytest.raises(InvalidValue, match=message):
        parse_table(text)
