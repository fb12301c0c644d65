from __future__ import annotations

import signal
from pathlib import Path

import pytest

from engine.cli.open_workbench import open_workbench
from engine.cli.options import Common
from engine.errors import StorageError
from engine.storage.database import Database
from tests.engine.workflows.fake_launcher import FakeLauncher


class ImpatientLauncher(FakeLauncher):
    """Somebody presses Ctrl-C, and is told to stop, just while this is being closed."""

    def close(self) -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
        super().close()


def test_ctrl_c_does_not_cut_the_closing_short(fresh: Path) -> None:
    launcher = ImpatientLauncher()
    before = signal.getsignal(signal.SIGINT)
    try:
        with open_workbench(Common(benchmark_dir=fresh)) as workbench:
            workbench.launcher = launcher
    except KeyboardInterrupt:
        pytest.fail("the closing was cut short")
    assert launcher.is_closed and is_closed(workbench.database)
    assert signal.getsignal(signal.SIGINT) is before


def test_what_goes_wrong_inside_closes_too(fresh: Path) -> None:
    with pytest.raises(ValueError, match="wrong"), open_workbench(Common(benchmark_dir=fresh)) as workbench:
        raise ValueError("wrong")
    assert is_closed(workbench.database)


def is_closed(database: Database) -> bool:
    try:
        with database.cursor():
            return False
    except StorageError:
        return True
