"""What the Coverage page shows, as a readable query string and back; what is not on the whitelist is dropped."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any
from urllib.parse import parse_qs, urlencode

from engine.domain.case import Precision
from engine.domain.conformance import Check, Verdict
from engine.domain.coverage import CoverageFilter
from engine.domain.model import Family

PATH = "/coverage"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+ -]{0,63}")
_MOST_TEXT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageState:
    """None: the page chooses, or does not restrict."""

    family: Family | None = None
    verdict: Verdict | None = None
    """Of `check`, or of the type as a whole when that is None."""
    check: Check | None = None
    backend: str | None = None
    precision: Precision | None = None
    text: str | None = None
    since: str | None = None
    """The library version that changes are told from, such as "transformers 5.13.0"."""
    model: str | None = None
    """The type whose examination is open."""

    @property
    def filter(self) -> CoverageFilter:
        """Of the rows; backend and precision are those of the page."""
        return CoverageFilter(
            families=() if self.family is None else (self.family,),
            verdicts=() if self.verdict is None else (self.verdict,),
            check=self.check,
            text=self.text or "",
        )


def read_state(search: str | None) -> CoverageState:
    """From "?verdict=fails&model=bert"; unknown names and impossible values count as absent."""
    return state_of({name: values[-1] for name, values in parse_qs((search or "").lstrip("?")).items()})


def state_of(values: Mapping[str, Any]) -> CoverageState:
    """From plain values by field name, as components hold them."""
    read: dict[str, Any] = {}
    for name, kind in _MEMBERS.items():
        read[name] = next((member for member in kind if member.value == values.get(name)), None)
    for name in ("backend", "since", "model"):
        value = values.get(name)
        read[name] = value if isinstance(value, str) and _NAME.fullmatch(value) else None
    text = values.get("text")
    read["text"] = text.strip()[:_MOST_TEXT] or None if isinstance(text, str) else None
    return CoverageState(**read)


def write_state(state: CoverageState) -> str:
    """The query string with its question mark; empty when nothing is chosen."""
    chosen = {field.name: plain(getattr(state, field.name)) for field in fields(state)}
    text = urlencode({name: value for name, value in chosen.items() if value is not None})
    return f"?{text}" if text else ""


def plain(value: Any) -> Any:
    """As components and query strings hold it."""
    return value.value if isinstance(value, Enum) else value


def coverage_address(state: CoverageState) -> str:
    return f"{PATH}{write_state(state)}"


_MEMBERS: Mapping[str, type[Enum]] = {
    "family": Family,
    "verdict": Verdict,
    "check": Check,
    "precision": Precision,
}
