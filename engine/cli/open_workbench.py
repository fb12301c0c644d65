"""The workbench of this machine, for as long as one command needs it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from engine.cli.options import Common
from engine.workflows.workbench import Workbench


@contextmanager
def open_workbench(common: Common) -> Iterator[Workbench]:
    """Closed whatever happens, and in peace: a second, impatient Ctrl-C must not cut the closing short."""
    workbench = Workbench.open(common.settings())
    try:
        yield workbench
    finally:
        with _undisturbed():
            workbench.close()


@contextmanager
def _undisturbed() -> Iterator[None]:
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, action in before.items():
            signal.signal(number, action)
