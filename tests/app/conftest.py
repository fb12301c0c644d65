"""One application for the whole test run: Dash hands its registered callbacks to the first one that is made."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from app import data
from app.access import EXTENSION, Access
from app.access_rules import AccessRules
from app.server import create_app
from engine.config import Settings
from tests.app.stand_in import StandInWorkbench


@pytest.fixture(scope="session")
def shared_app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    first = StandInWorkbench(Settings.load(home=tmp_path_factory.mktemp("home")))
    app = create_app(first, max_sockets=3)
    first.close()
    return app


@pytest.fixture
def bench(settings: Settings) -> Iterator[StandInWorkbench]:
    workbench = StandInWorkbench(settings)
    yield workbench
    workbench.close()


@pytest.fixture
def app(shared_app: Flask, bench: StandInWorkbench) -> Flask:
    """The application over this test's own workbench, as it serves on loopback; nobody has asked for anything yet."""
    shared_app.extensions[data.EXTENSION] = bench
    shared_app.extensions[EXTENSION] = Access.under(AccessRules())
    return shared_app


@pytest.fixture
def locked(app: Flask) -> Flask:
    """The same application where it demands keys, and lets pages of one other origin use it."""
    rules = AccessRules(require_keys=True, origins=("app://desktop",), other_hosts=("dyno.example",))
    app.extensions[EXTENSION] = Access.under(rules)
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """host:port where the application really listens, for what a test client cannot do."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
