"""What tests of the run supervisor share."""

from __future__ import annotations

import time
from collections.abc import Callable

from engine.domain.result import Result
from engine.domain.run import Run
from engine.storage import results
from engine.workflows.workbench import Workbench
from tests.engine.workflows.fake_launcher import FakeLauncher

Open = Callable[[FakeLauncher], Workbench]
PATIENCE = 20.0


def rows(workbench: Workbench, run: Run) -> list[Result]:
    with workbench.database.cursor() as cursor:
        return results.of_run(cursor, run.run_id)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.005)


class Instead:
    """A database whose writes go elsewhere."""

    def __init__(self, database, write) -> None:
        self._database = database
        self.write = write

    def __getattr__(self, name: str):
        return getattr(self._database, name)
