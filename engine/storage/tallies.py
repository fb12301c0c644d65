"""How much of what is stored: the counts that operators watch, each from one pass over the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from duckdb import DuckDBPyConnection

from engine.domain.result import FailureKind, Provenance, ResultStatus
from engine.domain.run import RunStatus

_RESULTS = "select status, provenance, failure_kind, count(*) from result group by all"

_DURATIONS = """
    select status, len(list_filter($bounds, lambda bound: bound < duration_seconds)) as bucket, count(*),
        sum(duration_seconds)
    from result
    where started_at >= $since and provenance = 'measured' and status in ('completed', 'failed')
        and duration_seconds > 0
    group by all
"""
"""Executions that a process carried out: those without one, such as of a type that has no skillset, took no time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tallies:
    """Rows of every kind there is; a kind that is not named has none."""

    runs: Mapping[RunStatus, int]
    results: Mapping[tuple[ResultStatus, Provenance], int]
    failures: Mapping[tuple[ResultStatus, FailureKind], int]
    """Results that are not completed, by how they ended and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Durations:
    """How long executions took."""

    counts: tuple[int, ...]
    """So many up to each bound and beyond the one before it; the last one is of those beyond all bounds."""
    total_seconds: float


def tallies(cursor: DuckDBPyConnection) -> Tallies:
    runs = cursor.execute("select status, count(*) from run group by all").fetchall()
    results: dict[tuple[ResultStatus, Provenance], int] = {}
    failures: dict[tuple[ResultStatus, FailureKind], int] = {}
    for status, provenance, kind, count in cursor.execute(_RESULTS).fetchall():
        ended = ResultStatus(status)
        by_provenance = ended, Provenance(provenance)
        results[by_provenance] = results.get(by_provenance, 0) + count
        if kind is not None:
            why = ended, FailureKind(kind)
            failures[why] = failures.get(why, 0) + count
    return Tallies(runs={RunStatus(status): count for status, count in runs}, results=results, failures=failures)


def durations(cursor: DuckDBPyConnection, *, since: datetime, bounds: Sequence[float]) -> dict[ResultStatus, Durations]:
    """Of executions begun and measured at `since` or later, completed and failed ones apart."""
    found = {status: ([0] * (len(bounds) + 1), 0.0) for status in (ResultStatus.COMPLETED, ResultStatus.FAILED)}
    for status, bucket, count, seconds in cursor.execute(
        _DURATIONS, {"since": since, "bounds": list(bounds)}
    ).fetchall():
        counts, total = found[ResultStatus(status)]
        counts[bucket] += count
        found[ResultStatus(status)] = counts, total + seconds
    return {status: Durations(counts=tuple(counts), total_seconds=total) for status, (counts, total) in found.items()}
