"""The real catalogue of the installed library, and rows interpreted against it."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.catalog.registry import Catalog, load_catalog


@pytest.fixture(scope="session")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return load_catalog(Path(tmp_path_factory.mktemp("catalog")))
