"""The catalogue, for tests that look types up by name."""

from __future__ import annotations

import pytest

from engine.catalog.registry import Catalog, load_catalog


@pytest.fixture(scope="session")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return load_catalog(tmp_path_factory.mktemp("catalog-cache"))
