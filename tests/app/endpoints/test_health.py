"""/readyz: whether work that is given now could be done."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import data
from app.endpoints.health import STOPPING
from engine.catalog.library import LibraryUnreadable
from engine.catalog.registry import Catalog
from tests.app.stand_in import StandInWorkbench


@pytest.fixture
def stopping(app: Flask) -> Iterator[None]:
    app.extensions[STOPPING].set()
    yield
    app.extensions[STOPPING].clear()


def test_a_server_that_can_take_work_is_ready(client: FlaskClient, bench: StandInWorkbench) -> None:
    before = bench.database.writes
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json) == (200, {"status": "ready"})
    assert answer.headers["Cache-Control"] == "no-store"
    assert bench.database.writes == before, "asking must not make every page compute its figures anew"


def test_one_that_stops_is_not_ready_but_alive(client: FlaskClient, stopping: None) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
    assert answer.json["reasons"] == ["The server is stopping; it takes no more work."]
    assert answer.headers["Retry-After"] == "5"
    assert client.get("/healthz").status_code == 200


def test_every_reason_is_told(client: FlaskClient, bench: StandInWorkbench) -> None:
    bench.database.close()
    bench.catalog = Catalog(types={}, transformers_version="5.23.0")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["title"]) == (503, "Not ready")
    database, catalogue = answer.json["reasons"]
    assert database.endswith("is closed; the program is ending.")
    assert catalogue == "The catalogue holds no model type; install the transformers library, then restart."
    assert answer.json["detail"] == f"{database} {catalogue}"


def test_a_disk_that_cannot_be_reached_is_a_reason(
    client: FlaskClient, bench: StandInWorkbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stale(path: Path) -> NoReturn:
        raise OSError(errno.ESTALE, "Stale file handle")

    monkeypatch.setattr(shutil, "disk_usage", stale)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["title"]) == (503, "Not ready")
    assert f"{bench.database.path} cannot be reached (Stale file handle)" in answer.json["detail"]


class _WithoutLibrary:
    """A workbench whose catalogue cannot be read."""

    def __init__(self, bench: StandInWorkbench) -> None:
        self.database = bench.database

    @property
    def catalog(self) -> Catalog:
        raise LibraryUnreadable("The package transformers is not installed; install it, then try again.")


def test_a_catalogue_that_cannot_be_loaded_says_why(app: Flask, bench: StandInWorkbench) -> None:
    app.extensions[data.EXTENSION] = _WithoutLibrary(bench)
    assert app.test_client().get("/readyz").json["reasons"] == [
        "The package transformers is not installed; install it, then try again."
    ]
