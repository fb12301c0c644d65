"""Machines on which results were measured."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from duckdb import DuckDBPyConnection

from engine.domain.hardware import Environment
from engine.errors import NotFound
from engine.storage.values import to_json

_SAVE = """
    insert into environment values (
        $environment_id, $hostname, $os, $cpu, $architecture, $physical_cores, $logical_cores, $memory_bytes, $python,
        $libraries, $accelerators, $first_seen_at, $source
    )
    on conflict (environment_id) do update set hostname = excluded.hostname
"""

_SELECT = """
    select environment_id, hostname, os, cpu, architecture, physical_cores, logical_cores, memory_bytes, python,
           libraries, accelerators, source
    from environment
"""


def save(cursor: DuckDBPyConnection, environment: Environment) -> None:
    """Remember `environment`; saving it again only refreshes the host name."""
    cursor.execute(
        _SAVE,
        {
            "environment_id": environment.environment_id,
            "hostname": environment.hostname,
            "os": environment.os,
            "cpu": environment.cpu,
            "architecture": environment.architecture,
            "physical_cores": environment.physical_cores,
            "logical_cores": environment.logical_cores,
            "memory_bytes": environment.memory_bytes,
            "python": environment.python,
            "libraries": to_json(dict(environment.libraries)),
            "accelerators": to_json(list(environment.accelerators)),
            "first_seen_at": datetime.now(UTC),
            "source": environment.source,
        },
    )


def get(cursor: DuckDBPyConnection, environment_id: str) -> Environment:
    row = cursor.execute(f"{_SELECT} where environment_id = $id", {"id": environment_id}).fetchone()
    if row is None:
        raise NotFound(f"No environment {environment_id!r} in this database; `modeldyno hardware` shows this machine.")
    return _environment(row)


def all_environments(cursor: DuckDBPyConnection) -> list[Environment]:
    """Every machine and library combination seen so far, newest first."""
    rows = cursor.execute(f"{_SELECT} order by first_seen_at desc, environment_id").fetchall()
    return [_environment(row) for row in rows]


def _environment(row: tuple[Any, ...]) -> Environment:
    return Environment(
        environment_id=row[0],
        hostname=row[1],
        os=row[2],
        cpu=row[3],
        architecture=row[4],
        physical_cores=row[5],
        logical_cores=row[6],
        memory_bytes=row[7],
        python=row[8],
        libraries=json.loads(row[9]),
        accelerators=tuple(json.loads(row[10])),
        source=row[11],
    )
