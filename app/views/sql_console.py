"""The read-only SQL console: what there is to ask, the question, and the answer."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from app import ids
from app.views.controls import button
from app.views.data_grid import data_grid
from app.views.empty_state import empty_state
from app.views.error_notice import error_notice
from app.views.icon import icon
from engine.formatting import counted, format_count, format_duration

EXAMPLES: tuple[tuple[str, str], ...] = (
    (
        "Fastest cases",
        "SELECT model_type, backend, precision, batch_size,\n"
        "       median(items_per_second) AS items_per_second, count(*) AS processes\n"
        "FROM results\n"
        "WHERE status = 'completed' AND workload = 'inference'\n"
        "GROUP BY ALL ORDER BY items_per_second DESC",
    ),
    (
        "Batch scaling",
        "SELECT model_type, batch_size,\n"
        "       median(items_per_second) AS items_per_second,\n"
        "       median(latency_seconds) AS latency_seconds\n"
        "FROM results\n"
        "WHERE status = 'completed' AND workload = 'inference'\n"
        "GROUP BY ALL ORDER BY model_type, batch_size",
    ),
    (
        "What failed, and why",
        "SELECT model_type, backend, precision, batch_size, failure_kind, failure_reason, count(*) AS times\n"
        "FROM results\n"
        "WHERE status = 'failed'\n"
        "GROUP BY ALL ORDER BY times DESC",
    ),
    (
        "Spread between processes",
        "SELECT model_type, backend, precision, batch_size,\n"
        "       max(latency_seconds) / min(latency_seconds) - 1 AS spread, count(*) AS processes\n"
        "FROM results\n"
        "WHERE status = 'completed' AND workload = 'inference'\n"
        "GROUP BY ALL HAVING count(*) > 1 ORDER BY spread DESC",
    ),
)
"""Label and statement; each runs as it stands."""

GRID_HEIGHT = 340
_NUMERIC = re.compile(r"U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL\(\d+, ?\d+\)|BIGNUM")
_FRACTIONS = ("DOUBLE", "FLOAT")
_SIX_DIGITS: Mapping[str, Any] = {
    "valueFormatter": {
        "function": "params.value == null ? '' : !params.value.toFixed ? params.value : "
        "params.value < 1000000 && params.value > -1000000 ? d3.format('.6~r')(params.value) : '' + params.value"
    },
    "useValueFormatterForExport": False,
}
"""The grid shows six digits of a fraction below a million; a tooltip and the file hold them all."""
_NO_FORMULA = (
    "params.value == null || params.value.toFixed || params.column.colDef.type == 'rightAligned' ? params.value : "
    "'=+-@'.includes(params.value[0]) ? \"'\" + params.value : params.value"
)
"""Text that a spreadsheet would run as a formula is kept from it, as in the Comparison's download; numbers too long for
the browser are text as well, but in a column of numbers."""
_SIMPLE_TYPES: Mapping[str, str] = {
    "VARCHAR": "text",
    "BIGINT": "integer",
    "INTEGER": "integer",
    "HUGEINT": "integer",
    "UBIGINT": "integer",
    "DOUBLE": "number",
    "BOOLEAN": "yes/no",
    "TIMESTAMP WITH TIME ZONE": "time",
    "TIMESTAMP": "time",
}


def sql_console(statement: str) -> Component:
    """Schema at the left, editor and answer at the right; the schema is filled in after."""
    return html.Div(
        [
            html.Div(
                [
                    html.Label("Find a column", htmlFor=ids.SQL_SCHEMA_FILTER, className="visually-hidden"),
                    dcc.Input(
                        id=ids.SQL_SCHEMA_FILTER,
                        type="search",
                        placeholder="Find a column",
                        debounce=0.2,
                        className="form-input",
                    ),
                    html.Div(id=ids.SQL_SCHEMA, className="sql-schema", **{"aria-live": "polite"}),
                ],
                className="sql-side",
            ),
            html.Div(
                [
                    html.Label("SQL statement", htmlFor=ids.SQL_EDITOR, className="visually-hidden"),
                    dcc.Textarea(
                        id=ids.SQL_EDITOR,
                        value=statement,
                        spellCheck=False,
                        className="sql-editor",
                        rows=6,
                    ),
                    html.Div(
                        [
                            button("Run", id=ids.SQL_RUN, kind="primary", drawing="play"),
                            html.Kbd("Ctrl Enter", className="sql-key"),
                            html.Span("Examples:", className="sql-examples-label"),
                            *[
                                button(label, id={"type": ids.SQL_EXAMPLE, "index": index}, kind="link")  # type: ignore[dict-item]
                                for index, (label, _) in enumerate(EXAMPLES)
                            ],
                        ],
                        className="sql-actions",
                    ),
                    html.Div(
                        [
                            html.Div(id=ids.SQL_OUTCOME, className="sql-outcome", role="status"),
                            button(
                                "CSV", id=ids.SQL_CSV, drawing="download", title="Download these rows", disabled=True
                            ),
                        ],
                        className="sql-outcome-row",
                    ),
                    html.Div(
                        empty_state(
                            "Nothing asked yet",
                            "Press Run, or take an example. A question runs on a copy, so it can change nothing.",
                        ),
                        id=ids.SQL_ANSWER,
                        className="sql-answer",
                    ),
                ],
                className="sql-main",
            ),
        ],
        className="sql-console",
    )


def sql_schema(schema: Mapping[str, Sequence[tuple[str, str]]], wanted: str) -> Component:
    """Views with their columns; with a search only the columns that hold it, unfolded."""
    needle = wanted.strip().casefold()
    found = {
        view: [
            column for column in columns if not needle or needle in column[0].casefold() or needle in view.casefold()
        ]
        for view, columns in schema.items()
    }
    shown = {view: columns for view, columns in found.items() if columns}
    if not shown:
        return html.P(f"No column is called like “{wanted.strip()}”.", className="run-note")
    return html.Div(
        [
            html.Details(
                [
                    html.Summary([html.B(view), html.Span(f" {len(columns)}", className="sql-count")]),
                    html.Ul([_column(name, kind) for name, kind in columns]),
                ],
                open=bool(needle) or position == 0,
            )
            for position, (view, columns) in enumerate(shown.items())
        ]
    )


def sql_grid(columns: Sequence[str], types: Sequence[str], rows: Sequence[Sequence[Any]]) -> Component:
    """The answer in a grid; columns may repeat a name, so fields are positions."""
    definitions = [
        {
            "field": f"c{index}",
            "headerName": name,
            "headerTooltip": f"{name}: {simple_type(kind)}",
            "tooltipField": f"c{index}",
            "type": "rightAligned" if is_numeric(kind) else None,
            "filter": "agNumberColumnFilter" if is_numeric(kind) else "agTextColumnFilter",
            "minWidth": 90,
            "flex": 1,
            **(_SIX_DIGITS if kind.upper() in _FRACTIONS else {}),
        }
        for index, (name, kind) in enumerate(zip(columns, types, strict=True))
    ]
    records = [{f"c{index}": plain(value) for index, value in enumerate(row)} for row in rows]
    return data_grid(
        ids.SQL_GRID,
        definitions,
        records,
        height=GRID_HEIGHT,
        remember=False,
        csvExportParams={"fileName": "modeldyno-query.csv", "processCellCallback": {"function": _NO_FORMULA}},
    )


def sql_outcome(rows: int, seconds: float, *, truncated: bool) -> Component:
    words = f"{counted(rows, 'row')} in {format_duration(seconds)}"
    if truncated:
        return html.Span(
            [icon("status-interrupted"), f" the first {words}; there are more, so narrow the question"],
            className="mark status-interrupted sql-truncated",
        )
    return html.Span([icon("status-ok"), html.Span(words)], className="mark status-ok")


def sql_problem(title: str, reason: str) -> Component:
    return error_notice(title, reason)


def limits_text(seconds: float, rows: int) -> str:
    return f"Read-only · {format_duration(seconds)} and {format_count(rows)} rows at most"


def simple_type(kind: str) -> str:
    """DuckDB's type in a word."""
    return _SIMPLE_TYPES.get(kind.upper(), kind.lower())


def is_numeric(kind: str) -> bool:
    return _NUMERIC.fullmatch(kind.upper()) is not None


def plain(value: Any) -> Any:
    """A value of the sandbox's answer as the browser can hold it: what is no number there becomes its text."""
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, float):
        return value if isfinite(value) else str(value)
    if isinstance(value, int) and abs(value) >= 2**53:
        return str(value)
    return value


def _column(name: str, kind: str) -> Component:
    return html.Li([html.Span(name), html.Span(simple_type(kind), className="sql-type")], title=f"{name}: {kind}")
