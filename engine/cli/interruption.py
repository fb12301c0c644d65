"""Ctrl-C and SIGTERM as something to look at, for commands that keep what they have done."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def until_interrupted() -> Iterator[threading.Event]:
    """Set by Ctrl-C and SIGTERM instead of the exception that they raise else: what is done is kept and told.

    Whoever started us deaf to Ctrl-C, as a shell does for background jobs, has us stay so.
    """
    cancel = threading.Event()
    heard = [number for number in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, lambda *_: cancel.set()) for number in heard}
    try:
        yield cancel
    finally:
        for number, action in before.items():
            signal.signal(number, action)
