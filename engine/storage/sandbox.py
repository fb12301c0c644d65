"""The SQL console: users' queries on a copy of the data, in a process that can be killed and cannot grow."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any

from engine.config import CHECKOUT
from engine.errors import QueryFailed, QueryRefused
from engine.storage.database import Database
from engine.storage.sandbox_rules import MAX_SQL_LENGTH
from engine.storage.snapshot import VIEWS

MAX_RESULT_BYTES = 16 * 2**20
"""Of the rows as JSON text: what one answer may weigh on the server."""

MAX_ROWS = 100_000
"""Of one answer."""
_INHERITED = ("LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR")
"""The only environment variables the query's process sees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryTable:
    """The answer to a query. Values are those of JSON: times are ISO 8601 text, lists and structs nest."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    truncated: bool
    """There were more rows than the limits let through."""
    seconds: float
    """From the question to the answer: copying what was written since the last one included."""


def run_query(
    database: Database,
    sql: str,
    *,
    timeout_seconds: float = 10.0,
    max_rows: int = MAX_ROWS,
    memory_bytes: int = 1 << 30,
    patience_seconds: float = 3.0,
    client: str = "",
) -> QueryTable:
    """Run one SELECT on the data as of now. Raises QueryRefused, or QueryFailed with the place of the mistake.

    Raises TooManyQueries when, for `patience_seconds`, no other query ends that stands in the way; `client` tells whose
    this one is, as each may run fewer than all together.
    """
    if len(sql) > MAX_SQL_LENGTH:
        raise QueryRefused(f"The statement has {len(sql)} characters; {MAX_SQL_LENGTH} are allowed.")
    if "\0" in sql:
        raise QueryRefused("The statement holds a null character; remove it.")
    asked_at = time.perf_counter()
    places = database.snapshots.places
    with places.place(client, patience_seconds=patience_seconds), database.snapshots.current() as copy:
        request = {
            "path": str(copy),
            "sql": sql,
            "tables": list(VIEWS),
            "max_rows": max_rows,
            "max_bytes": MAX_RESULT_BYTES,
            "memory_bytes": memory_bytes,
            "cpu_seconds": math.ceil(timeout_seconds) + 1,
            "parent_pid": os.getpid(),
        }
        answer = _ask_child(request, timeout_seconds)
    return _read_answer(answer, memory_bytes, seconds=time.perf_counter() - asked_at)


def schema(database: Database) -> dict[str, list[tuple[str, str]]]:
    """The columns and types of everything a query may read, in the order to list them."""
    found: dict[str, list[tuple[str, str]]] = {view: [] for view in VIEWS}
    with database.cursor() as cursor:
        rows = cursor.execute(
            "select table_name, column_name, data_type from duckdb_columns() "
            "where not internal and database_name = current_database() "
            "and list_contains($views, table_name) order by table_name, column_index",
            {"views": list(VIEWS)},
        ).fetchall()
    for view, column, kind in rows:
        found[view].append((column, kind))
    return found


def child_environment() -> dict[str, str]:
    """What a query's process gets to see of this one's environment: nothing that a query could want."""
    return {name: os.environ[name] for name in _INHERITED if name in os.environ}


def _ask_child(request: dict[str, Any], timeout_seconds: float) -> dict[str, Any]:
    """The answer of a process of its own; it is dead when this returns."""
    child = subprocess.Popen(
        [sys.executable, "-X", "utf8", "-m", "engine.storage.sandbox_child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=CHECKOUT,
        env=child_environment(),
        start_new_session=True,
    )
    try:
        output, errors = child.communicate(json.dumps(request).encode(), timeout=timeout_seconds)
    except subprocess.TimeoutExpired:
        raise QueryFailed(
            f"The query ran longer than {timeout_seconds:g} s and was stopped. Narrow it with WHERE, or aggregate less."
        ) from None
    finally:
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout, child.stderr):
            if pipe is not None:
                pipe.close()
    if child.returncode != 0 or not output:
        raise _death(child.returncode, errors.decode(errors="replace"), request["memory_bytes"])
    answer: dict[str, Any] = json.loads(output)
    return answer


def _read_answer(answer: dict[str, Any], memory_bytes: int, *, seconds: float) -> QueryTable:
    if "refused" in answer:
        raise QueryRefused(answer["refused"], field="sql")
    if "failed" in answer:
        raise QueryFailed(answer["failed"], field="sql")
    if "out_of_memory" in answer:
        raise _too_much_memory(memory_bytes)
    return QueryTable(
        columns=tuple(answer["columns"]),
        types=tuple(answer["types"]),
        rows=[tuple(row) for row in answer["rows"]],
        truncated=answer["truncated"],
        seconds=seconds,
    )


def _death(status: int, errors: str, memory_bytes: int) -> QueryFailed:
    """Why the process ended without an answer."""
    if "MemoryError" in errors or "bad_alloc" in errors or status == -signal.SIGKILL:
        return _too_much_memory(memory_bytes)
    if status == -signal.SIGXCPU:
        return QueryFailed("The query used more processor time than it may; narrow it with WHERE.", field="sql")
    if status < 0:
        name = signal.Signals(-status).name
        return QueryFailed(
            f"The query's process was ended by {name}: the statement may be too long or too deeply nested, or need "
            f"more than the {_in_gib(memory_bytes)} of memory it may use. Simplify it.",
            field="sql",
        )
    last = errors.strip().splitlines()[-1] if errors.strip() else f"exit status {status}"
    return QueryFailed(f"The query's process ended without an answer: {last}")


def _too_much_memory(memory_bytes: int) -> QueryFailed:
    return QueryFailed(
        f"The query needed more than the {_in_gib(memory_bytes)} of memory it may use. Select fewer rows or columns, "
        "or aggregate; a statement of thousands of parts needs as much itself, so shorten it.",
        field="sql",
    )


def _in_gib(memory_bytes: int) -> str:
    return f"{memory_bytes / 2**30:.2g} GiB"
