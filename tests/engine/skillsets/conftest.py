"""Golden files, the real catalogue, and one child process that runs every generated module."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.catalog.registry import Catalog, load_catalog
from engine.skillsets.render import render
from engine.skillsets.write import write

ONE_MORE = ("resnet", "llava", "qwen2_vl", "time_series_transformer", "timesformer", "musicgen")
"""Types with images of two sizes, placeholders, packed patches, fp32 inputs, videos, and sound as an answer."""

_HERE = Path(__file__).resolve().parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden files of generated modules")


@pytest.fixture(scope="session")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return load_catalog(Path(tmp_path_factory.mktemp("catalog")))


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compares a text with golden/NAME; `pytest tests/engine/skillsets --update-golden` rewrites it first."""

    def compare(name: str, text: str) -> None:
        path = _HERE / "golden" / name
        if request.config.getoption("--update-golden", default=False):
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8"), f"{name} differs; read the diff, then use --update-golden"

    return compare


@pytest.fixture(scope="session")
def modules(catalog: Catalog, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The modules of the first run's types, and of one more for each kind of input, written to disk."""
    folder = Path(tmp_path_factory.mktemp("skillsets"))
    chosen = [*catalog.first_run, *map(catalog.get, ONE_MORE)]
    return {model.name: write(model, render(model), folder) for model in chosen}


@pytest.fixture(scope="session")
def observed(modules: dict[str, Path]) -> dict[str, dict[str, Any]]:
    """What each module did in a real child process: see exercise_modules.py."""
    done = subprocess.run(
        [sys.executable, str(_HERE / "exercise_modules.py"), *map(str, modules.values())],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    return {**{name: found[str(path)] for name, path in modules.items()}, "shapes": found["shapes"]}
