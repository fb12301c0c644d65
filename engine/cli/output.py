"""Results on standard output, words about them on standard error."""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date, time
from decimal import Decimal
from math import isfinite
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table

from engine.errors import EngineError

FORMATS = ("table", "json", "csv", "markdown")
_LOG_WIDTH = 160
"""Columns of a table that does not go to a terminal."""
_LONG_WORD = 20
"""Longer words (paths, ids) may be broken to fit."""
_BETWEEN = 3
"""Columns of a terminal between two columns of a table."""

Rows = Iterable[Sequence[Any]]


class OutputRefused(EngineError):
    """Standard output takes no more: a full disk behind a redirection, say."""

    title = "Output not written"


def print_json(value: Any) -> None:
    """Indented for people; every program reads it too."""
    is_unicode = sys.stdout.encoding.lower() in ("utf-8", "utf8")
    text = json.dumps(_plain(value), indent=2, ensure_ascii=not is_unicode, allow_nan=False)
    with _standard_output():
        click.echo(text)


def print_line(text: str) -> None:
    with _standard_output():
        click.echo(text)


def print_rows(headings: Sequence[str], rows: Rows, style: str, *, numeric: Sequence[str] = ()) -> None:
    """Rows as a table for people, or as CSV or Markdown; `numeric` columns are right-aligned in the table."""
    with _standard_output():
        if style == "csv":
            writer = csv.writer(sys.stdout, lineterminator="\n")
            writer.writerow(headings)
            writer.writerows(["" if value is None else _nested_as_json(value) for value in row] for row in rows)
        elif style == "markdown":
            click.echo(_markdown_line(headings))
            click.echo("|" + "|".join(" ---: " if heading in numeric else " --- " for heading in headings) + "|")
            for row in rows:
                click.echo(_markdown_line(row))
        else:
            click.echo(_table(headings, [[_cell(value) for value in row] for row in rows], numeric), nl=False)


def say(text: str, *, quiet: bool = False) -> None:
    """One line for the person in front of it; the work goes on when nobody can read it any more."""
    if not quiet:
        with suppress(OSError):
            click.echo(text, err=True)


def tell_warnings(warnings: Iterable[str]) -> None:
    """One line each, told to those who want no progress as well."""
    for warning in warnings:
        say(f"Warning: {warning}")


@contextmanager
def _standard_output() -> Iterator[None]:
    """A reader who has seen enough (`| head`) is content; every other refusal is an error."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        _discard_output()
    except OSError as error:
        _discard_output()
        raise OutputRefused(
            f"Standard output took no more ({error.strerror or error}). Redirect it to a place with room; "
            "nothing that is stored was lost."
        ) from error


def _discard_output() -> None:
    """What is left in the buffer must not fail once more when Python flushes it at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[str]) -> str:
    console = Console(file=sys.stdout, markup=False, emoji=False, highlight=False)
    if not console.is_terminal:
        console.width = _LOG_WIDTH
    widths = _widths([headings, *rows], console.width)
    if widths is None:
        return _records(headings, rows)
    table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False)
    for heading, width in zip(headings, widths, strict=True):
        table.add_column(heading, justify="right" if heading in numeric else "left", overflow="fold", width=width)
    for row in rows:
        table.add_row(*row)
    with console.capture() as captured:
        console.print(table)
    return captured.get()


def _widths(lines: Sequence[Sequence[str]], room: int) -> list[int] | None:
    """Of each column, such that no ordinary word is broken; None when `room` is too small for that."""
    columns = list(zip(*lines, strict=True))
    room -= _BETWEEN * len(columns) - 1
    whole = [max(len(text) for text in column) for column in columns]
    words = [max((len(word) for text in column for word in text.split()), default=1) for column in columns]
    for most in range(max(whole), 0, -1):
        widths = [min(full, max(most, min(word, _LONG_WORD))) for full, word in zip(whole, words, strict=True)]
        if sum(widths) <= room:
            return widths
    return None


def _records(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """One line for each value, for a terminal that is too narrow for columns."""
    margin = max(len(heading) for heading in headings) + 2
    records = ("".join(f"{h:<{margin}}{value}\n" for h, value in zip(headings, row, strict=True)) for row in rows)
    return "\n".join(records)


def _markdown_line(values: Sequence[Any]) -> str:
    return f"| {' | '.join(_cell(value).replace('|', chr(92) + '|') for value in values)} |"


def _plain(value: Any) -> Any:
    """As JSON has it: infinities, not-a-number and anything else unknown become their text, times ISO 8601."""
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(inner) for inner in value]
    if isinstance(value, float):
        return value if isfinite(value) else str(value)
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, date | time):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else str(value)


def _cell(value: Any) -> str:
    return "-" if value is None else str(_nested_as_json(value)).replace("\n", " ")


def _nested_as_json(value: Any) -> Any:
    return json.dumps(_plain(value), ensure_ascii=False) if isinstance(value, dict | list | tuple) else value
