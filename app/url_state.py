"""Filters as a readable query string, both ways; what is not on the whitelist is dropped."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any
from urllib.parse import parse_qs, urlencode

from engine.catalog.weights import CHECKPOINT_SIZE
from engine.domain.case import Case, Precision, Workload
from engine.domain.measurement import Metric
from engine.domain.model import Family, Size, is_checkpoint
from engine.domain.run import MAX_BATCH_SIZE

_MOST_DIGITS = 9
_PART = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"
_NAME = re.compile(f"{_PART}(?:/{_PART})?")
"""Of a model type, a backend, a case, or a checkpoint, which may be a hub id."""


class Rows(Enum):
    """What a row of the heat map is."""

    FAMILY = "family"
    MODEL = "model"


class Mode(Enum):
    """What a cell of the heat map says."""

    RATIO = "ratio"
    ABSOLUTE = "absolute"


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewState:
    """What a tab shows. None: the tab chooses, or does not restrict."""

    model: str | None = None
    family: Family | None = None
    backend: str | None = None
    precision: Precision | None = None
    batch: int | None = None
    workload: Workload | None = None
    size: str | None = None
    """tiny, default or a checkpoint's name."""
    machine: str | None = None
    """Id of the environment whose figures are shown; None: this one, where it has any."""
    metric: Metric | None = None
    rows: Rows | None = None
    mode: Mode | None = None
    case: str | None = None
    """The case whose details are open."""


def read_state(search: str | None) -> ViewState:
    """From "?model=bert&batch=8"; unknown names and impossible values count as absent."""
    given = {name: values[-1] for name, values in parse_qs((search or "").lstrip("?")).items()}
    return state_of(given)


def state_of(values: Mapping[str, Any]) -> ViewState:
    """From plain values by field name, as components hold them."""
    read: dict[str, Any] = {}
    for name, reader in _READERS.items():
        value = values.get(name)
        if value not in (None, "", []):
            read[name] = reader(str(value))
    return ViewState(**read)


def state_of_case(case: Case) -> ViewState:
    """What a tab shows when it is about this case."""
    return ViewState(
        model=case.model,
        backend=case.backend,
        precision=case.precision,
        batch=case.batch_size,
        workload=case.workload,
        size=case.size,
    )


def write_state(state: ViewState) -> str:
    """The query string with its question mark; empty when nothing is chosen."""
    chosen = {field.name: plain(getattr(state, field.name)) for field in fields(state)}
    text = urlencode({name: value for name, value in chosen.items() if value is not None})
    return f"?{text}" if text else ""


def plain(value: Any) -> Any:
    """As components and query strings hold it: the value of an enumeration, the label of a metric."""
    if isinstance(value, Metric):
        return value.label
    return value.value if isinstance(value, Enum) else value


def address(path: str, state: ViewState) -> str:
    """A link that opens `path` with `state`."""
    return f"{path}{write_state(state)}"


def start_address(state: ViewState) -> str:
    """Live Runs with its start form filled in as far as `state` chooses."""
    is_published = state.size is not None and is_checkpoint(state.size) and state.size != CHECKPOINT_SIZE
    chosen = {
        "models": state.size if is_published else state.model,
        "backends": state.backend,
        "precisions": plain(state.precision),
        "batch_sizes": state.batch,
        "workloads": plain(state.workload),
        "size": None if state.size is None or is_checkpoint(state.size) else plain(state.size),
    }
    text = urlencode({name: value for name, value in chosen.items() if value is not None})
    return f"/live-runs?{text}" if text else "/live-runs"


def _name(text: str) -> str | None:
    return text if _NAME.fullmatch(text) else None


def _size(text: str) -> str | None:
    return Size(text) if text in tuple(Size) else _name(text)


def _batch(text: str) -> int | None:
    is_number = text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
    return int(text) if is_number and 1 <= int(text) <= MAX_BATCH_SIZE else None


def _member(kind: type[Enum]) -> Callable[[str], Any]:
    known = {plain(member): member for member in kind}
    return known.get


_READERS: Mapping[str, Callable[[str], Any]] = {
    "model": _name,
    "family": _member(Family),
    "backend": _name,
    "precision": _member(Precision),
    "batch": _batch,
    "workload": _member(Workload),
    "size": _size,
    "machine": _name,
    "metric": _member(Metric),
    "rows": _member(Rows),
    "mode": _member(Mode),
    "case": _name,
}
