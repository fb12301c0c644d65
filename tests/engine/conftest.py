"""One fork server for all tests that measure in real processes: importing torch takes seconds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.benchmarking.fork_server import ForkServerLauncher


@pytest.fixture(scope="session")
def loaded() -> Iterator[ForkServerLauncher]:
    """The product's own launcher, which may also run functions of the tests."""
    launcher = ForkServerLauncher(allowed_prefixes=("engine.", "tests."))
    yield launcher
    launcher.close()
