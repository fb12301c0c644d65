"""The workbench of this machine, for as long as one command needs it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.catalog.custom import custom_types
from engine.cli.options import Common
from engine.cli.output import tell_warnings
from engine.errors import InvalidValue
from engine.workflows.workbench import Workbench


@contextmanager
def open_workbench(common: Common, *, only_reads: bool = False) -> Iterator[Workbench]:
    """Closed whatever happens, and in peace: a second, impatient Ctrl-C must not cut the closing short.

    A command that `only_reads` makes no database where none is at the path it was given: raises InvalidValue.
    """
    settings = common.settings()
    if only_reads and common.db_path is not None and _is_missing(settings.db_path):
        raise InvalidValue(
            f"There is no database at {settings.db_path}. Name an existing file with --db-path, or leave it out for "
            "the default one.",
            field="db_path",
        )
    workbench = Workbench.open(settings)
    try:
        _tell_faulty_types(workbench)
        yield workbench
    finally:
        with _undisturbed():
            workbench.close()


def _tell_faulty_types(workbench: Workbench) -> None:
    """The catalogue is not read for it where there are no types of the user's own."""
    own = custom_types()
    if own.types or own.unusable:
        tell_warnings(workbench.catalog.warnings)


def _is_missing(path: Path) -> bool:
    """False where nobody can tell: opening it will say why."""
    try:
        path.stat()
    except OSError as error:
        return isinstance(error, FileNotFoundError)
    return False


@contextmanager
def _undisturbed() -> Iterator[None]:
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, action in before.items():
            signal.signal(number, action)
