"""Where no database can be: what is in the way, and what may be done, is named."""

from __future__ import annotations

import errno
import shutil
import tempfile
from pathlib import Path

import duckdb
import pytest

from engine.errors import StorageError
from engine.storage import problems
from engine.storage.database import Database
from tests.engine.storage import child


def test_a_folder_in_place_of_the_file_is_refused(tmp_path):
    with pytest.raises(StorageError, match="is a folder"):
        Database.open(tmp_path)


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "data").write_text("")
    with pytest.raises(StorageError, match=r"--db-path"):
        Database.open(tmp_path / "data" / "a.duckdb")


DENIED = """
    import os, sys
    from pathlib import Path
    from engine.errors import StorageError
    from engine.storage.database import Database

    if os.geteuid() == 0:
        os.setgid(65534)
        os.setuid(65534)
    try:
        Database.open(Path(sys.argv[1]))
    except StorageError as error:
        print(type(error).__name__, error.message)
"""


def test_a_read_only_file_system_is_named_as_such(tmp_path):
    told = (
        problems.explain_os_error(tmp_path, OSError(errno.EROFS, "Read-only file system")),
        problems.explain_open_error(tmp_path, duckdb.IOException("IO Error: Cannot open file: Read-only file system")),
    )
    for error in told:
        assert "mounted read-only" in error.message and "permission" not in error.message


@pytest.mark.parametrize("what", ["file", "folder"])
def test_missing_permission_is_named(what):
    # not below pytest's folder, which only its owner may enter
    folder = Path(tempfile.mkdtemp())
    try:
        path = folder / "a.duckdb"
        if what == "file":
            Database.open(path).close()
            path.chmod(0o000)
            folder.chmod(0o755)
        else:
            folder.chmod(0o555)
        output = child.run(DENIED, str(path))
        assert output.startswith("StorageError No permission to use"), output
        assert str(path) in output and "--db-path" in output
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)
