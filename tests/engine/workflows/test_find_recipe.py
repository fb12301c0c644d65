"""A library that is newer than the shipped recipes: unknown types are searched, outdated recipes replaced."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.benchmarking.fork_server import ForkServerLauncher
from engine.catalog import frozen
from engine.config import Settings
from engine.domain.model import Status
from engine.domain.skillset import GenerationStatus
from engine.errors import InvalidValue
from engine.skillsets.render import with_header
from engine.workflows.device_turns import PROCESSOR, Cancelled
from engine.workflows.generate_skillsets import generate_skillsets
from engine.workflows.refresh_recipes import Found, keep_recipes, refresh_recipes
from engine.workflows.workbench import Workbench
from tests.engine.workflows.conftest import Uncloseable


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped recipes of two types, found with an older library, one of them no longer true; and a home."""
    rows = frozen.rows_in(frozen.recipes_path())
    bert, vit = ({key: value for key, value in rows[name].items() if key != "with"} for name in ("bert", "vit"))
    outdated = {**bert, "inputs": [{"name": "pixels", "fill": "normal", "shape": ["B", 3]}]}
    path = tmp_path / "recipes.jsonl"
    path.write_text(frozen.recipes_text({"transformers": "5.0.0", "torch": "2.6.0"}, [outdated, vit]))
    monkeypatch.setattr(frozen, "recipes_path", lambda: path)
    monkeypatch.setenv("MODELDYNO_HOME", str(tmp_path / "home"))
    return path


@pytest.fixture
def workbench(shipped: Path, loaded: ForkServerLauncher) -> Iterator[Workbench]:
    with Workbench.open(Settings.load(), launcher=Uncloseable(loaded)) as opened:
        yield opened


def test_a_type_without_a_recipe_is_searched_for_and_then_known(workbench: Workbench):
    assert workbench.catalog.get("distilbert").status is Status.UNKNOWN
    (outcome,) = generate_skillsets(workbench, ["distilbert"])
    assert (outcome.status, outcome.reason) == (GenerationStatus.VERIFIED, None)
    assert workbench.catalog.get("distilbert").runnable
    assert list(frozen.rows_in(frozen.found_here_path())) == ["distilbert"]
    assert json.loads(frozen.found_here_path().read_text().splitlines()[0])["found_with"]["transformers"] != "5.0.0"


def test_a_recipe_that_no_longer_holds_is_found_anew(workbench: Workbench):
    (outcome,) = generate_skillsets(workbench, ["bert"])
    assert (outcome.status, outcome.reason) == (GenerationStatus.VERIFIED, None)
    assert "pixels" not in Path(outcome.path or "").read_text()
    assert list(frozen.rows_in(frozen.found_here_path())) == ["bert"]


def test_who_measures_meanwhile_is_told(workbench: Workbench):
    told: list[str] = []
    cancel = threading.Event()

    def tell(line: str) -> None:
        told.append(line)
        cancel.set()

    with workbench.supervisor.device_turns.turn(PROCESSOR, threading.Event()), pytest.raises(Cancelled):
        generate_skillsets(workbench, ["vit"], on_wait=tell, cancel=cancel)
    assert told == ["Waiting for another measurement"]


def test_a_recipe_that_holds_is_kept(workbench: Workbench):
    (outcome,) = generate_skillsets(workbench, ["vit"])
    assert outcome.status is GenerationStatus.VERIFIED
    assert not frozen.found_here_path().exists()


def test_a_second_generation_runs_nothing_again(workbench: Workbench, monkeypatch: pytest.MonkeyPatch):
    (first,) = generate_skillsets(workbench, ["vit"])
    monkeypatch.setattr(workbench.launcher, "run", None)
    (second,) = generate_skillsets(workbench, ["vit"])
    assert (second.status, second.skillset) == (GenerationStatus.VERIFIED, first.skillset)


@pytest.mark.parametrize("present", [None, "", "of another release"])
def test_a_second_generation_puts_the_shared_file_back(workbench: Workbench, present: str | None):
    """Without it no module can be imported, however often it ran before."""
    generate_skillsets(workbench, ["vit"])
    shared = workbench.settings.skillset_dir / "skillset_base.py"
    written = shared.read_text()
    if present is None:
        shared.unlink()
    else:
        shared.write_text(present and with_header("OLD = 1\n", "skillset/skillset_base.py", None))
    (again,) = generate_skillsets(workbench, ["vit"])
    assert again.status is GenerationStatus.VERIFIED
    assert shared.read_text() == written


def test_rendering_alone_is_kept_and_does_not_pass_for_verified(workbench: Workbench):
    (rendered,) = generate_skillsets(workbench, ["vit"], verify=False)
    assert rendered.status is GenerationStatus.RENDERED
    (verified,) = generate_skillsets(workbench, ["vit"])
    assert verified.status is GenerationStatus.VERIFIED
    (again,) = generate_skillsets(workbench, ["vit"], verify=False)
    assert again.status is GenerationStatus.VERIFIED, "nothing has changed since it ran"


def test_a_damaged_file_of_recipes_is_named_with_its_line(shipped: Path):
    shipped.write_text(shipped.read_text() + '{"model_type": \n')
    with pytest.raises(InvalidValue, match=r"Line 4 of recipes\.jsonl is damaged .* `modeldyno catalog refresh`"):
        frozen.frozen_rows()


def _found(name: str, status: str, version: str) -> Found:
    row = {"model_type": name, "status": status, "with": version, "notes": []}
    return Found(model_type=name, row=row, seconds=1.0, peak_rss_bytes=None)


def test_each_row_keeps_the_version_it_was_found_with(shipped: Path):
    keep_recipes([_found("electra", "needs", "5.23.0")], shipped)
    rows = frozen.rows_in(shipped)
    assert {name: frozen.version_of(row) for name, row in rows.items()} == {
        "bert": "5.0.0",
        "vit": "5.0.0",
        "electra": "5.23.0",
    }


def test_a_search_that_fails_replaces_nothing_that_ran_with_the_same_library(shipped: Path):
    keep_recipes([_found("bert", "failed", "5.0.0")], shipped)
    assert frozen.rows_in(shipped)["bert"]["status"] == "runs"
    keep_recipes([_found("bert", "failed", "5.23.0")], shipped)
    assert frozen.rows_in(shipped)["bert"]["status"] == "failed", "a newer library may have broken it"


def test_only_types_of_transformers_are_searched_for(workbench: Workbench):
    with pytest.raises(InvalidValue, match="flux is of diffusers; only types of transformers are searched for"):
        refresh_recipes(workbench, [workbench.catalog.get("flux")])
