"""`modeldyno`: from the first moment of the process to the command."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from engine.cli.exit_status import INTERRUPTED


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit status."""
    _prepare_streams()
    is_listening = signal.getsignal(signal.SIGINT) is not signal.SIG_IGN  # a shell ignores it for background jobs
    if is_listening:
        signal.signal(signal.SIGINT, _leave)
    signal.signal(signal.SIGTERM, _leave)
    # Reading the commands takes a moment, in which Ctrl-C must not end in a traceback.
    from engine.cli.commands import run

    if is_listening:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # being told to stop cancels as tidily as Ctrl-C
    return run(arguments)


def _leave(number: int, frame: FrameType | None) -> None:
    """End at once: nothing is open yet that would have to be closed."""
    os.write(2, b"Interrupted.\n")
    os._exit(INTERRUPTED)


def _prepare_streams() -> None:
    """Whoever started us may have closed a standard stream; no file of ours must come to lie under its number.

    A sign that the terminal does not know is written as its number.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    sys.exit(main())
