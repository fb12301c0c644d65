"""Which statements the SQL console runs, judged on the tree of the very parser that will execute them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from engine.errors import QueryRefused, nearest_names
from engine.storage.sandbox_functions import ALLOWED_FUNCTIONS, ALLOWED_TABLE_FUNCTIONS

MAX_SQL_LENGTH = 100_000

_QUERY_NODES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"})
_TABLE_NODES = frozenset(
    {"BASE_TABLE", "SUBQUERY", "JOIN", "TABLE_FUNCTION", "EMPTY", "EXPRESSION_LIST", "PIVOT", "SHOW_REF"}
)
_EXPRESSIONS = frozenset(
    {
        "BETWEEN", "CASE", "CAST", "COLLATE", "COLUMN_REF", "COMPARISON", "CONJUNCTION", "CONSTANT", "DEFAULT",
        "FUNCTION", "LAMBDA", "LAMBDA_REF", "OPERATOR", "POSITIONAL_REFERENCE", "STAR", "SUBQUERY", "TYPE", "WINDOW",
    }
)  # fmt: skip
_MODIFIERS = frozenset({"ORDER_MODIFIER", "LIMIT_MODIFIER", "DISTINCT_MODIFIER"})
_DIRECTIONS = frozenset({"ORDER_DEFAULT", "ASCENDING", "DESCENDING"})
_KINDS = _QUERY_NODES | _TABLE_NODES | _MODIFIERS | _DIRECTIONS
_PLAIN_NAME = re.compile(r"\w[\w ]*")


def check_statement(statements: Sequence[dict[str, Any]], *, tables: Sequence[str], taken: frozenset[str]) -> None:
    """Raise QueryRefused unless this is one harmless SELECT over `tables`.

    `statements` is what DuckDB's json_serialize_sql makes of the text; `taken` are names of its own catalogue, which a
    common table expression may not borrow: outside its scope the name would mean the catalogue again.
    """
    if len(statements) != 1:
        raise QueryRefused(
            "There is no statement to run; write one SELECT."
            if not statements
            else f"{len(statements)} statements were given; run one SELECT at a time."
        )
    nodes = list(_walk(statements[0]))
    own = {name.casefold() for name in tables}
    named = {name for node in nodes for name in _cte_names(node)}
    for name in sorted(named):
        if name.casefold() in taken - own or not _PLAIN_NAME.fullmatch(name):
            raise QueryRefused(f"The name {name!r} cannot be used in a WITH clause; choose another one.")
    known = own | {name.casefold() for name in named}
    after_from = {id(node.get("function")) for node in nodes if node.get("type") == "TABLE_FUNCTION"}
    for node in nodes:
        _check_kind(node)
        kind = node.get("type")
        if kind == "BASE_TABLE":
            _check_table(node, tables, known)
        elif kind == "SHOW_REF":
            _check_show(node, tables)
        elif kind == "TABLE_FUNCTION" and (node.get("function") or {}).get("class") != "FUNCTION":
            raise QueryRefused("Only a plain function can follow FROM.")
        elif "function_name" in node:
            _check_function(node, after_from=id(node) in after_from)


def _walk(tree: Any) -> Iterator[dict[str, Any]]:
    """Every object of the tree."""
    pending = [tree]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            yield value
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)


def _cte_names(node: dict[str, Any]) -> Iterator[str]:
    """Names that this node defines with WITH."""
    for entry in (node.get("cte_map") or {}).get("map", ()):
        yield str(entry["key"])
    if node.get("type") in ("CTE_NODE", "RECURSIVE_CTE_NODE"):
        yield str(node.get("cte_name") or node.get("ctename") or "")


def _check_kind(node: dict[str, Any]) -> None:
    """Refuse a kind of node that these rules were not written for."""
    kind, expression = node.get("type"), node.get("class")
    if expression == "PARAMETER":
        raise QueryRefused("Parameters such as $1 or ? have no value here; write the value itself.")
    if expression is not None and expression not in _EXPRESSIONS:
        raise QueryRefused(f"Expressions of the kind {expression} are not available here.")
    if expression is None and isinstance(kind, str) and kind not in _KINDS:
        raise QueryRefused(f"Statements with parts of the kind {kind} are not available here; write a plain SELECT.")


def _check_table(node: dict[str, Any], tables: Sequence[str], known: set[str]) -> None:
    path = [str(part) for part in (node.get("qualified_name") or {}).get("path", ())]
    named = [node.get("catalog_name") or "", node.get("schema_name") or "", str(node["table_name"])]
    qualifiers = {part.casefold() for part in (*path[:-1], *named[:-1]) if part}
    name = named[-1]
    if qualifiers - {"main"} or name.casefold() not in known or (path and path[-1] != name):
        offered = ", ".join(tables)
        near = nearest_names(name, tables)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise QueryRefused(f"There is no table {'.'.join(path) or name!r} here.{hint} You can query: {offered}.")


def _check_show(node: dict[str, Any], tables: Sequence[str]) -> None:
    """DESCRIBE and SUMMARIZE of a query carry that query; other SHOW forms list the system's insides."""
    if node.get("show_type") not in ("DESCRIBE", "SUMMARY") or node.get("query") is None:
        raise QueryRefused(f"SHOW is not available here. You can query: {', '.join(tables)}; DESCRIBE lists columns.")


def _check_function(node: dict[str, Any], *, after_from: bool) -> None:
    allowed = ALLOWED_TABLE_FUNCTIONS if after_from else ALLOWED_FUNCTIONS
    name = str(node["function_name"])
    path = [str(part) for part in (node.get("qualified_name") or {}).get("path", ())]
    is_qualified = bool(node.get("schema") or node.get("catalog") or len(path) > 1)
    if is_qualified or name.casefold() not in allowed or (path and path[-1] != name):
        near = [] if is_qualified else nearest_names(name, allowed)
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        place = " after FROM" if after_from else ""
        raise QueryRefused(f"The function {'.'.join(path) or name} is not available here{place}.{hint}")
