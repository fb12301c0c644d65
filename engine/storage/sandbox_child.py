"""The process that runs one console query: `python -m engine.storage.sandbox_child`, a request in, an answer out.

It sees a copy of the data, opened read-only, with DuckDB locked and the process's own memory, files and time limited;
whoever started it kills it when it is late. It imports nothing but DuckDB, so that it starts fast.
"""

from __future__ import annotations

import json
import os
import re
import resource
import sys
import threading
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from time import sleep
from typing import Any

import duckdb
from duckdb import DuckDBPyConnection

from engine.errors import QueryFailed, QueryRefused
from engine.storage.sandbox_rules import check_statement

_BATCH = 500
_MESSAGE_CHARACTERS = 2_000
"""Longest message of a failure: DuckDB quotes values in full, and error() says whatever it is given."""
_TIMES = frozenset(
    {"DATE", "INTERVAL", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE"}
)
"""Types whose infinities, months or nanoseconds Python's own do not have: columns of these leave DuckDB as text."""
_OPENING = "from ("
_PARENT_CHECK_SECONDS = 0.5
_MOMENT = re.compile(r"(\d+-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)(\+00)?")
_POSITION = re.compile(r"\n+LINE (\d+): (.*)\n( *)\^[\s\S]*$")


def main() -> None:
    """Answer the request on standard input with one JSON object on standard output."""
    request = json.load(sys.stdin)
    threading.Thread(target=_end_with_parent, args=(request["parent_pid"],), daemon=True).start()
    _limit_process(request["memory_bytes"], request["cpu_seconds"])
    try:
        answer = _answer(request)
    except QueryRefused as error:
        answer = json.dumps({"refused": error.message})
    except QueryFailed as error:
        answer = json.dumps({"failed": error.message})
    except (MemoryError, duckdb.OutOfMemoryException):
        answer = json.dumps({"out_of_memory": True})
    except RecursionError:
        answer = json.dumps({"refused": "The statement is nested too deeply; simplify it."})
    except duckdb.Error as error:
        answer = _failure(error, request)
    sys.stdout.write(answer)
    sys.stdout.flush()
    os._exit(0)  # nothing to tidy up: the copy was only read


def _end_with_parent(parent_pid: int) -> None:
    """Whoever asked is gone when this process has another parent; DuckDB leaves the interpreter free meanwhile."""
    while os.getppid() == parent_pid:
        sleep(_PARENT_CHECK_SECONDS)
    os._exit(1)


def _limit_process(memory_bytes: int, cpu_seconds: int) -> None:
    """No more memory than asked for, no file written, hardly any opened, no core dump, no endless loop."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.chdir("/")


def _open(path: str, memory_bytes: int) -> DuckDBPyConnection:
    """The copy, read-only, with everything switched off that a query does not need, and that choice locked."""
    connection = duckdb.connect(
        path,
        read_only=True,
        config={
            "enable_external_access": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
            "python_enable_replacements": "false",
            "threads": "1",
            "memory_limit": f"{memory_bytes // 2 // 2**20}MiB",
            "temp_directory": "",
        },
    )
    connection.execute("set TimeZone = 'UTC'")
    connection.execute("set lock_configuration = true")
    return connection


def _answer(request: dict[str, Any]) -> str:
    connection = _open(request["path"], request["memory_bytes"])
    sql = request["sql"]
    _check(connection, sql, request["tables"])
    columns, types = _headings(connection, sql)
    statement = _with_times_as_text(sql, types)
    if statement != sql:
        _check(connection, statement, request["tables"])  # nothing is executed that was not judged
    result = connection.execute(statement)
    rows, truncated = _fetch(result, types, request["max_rows"], request["max_bytes"])
    head = json.dumps({"columns": columns, "types": types, "truncated": truncated})
    return f'{head[:-1]}, "rows": [{", ".join(rows)}]}}'


def _check(connection: DuckDBPyConnection, sql: str, tables: list[str]) -> None:
    """Refuse what is not one harmless SELECT: by DuckDB's own tree, and by its own word for the statement's kind."""
    row = connection.execute("select json_serialize_sql($sql)", {"sql": sql}).fetchone()
    tree: dict[str, Any] = json.loads(row[0]) if row else {"error": True}
    if tree["error"]:
        if tree.get("error_type") == "not implemented":
            raise _not_a_select(connection, sql)
        raise QueryFailed(_located(str(tree.get("error_message", "It cannot be parsed.")), sql, tree.get("position")))
    catalogue = connection.execute(
        "select view_name from duckdb_views() where internal union select table_name from information_schema.tables"
    ).fetchall()
    taken = frozenset(str(name).casefold() for (name,) in catalogue)
    check_statement(tree["statements"], tables=tables, taken=taken)
    kinds = [statement.type for statement in connection.extract_statements(sql)]
    if kinds != [duckdb.StatementType.SELECT]:
        raise QueryRefused("Only one SELECT statement runs here; nothing can be changed.")


def _headings(connection: DuckDBPyConnection, sql: str) -> tuple[list[str], list[str]]:
    """Names and types of the answer's columns, found without executing."""
    try:
        bound = connection.sql(sql)
    except duckdb.Error:
        connection.execute(sql)  # fails likewise, and says where
        raise
    return list(bound.columns), [str(kind) for kind in bound.types]


def _with_times_as_text(sql: str, types: Sequence[str]) -> str:
    """What to execute for `sql`: its lines stay as they are, but for what precedes the first."""
    if _TIMES.isdisjoint(types):
        return sql
    columns = [f"cast(#{n} as varchar)" if kind in _TIMES else f"#{n}" for n, kind in enumerate(types, start=1)]
    return f"{_OPENING}{_without_semicolons(sql)}\n) as answer select {', '.join(columns)}"


def _without_semicolons(sql: str) -> str:
    """One statement with blanks in place of what ends it, so that it can stand in parentheses."""
    text = bytearray(sql.encode())
    for offset, _ in duckdb.tokenize(sql):
        if text[offset : offset + 1] == b";":
            text[offset] = ord(" ")
    return text.decode()


def _not_a_select(connection: DuckDBPyConnection, sql: str) -> QueryRefused:
    if any(statement.type == duckdb.StatementType.MULTI for statement in connection.extract_statements(sql)):
        return QueryRefused(
            "PIVOT without its values is not available here, as DuckDB would write them down first. Name them: "
            "PIVOT ... ON column IN ('one', 'two') USING ..."
        )
    return QueryRefused("Only SELECT statements run here; nothing can be changed.")


def _fetch(result: DuckDBPyConnection, types: Sequence[str], max_rows: int, max_bytes: int) -> tuple[list[str], bool]:
    """Rows as JSON texts, and whether there were more than the limits let through."""
    readers = [_as_iso if kind in _TIMES else _plain for kind in types]
    rows: list[str] = []
    size = 0
    while batch := result.fetchmany(_BATCH):
        for row in batch:
            if len(rows) == max_rows:
                return rows, True
            text = json.dumps([read(value) for read, value in zip(readers, row, strict=True)])
            size += len(text) + 2
            if size > max_bytes:
                if not rows:
                    raise QueryFailed(
                        f"One row is larger than the {max_bytes // 2**20} MiB that the console shows; shorten it."
                    )
                return rows, True
            rows.append(text)
    return rows, False


def _as_iso(text: str | None) -> str | None:
    """DuckDB's text of a moment in ISO 8601; intervals, infinities and years before Christ as DuckDB prints them."""
    found = _MOMENT.fullmatch(text or "")
    return f"{found[1]}T{found[2]}{'+00:00' if found[3] else ''}" if found else text


def _plain(value: Any) -> Any:
    """What JSON can carry without loss: times as ISO 8601 text, exact decimals as numbers when a float holds them."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Decimal):
        number = float(value)
        return number if Decimal(repr(number)) == value else str(value)
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).hex()
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return str(value)


def _failure(error: duckdb.Error, request: dict[str, Any]) -> str:
    text = str(error).replace(request["path"], "the data")
    if "bad_alloc" in text or "Out of Memory" in text or "could not allocate" in text.lower():
        return json.dumps({"out_of_memory": True})
    return json.dumps({"failed": _located(text, request["sql"], None)})


def _located(text: str, sql: str, offset: Any) -> str:
    """DuckDB's message with its place as line and column instead of a drawn arrow."""
    line = column = None
    if found := _POSITION.search(text):
        line = int(found[1])
        column = _column(sql, line, found[2], len(found[3]) - len(f"LINE {line}: "))
        text = text[: found.start()]
    elif isinstance(offset, (int, str)) and str(offset).isdigit():
        before = sql[: int(offset)]
        line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
    text = text.partition("Candidate functions:")[0]  # all variants of a function, often dozens of lines
    text = re.sub(r"^[A-Z][A-Za-z ]* Error: ", "", text).strip()
    text = " ".join(part.strip() for part in text.splitlines() if part.strip())
    if len(text) > _MESSAGE_CHARACTERS:
        text = f"{text[:_MESSAGE_CHARACTERS]}..."
    place = "" if line is None else f"Line {line}, column {column}: "
    return f"{place}{text}"


def _column(sql: str, line: int, shown: str, arrow: int) -> int:
    """1-based column of the arrow; DuckDB shows long lines cut at both ends, marked by dots.

    What precedes the first line when times are read as text counts for nothing.
    """
    whole = sql.split("\n")[line - 1] if line <= sql.count("\n") + 1 else ""
    body = shown.strip()
    leading = 3 if body.startswith("...") and not whole.startswith("...") else 0
    core = body.removeprefix("...").removesuffix("...") if leading or body.endswith("...") else body
    if line == 1 and not leading and core.startswith(_OPENING):
        core, arrow = core.removeprefix(_OPENING), arrow - len(_OPENING)
    start = whole.find(core)
    indent = len(shown) - len(shown.lstrip())
    return max(1, start + arrow - indent - leading + 1) if start >= 0 else max(1, arrow + 1)


if __name__ == "__main__":
    main()
