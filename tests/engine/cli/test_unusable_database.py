from __future__ import annotations

import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from engine.storage.database import Database
from tests.engine.cli.conftest import Cli
from tests.engine.cli.processes import ROOT

COMMANDS = (
    ("results",),
    ("query", "select 1"),
    ("export", "report"),
    ("hardware",),
    ("benchmark", "--model", "bert"),
    ("generate", "--model", "bert", "--no-verify"),
)
HOLD = """
    import sys, time
    from pathlib import Path
    from engine.storage.database import Database

    database = Database.open(Path(sys.argv[1]))
    if len(sys.argv) > 2:
        database.announce(sys.argv[2])
    print("open", flush=True)
    time.sleep(60)
"""
UNPRIVILEGED = """
    import os, sys
    from engine.cli.commands import run

    if os.geteuid() == 0:
        os.setgid(65534)
        os.setuid(65534)
    sys.exit(run(["hardware", "--db-path", sys.argv[1]]))
"""


def python(code: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, int]]:
    """A database that another process has open, and that process's number."""
    path = tmp_path_factory.mktemp("held") / "held.duckdb"
    holder = python(HOLD, path)
    assert holder.stdout is not None and holder.stdout.readline() == "open\n"
    yield path, holder.pid
    holder.kill()
    holder.communicate()


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
def test_every_command_says_who_holds_the_database(cli: Cli, held: tuple[Path, int], command: tuple[str, ...]) -> None:
    path, pid = held
    said = cli(*command, "--db-path", path)
    assert (said.status, said.output) == (1, "")
    assert said.errors.startswith(f"Database in use: The database {path} is in use by process {pid} (")
    assert "--server URL" in said.errors and said.errors.count("\n") == 1


def test_a_database_held_by_a_server_comes_with_its_address(cli: Cli, tmp_path: Path) -> None:
    holder = python(HOLD, tmp_path / "a.duckdb", "http://127.0.0.1:4321")
    try:
        assert holder.stdout is not None and holder.stdout.readline() == "open\n"
        said = cli("benchmark", "--model", "bert", "--db-path", tmp_path / "a.duckdb")
    finally:
        holder.kill()
        holder.communicate()
    assert said.status == 1
    assert "send the work there with --server http://127.0.0.1:4321" in said.errors
    assert "ask in SQL on its page http://127.0.0.1:4321/reports" in said.errors


def test_a_catalogue_needs_no_database(cli: Cli, stored: Path, held: tuple[Path, int]) -> None:
    said = cli("catalog", "--family", "audio", "--json", "--benchmark-dir", stored, "--db-path", held[0])
    assert said.status == 0 and said.json


def corrupt(path: Path) -> None:
    path.write_bytes(b"these are not the bytes you are looking for" * 100)


def cut_short(path: Path) -> None:
    Database.open(path).close()
    path.write_bytes(path.read_bytes()[:9000])


def from_a_newer_version(path: Path) -> None:
    Database.open(path).close()
    connection = duckdb.connect(str(path))
    connection.execute("insert into modeldyno_schema values (999, 'from_the_future', now())")
    connection.close()


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (corrupt, "is not a DuckDB database"),
        (cut_short, "seems damaged"),
        (from_a_newer_version, "has schema version 999, written by a newer ModelDyno"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_and_left_alone(cli: Cli, tmp_path: Path, make, told: str) -> None:
    path = tmp_path / "mine.duckdb"
    make(path)
    before = path.read_bytes()
    said = cli("results", "--db-path", path)
    assert (said.status, said.output) == (1, "")
    assert said.errors.startswith(f"Database cannot be read: {path}") and told in said.errors
    assert "--db-path" in said.errors
    assert path.read_bytes() == before


def test_a_folder_in_place_of_the_file_is_named(cli: Cli, tmp_path: Path) -> None:
    said = cli("results", "--db-path", tmp_path)
    assert said.status == 1
    assert f"--db-path {tmp_path / 'modeldyno.duckdb'}" in said.errors


@pytest.mark.parametrize(
    "command", [("results",), ("query", "select 1"), ("export", "report")], ids=lambda words: words[0]
)
def test_a_command_that_only_reads_makes_no_database(cli: Cli, tmp_path: Path, command: tuple[str, ...]) -> None:
    path = tmp_path / "mistyped.duckdb"
    said = cli(*command, "--db-path", path)
    assert (said.status, said.output) == (2, "")
    assert f"There is no database at {path}." in said.errors and "--db-path" in said.errors
    assert list(tmp_path.iterdir()) == []


def test_a_home_inside_a_file_is_named(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    said = cli("results", "--benchmark-dir", tmp_path / "home")
    assert said.status == 1
    assert f"The database {tmp_path / 'home' / 'modeldyno.duckdb'} cannot be reached" in said.errors


def test_a_home_without_permission_is_named() -> None:
    home = Path(tempfile.mkdtemp())  # not below pytest's folder, which only its owner may enter
    home.chmod(0o555)
    try:
        process = python(UNPRIVILEGED, home / "modeldyno.duckdb")
        output, errors = process.communicate(timeout=60)
    finally:
        home.rmdir()
    assert (process.returncode, output) == (1, "")
    assert errors.startswith(f"Database problem: No permission to use {home / 'modeldyno.duckdb'}")
