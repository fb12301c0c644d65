"""A file as columns and rows, whatever its form: each row knows its place for what may be wrong with it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import InvalidValue

MOST_ROWS = 200_000
"""Beyond these somebody means another file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRow:
    place: str
    values: Mapping[str, Any]
    """By column; an empty cell is None. Text as it stands for CSV, JSON's own kinds otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawTable:
    columns: tuple[str, ...]
    rows: tuple[RawRow, ...]
    remarks: tuple[str, ...] = ()
    """Sentences on all of it that whoever imports is told and every result keeps: what was taken for what."""


def table_of_csv(text: str) -> RawTable:
    """Comma, semicolon or tab between cells; lines that begin with # are skipped. Raises InvalidValue by line."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    columns: list[str] | None = None
    rows: list[RawRow] = []
    try:
        for cells in reader:
            line = reader.line_num
            if not any(cell.strip() for cell in cells) or cells[0].startswith("#"):
                continue
            if columns is None:
                columns = [cell.strip() for cell in cells]
                continue
            if len(cells) != len(columns):
                raise InvalidValue(
                    f"line {line}: {len(cells)} cells under {len(columns)} columns; quote cells with separators."
                )
            values = {name: cell.strip() or None for name, cell in zip(columns, cells, strict=True)}
            rows.append(RawRow(place=f"line {line}", values=values))
    except csv.Error as error:
        raise InvalidValue(f"line {reader.line_num}: no CSV ({error}).") from error
    return checked(columns or [], rows)


def table_of_records(records: Sequence[Mapping[str, Any]], places: Iterable[str]) -> RawTable:
    """Rows that are objects already; the columns are those of all of them."""
    columns = list(dict.fromkeys(name for record in records for name in record))
    rows = [RawRow(place=place, values=dict(record)) for place, record in zip(places, records, strict=True)]
    return checked(columns, rows)


def table_of_json(document: Any) -> RawTable:
    """A list of objects, or an object whose `measurements` is one; raises InvalidValue."""
    if isinstance(document, dict):
        document = document.get("measurements")
    if not isinstance(document, list):
        raise InvalidValue("It is no list of objects; write [{...}, {...}] with one object for each result.")
    if faulty := next((number for number, found in enumerate(document, 1) if not isinstance(found, dict)), None):
        raise InvalidValue(f"row {faulty}: no object; write one like {{'model': 'bert', 'latency_ms': 12.3}}.")
    return table_of_records(document, (f"row {number}" for number in range(1, len(document) + 1)))


def parse_json(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refused_constant, object_pairs_hook=_without_twins)
    except ValueError as error:
        raise InvalidValue(f"It is no JSON ({error}).") from error
    except RecursionError as error:
        raise InvalidValue("It is nested too deep to be a list of results.") from error


def checked(columns: Sequence[str], rows: Sequence[RawRow]) -> RawTable:
    if not rows:
        raise InvalidValue("It has no rows.")
    if len(rows) > MOST_ROWS:
        raise InvalidValue(f"It has {len(rows):,} rows; {MOST_ROWS:,} are taken at most. Split it.")
    if twice := [name for name in dict.fromkeys(columns) if list(columns).count(name) > 1]:
        raise InvalidValue(f"line 1: the column {twice[0]!r} stands there twice; rename one.")
    return RawTable(columns=tuple(columns), rows=tuple(rows))


def _delimiter(text: str) -> str:
    head = next((line for line in text.splitlines() if line.strip() and not line.startswith("#")), "")
    return max((",", ";", "\t"), key=head.count)


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice!r} stands twice in one object")
    return found


def _refused_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")
