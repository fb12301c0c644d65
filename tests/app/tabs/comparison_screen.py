"""Comparison, as its callbacks answer a browser."""

from __future__ import annotations

from typing import Any

from app import ids
from app.tabs.comparison import (
    show_details,
    show_heat_map,
)
from app.tabs.comparison_filters import FILTERS
from app.tabs.comparison_table import fill_table
from tests.app.tabs.component_tree import of_class, text_of, with_id


def values(**filters: Any) -> list[Any]:
    shown = {"metric": "latency", "rows": "family", "mode": "ratio", **filters}
    return [shown.get(name) for name in FILTERS]


def show(chosen: dict[str, Any] | None = None, **filters: Any) -> tuple[Any, Any, Any, int]:
    """Head, body, count, results seen."""
    return show_heat_map(*values(**filters), "light", False, None, chosen)


def details(chosen: dict[str, Any] | None = None, **filters: Any) -> Any:
    return show_details(chosen, *values(**filters), "light")


def title(card: Any) -> str:
    return text_of(of_class(card, "card-title"))


def filled(*, columns: Any = None, narrow: bool = False, **filters: Any) -> Any:
    """Columns and rows."""
    return fill_table(*values(**filters), columns, narrow, None)


def table(**filters: Any) -> list[dict[str, Any]]:
    return filled(**filters)[1]


def cells(body: Any) -> list[str]:
    figure = with_id(body, ids.COMPARISON_HEATMAP).figure
    return [annotation.text for annotation in figure.layout.annotations]
