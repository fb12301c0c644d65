"""The SQL console over HTTP: bodies and answers."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictInt

from engine.contract.answer import Seconds, TypedDict, answer

__all__ = ["MAX_ROWS", "SqlBody", "SqlColumn", "SqlRows", "SqlSchema", "SqlView"]

MAX_ROWS = 100_000


class SqlBody(BaseModel):
    """One SELECT, run on a copy of the data in a process of its own."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    sql: Annotated[str, Field(min_length=1, max_length=100_000)]
    max_rows: Annotated[StrictInt, Field(ge=1, le=MAX_ROWS)] = 1000


@answer
class SqlRows(TypedDict):
    columns: list[str]
    types: list[str]
    rows: list[list[Any]]
    """Times are ISO 8601 text, `inf`, `-inf` and `nan` are text as well, lists and structs nest."""
    truncated: bool
    """There were more rows than asked for, or than an answer holds."""
    seconds: Seconds


@answer
class SqlColumn(TypedDict):
    name: str
    type: str


@answer
class SqlView(TypedDict):
    name: str
    columns: list[SqlColumn]


@answer
class SqlSchema(TypedDict):
    """What a query may read."""

    views: list[SqlView]
