from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from engine.config import Settings
from engine.workflows.workbench import Workbench
from tests.builders import an_environment
from tests.engine.workflows.fake_launcher import FakeLauncher


@pytest.fixture
def open_workbench(settings: Settings) -> Iterator[Callable[[FakeLauncher], Workbench]]:
    """Opens workbenches on one and the same database, with a launcher of the test's choice; closed at the end."""
    with ExitStack() as opened:

        def open_one(launcher: FakeLauncher) -> Workbench:
            return opened.enter_context(Workbench.open(settings, launcher=launcher, environment=an_environment()))

        yield open_one
