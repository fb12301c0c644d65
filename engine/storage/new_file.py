"""The beginning of a database file: DuckDB takes a path without a file or a file that it finished, nothing between."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.errors import DatabaseLocked


def log_path(path: Path) -> Path:
    """Where DuckDB keeps the commits that are not folded into the file yet."""
    return path.with_name(f"{path.name}.wal")


def clear_empty_file(path: Path) -> None:
    """Remove a file without content, so that a database can begin there; one that somebody has locked begins already.

    Raises OSError.
    """
    if not path.is_file() or path.stat().st_size or log_path(path).exists():
        return
    with path.open("r+b") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        if not path.stat().st_size:
            path.unlink()


@contextmanager
def nothing_half_made(path: Path) -> Iterator[None]:
    """Where nothing was at `path`, nothing is left when the block fails; what another process made meanwhile stays."""
    is_new = not path.exists()
    try:
        yield
    except DatabaseLocked:
        raise
    except BaseException:
        for left in (path, log_path(path)):
            if is_new and left.exists():
                left.unlink()
        raise
