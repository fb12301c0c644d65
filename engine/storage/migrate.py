"""Bring a database to this program's schema, one numbered step at a time, each in a transaction of its own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from duckdb import DuckDBPyConnection

from engine.errors import DatabaseIncompatible
from engine.storage import problems

_JOURNAL = """
    create table modeldyno_schema (number integer primary key, name text not null, applied_at timestamptz not null)
"""
_FILE_NAME = re.compile(r"(\d{4})_(\w+)\.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    number: int
    name: str
    sql: str


def shipped_migrations() -> list[Migration]:
    """Every step in this release, in order; numbered from 1 without gaps."""
    found = []
    for entry in resources.files("engine.storage.migrations").iterdir():
        if match := _FILE_NAME.fullmatch(entry.name):
            found.append(Migration(number=int(match[1]), name=match[2], sql=entry.read_text(encoding="utf-8")))
    return sorted(found, key=lambda migration: migration.number)


def migrate(connection: DuckDBPyConnection, path: Path, migrations: list[Migration]) -> int:
    """Apply what is missing and return the schema's number; a foreign or newer database is refused untouched."""
    present = present_version(connection, path, migrations)
    for migration in migrations:
        if migration.number > present:
            _apply(connection, migration)
    return migrations[-1].number


def present_version(connection: DuckDBPyConnection, path: Path, migrations: list[Migration]) -> int:
    """0 for an empty database. Raises DatabaseIncompatible for a foreign one, or one newer than `migrations`."""
    present = _journalled_version(connection, path)
    newest = migrations[-1].number
    if present > newest:
        raise DatabaseIncompatible(
            f"{path} has schema version {present}, written by a newer ModelDyno; this one knows up to {newest}. "
            "Upgrade this program, or keep the file and use another one with --db-path.",
            field="db_path",
        )
    return present


def _journalled_version(connection: DuckDBPyConnection, path: Path) -> int:
    tables = {name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()}
    if not tables:
        return 0
    if "modeldyno_schema" not in tables:
        some = ", ".join(sorted(tables)[:3])
        raise DatabaseIncompatible(
            f"{path} is a DuckDB database of something else (it holds {some}). "
            "Keep the file and use another one with --db-path; nothing in it was changed.",
            field="db_path",
        )
    row = connection.execute("select coalesce(max(number), 0) from modeldyno_schema").fetchone()
    return int(row[0]) if row else 0


def _apply(connection: DuckDBPyConnection, migration: Migration) -> None:
    connection.begin()
    try:
        if migration.number == 1:
            connection.execute(_JOURNAL)
        connection.execute(migration.sql)
        connection.execute(
            "insert into modeldyno_schema values ($number, $name, now())",
            {"number": migration.number, "name": migration.name},
        )
        connection.commit()
    except BaseException:
        problems.roll_back(connection)
        raise
