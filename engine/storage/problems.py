"""What DuckDB and the file system complain about, in this program's words: which file, why, and what to do next."""

from __future__ import annotations

import errno
import json
import os
import re
from contextlib import suppress
from pathlib import Path

import duckdb

from engine.errors import DatabaseIncompatible, DatabaseLocked, DiskFull, StorageError
from engine.storage.new_file import clear_empty_file

_NO_ROOM = re.compile(
    r"no space left on device|disk quota exceeded|file too large|not enough space|out of disk", re.IGNORECASE
)
_HOLDER = re.compile(r"\(PID (\d+)\)")
_DUCKDB_MARK = slice(8, 12)
"""Where a DuckDB file carries the letters DUCK."""


def server_note(path: Path) -> Path:
    """The small file beside a database in which its owner tells the address of its server."""
    return path.with_name(f"{path.name}.server")


def check_place(path: Path) -> None:
    """Refuse, before DuckDB touches it, a path that cannot hold our database; creates the folder.

    An empty file, such as a first start without room leaves when it is killed, counts as none.
    """
    if path.is_dir():
        raise StorageError(
            f"The database path {path} is a folder. Name a file inside it: --db-path {path / 'modeldyno.duckdb'}",
            field="db_path",
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        clear_empty_file(path)
    except OSError as error:
        raise explain_os_error(path, error) from error
    if not path.exists():
        return
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except OSError as error:
        raise explain_os_error(path, error) from error
    if head[_DUCKDB_MARK] != b"DUCK":
        raise DatabaseIncompatible(
            f"{path} is not a DuckDB database (it lacks that format's mark). {_KEEP}", field="db_path"
        )


def explain_os_error(path: Path, error: OSError) -> StorageError:
    """A file system error while the database's folder or file was reached."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return disk_full(path, str(error))
    if error.errno == errno.EROFS:
        return _read_only(path)
    if error.errno in (errno.EACCES, errno.EPERM):
        return StorageError(
            f"No permission to use {path} ({error.strerror}). Change the permissions of {error.filename or path}, "
            "or choose another file with --db-path.",
            field="db_path",
        )
    return StorageError(
        f"The database {path} cannot be reached ({error.strerror or error}). Choose another file with --db-path.",
        field="db_path",
    )


def explain_open_error(path: Path, error: duckdb.Error) -> StorageError:
    """Why `duckdb.connect` did not open `path`."""
    text = str(error)
    if "Could not set lock" in text or "Conflicting lock" in text:
        return _locked(path, text)
    if is_no_room(error):
        return disk_full(path, text)
    if "Read-only file system" in text:
        return _read_only(path)
    if "Permission denied" in text or "Operation not permitted" in text:
        return StorageError(
            f"No permission to use {path}. Change the permissions of the file and its folder, or choose another file "
            "with --db-path.",
            field="db_path",
        )
    if re.search(r"(newer|older|different|incompatible) version|version number", text):
        return DatabaseIncompatible(
            f"{path} was written by a version of DuckDB that this one ({duckdb.__version__}) cannot read: "
            f"{first_line(text)} {_KEEP}",
            field="db_path",
        )
    return DatabaseIncompatible(f"{path} cannot be read, it seems damaged: {first_line(text)} {_KEEP}", field="db_path")


def _read_only(path: Path) -> StorageError:
    return StorageError(
        f"{path} lies on a file system that is mounted read-only. Choose a file elsewhere with --db-path, or have that "
        "file system mounted for writing.",
        field="db_path",
    )


def explain_write_error(path: Path, error: duckdb.Error) -> StorageError:
    """Why a transaction failed and was rolled back."""
    if is_no_room(error):
        return disk_full(path, str(error))
    return StorageError(f"The database {path} did not take a change: {first_line(str(error))}")


def explain_read_error(path: Path, error: duckdb.Error) -> StorageError:
    """Why a reading statement of this program failed."""
    if is_no_room(error):
        return disk_full(path, str(error))
    return StorageError(f"The database {path} could not be read: {first_line(str(error))}")


def roll_back(cursor: duckdb.DuckDBPyConnection) -> None:
    """Undo an open transaction; none may be open, as a failed statement can have ended it."""
    with suppress(duckdb.Error):
        cursor.rollback()


def is_no_room(error: BaseException) -> bool:
    return _NO_ROOM.search(str(error)) is not None


def disk_full(path: Path, detail: str) -> DiskFull:
    return DiskFull(
        f"No room to write to {path}: {first_line(detail)} What was saved before is intact. "
        f"Free space in {path.parent} or choose another file with --db-path.",
        field="db_path",
    )


def first_line(text: str) -> str:
    """The first line of a DuckDB message without its class, ending in a full stop."""
    line = text.strip().splitlines()[0] if text.strip() else "no reason given"
    line = re.sub(r"^[A-Z][A-Za-z ]* Error: ", "", line).rstrip()
    return line if line.endswith((".", "!", "?")) else f"{line}."


def read_server_note(path: Path) -> tuple[int, str] | None:
    """Process id and address written by a living owner of `path`; None when there is none."""
    try:
        note = json.loads(server_note(path).read_text())
        pid, url = int(note["pid"]), str(note["url"])
    except (OSError, ValueError, KeyError, TypeError):
        return None  # no owner that serves, or a note cut short by a kill: then nothing is known of a server
    return (pid, url) if is_alive(pid) else None


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _locked(path: Path, text: str) -> DatabaseLocked:
    found = _HOLDER.search(text)
    pid = int(found.group(1)) if found else None
    holder = f"process {pid} ({_command_of(pid)})" if pid is not None else "another process"
    note = read_server_note(path)
    if note is not None and pid in (None, note[0]):
        remedy = (
            f"It serves at {note[1]}: send the work there with --server {note[1]}, ask in SQL on its page "
            f"{note[1]}/reports, or stop it first."
        )
    else:
        remedy = "Stop it first, send the work to its server with --server URL, or use another file with --db-path."
    return DatabaseLocked(f"The database {path} is in use by {holder}. {remedy}", field="db_path")


def _command_of(pid: int) -> str:
    import psutil

    try:
        command = " ".join(" ".join(psutil.Process(pid).cmdline()).split())
    except psutil.Error:
        return "its command line cannot be read"
    return command if len(command) <= 120 else f"{command[:117]}..."


_KEEP = "Keep the file and use another one with --db-path; nothing in it was changed."
