"""Labelled controls of a form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component


def with_named(options: Sequence[dict[str, Any]], chosen: Sequence[str]) -> list[dict[str, Any]]:
    """`options` and any chosen name that is none of them: a menu drops those, and the plan says what is wrong."""
    known = {option["value"] for option in options}
    return [*options, *({"value": name, "label": name, "search": name} for name in chosen if name not in known)]


def choices(kind: type[StrEnum]) -> list[dict[str, Any]]:
    return [{"value": member.value, "label": member.value} for member in kind]


def field(label: str, control: Component) -> Component:
    return html.Div([html.Label(label, htmlFor=control.id, className="form-label"), control], className="form-field")


def switches(
    id: str, options: Sequence[tuple[str, str, str]], chosen: Sequence[str], kept: Mapping[str, Any]
) -> Component:
    """Each on or off; `options` are value, label and what else there is to know of it."""
    return dcc.Checklist(
        id=id,
        options=[
            {"value": value, "label": label, **({"title": title} if title else {})} for value, label, title in options
        ],
        value=list(chosen),
        className="form-switches",
        **kept,
    )


def menu(
    id: str, options: Sequence[dict[str, Any]], chosen: str, kept: Mapping[str, Any], *, usual: str | None = None
) -> Component:
    """One of a few; `usual` is what an empty one stands for, None where it cannot be empty."""
    return dcc.Dropdown(
        id=id,
        options=with_named(options, [chosen] if chosen else []),
        value=chosen or None,
        clearable=usual is not None,
        searchable=False,
        placeholder=usual,
        className="form-menu",
        **kept,
    )


def several(
    id: str,
    options: Sequence[dict[str, Any]],
    chosen: Sequence[str],
    usual: str,
    kept: Mapping[str, Any],
    *,
    searchable: bool = True,
) -> Component:
    """Several of many; `usual` is what an empty one stands for."""
    return dcc.Dropdown(
        id=id,
        options=with_named(options, chosen),
        value=list(chosen),
        multi=True,
        searchable=searchable,
        placeholder=usual,
        className="form-menu",
        **kept,
    )


def text(id: str, value: object, usual: object, kept: Mapping[str, Any], *, is_number: bool = False) -> Component:
    """`usual` is what an empty one stands for; of a number alone, a phone shows digits alone."""
    return dcc.Input(
        id=id,
        type="text",
        value=None if value is None else str(value),
        placeholder=str(usual),
        debounce=0.4,
        inputMode="numeric" if is_number else "text",
        className="form-input",
        **kept,
    )


def number(id: str, value: object, usual: object, kept: Mapping[str, Any]) -> Component:
    """One whole number."""
    return text(id, value, usual, kept, is_number=True)
