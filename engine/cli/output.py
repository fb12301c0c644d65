"""Results on standard output, words about them on standard error."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Sequence
from datetime import date, time
from decimal import Decimal
from math import isfinite
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table

FORMATS = ("table", "json", "csv", "markdown")
_LOG_WIDTH = 160
"""Columns of a table that does not go to a terminal."""

Rows = Iterable[Sequence[Any]]


def print_json(value: Any) -> None:
    """Indented for people; every program reads it too."""
    click.echo(json.dumps(_plain(value), indent=2, ensure_ascii=False, allow_nan=False))


def say(text: str, *, quiet: bool = False) -> None:
    """One line for the person in front of it."""
    if not quiet:
        click.echo(text, err=True)


def print_rows(headings: Sequence[str], rows: Rows, style: str, *, numeric: Sequence[str] = ()) -> None:
    """Rows as a table for people, or as CSV or Markdown; `numeric` columns are right-aligned in the table."""
    if style == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(headings)
        writer.writerows(["" if value is None else value for value in row] for row in rows)
    elif style == "markdown":
        click.echo(f"| {' | '.join(headings)} |")
        click.echo("|" + "|".join(" ---: " if heading in numeric else " --- " for heading in headings) + "|")
        for row in rows:
            click.echo(f"| {' | '.join(_cell(value).replace('|', chr(92) + '|') for value in row)} |")
    else:
        _print_table(headings, rows, numeric)


def _print_table(headings: Sequence[str], rows: Rows, numeric: Sequence[str]) -> None:
    table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False)
    for heading in headings:
        table.add_column(heading, justify="right" if heading in numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    console = Console(file=sys.stdout, markup=False, highlight=False)
    if not console.is_terminal:
        console = Console(file=sys.stdout, markup=False, highlight=False, width=_LOG_WIDTH)
    console.print(table)


def _plain(value: Any) -> Any:
    """As JSON has it: infinities and not-a-number become null, times ISO 8601, anything else unknown its text."""
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(inner) for inner in value]
    if isinstance(value, float):
        return value if isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, date | time):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else str(value)


def _cell(value: Any) -> str:
    return "-" if value is None else str(value).replace("\n", " ")
