"""Requests as values: what is sent, and of which type the answer is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import quote
from uuid import uuid4

from engine.client.operations import Started, System
from engine.contract.catalog import Hardware, Models
from engine.contract.overview import KnownModel, Overview, Places
from engine.contract.repeated import HEADER, checked_key
from engine.contract.reports import ReportRow, Reports
from engine.contract.results import Results
from engine.contract.runs import Runs
from engine.contract.sql import SqlRows

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[Answer]):
    """One request whose answer is an `Answer`."""

    method: str
    path: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    key: str | None = None
    """Under which the server knows the request when it comes again."""

    @property
    def is_repeatable(self) -> bool:
        """Whether sending it twice does what sending it once does."""
        return self.method == "GET" or self.key is not None

    @property
    def headers(self) -> dict[str, str]:
        return {} if self.key is None else {HEADER: self.key}


def get(path: str, parameters: Mapping[str, Any] | None = None) -> Call[Any]:
    return Call(method="GET", path=path, parameters=parameters or {})


def post(path: str, body: Mapping[str, Any] | None = None, *, key: str | None = None) -> Call[Any]:
    return Call(method="POST", path=path, body=body, key=key)


def start(system: System, params: Mapping[str, Any], key: str | None) -> Call[dict[str, Any]]:
    """Under `key`, else one that nobody else has. Raises InvalidValue for what can be no key."""
    known_as = uuid4().hex if key is None else checked_key(key)
    return Call(method="POST", path=system.start_path(params), body=params, key=known_as)


def status(operation: Started) -> Call[dict[str, Any]]:
    return Call(method="GET", path=f"{operation.system.prefix}/status/{quote(operation.operation_id, safe='')}")


def results(operation: Started) -> Call[dict[str, Any]]:
    return Call(method="GET", path=f"{operation.system.prefix}/results/{quote(operation.operation_id, safe='')}")


def cancel(operation: Started) -> Call[dict[str, Any]]:
    return Call(method="POST", path=f"{operation.system.prefix}/cancel/{quote(operation.operation_id, safe='')}")


def models() -> Call[Models]:
    return Call(method="GET", path="/api/benchmark/models")


def hardware() -> Call[Hardware]:
    return Call(method="GET", path="/api/benchmark/hardware")


def runs(**wanted: Any) -> Call[Runs]:
    return Call(method="GET", path="/api/benchmark/runs", parameters=wanted)


def stored_results(**wanted: Any) -> Call[Results]:
    return Call(method="GET", path="/api/benchmark/query", parameters=wanted)


def reports(**wanted: Any) -> Call[Reports]:
    return Call(method="GET", path="/api/benchmark/reports", parameters=wanted)


def make_report(run_id: str) -> Call[ReportRow]:
    return Call(method="POST", path="/api/benchmark/reports", body={"run_id": run_id}, key=uuid4().hex)


def model(name: str) -> Call[KnownModel]:
    return Call(method="GET", path=f"/api/models/{quote(name, safe='')}")


def overview() -> Call[Overview]:
    return Call(method="GET", path="/api/overview")


def search(words: str, limit: int) -> Call[Places]:
    return Call(method="GET", path="/api/search", parameters={"q": words, "limit": limit})


def query(sql: str, max_rows: int) -> Call[SqlRows]:
    return Call(method="POST", path="/api/query", body={"sql": sql, "max_rows": max_rows})
