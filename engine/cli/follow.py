"""Showing a run's way: a bar on a terminal, a line for each outcome in a log."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol as Interface

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from engine.cli.output import say
from engine.domain.measurement import Metric
from engine.domain.result import ResultStatus
from engine.domain.run import CaseProgress, RunProgress
from engine.domain.workload_metrics import RATES
from engine.formatting import format_eta, format_value

_ENDED = frozenset(status.value for status in ResultStatus)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a run stands, whether it runs here or on a server."""

    done: int
    total: int
    step: str
    remaining: tuple[float, float] | None
    news: tuple[str, ...] = ()
    """Lines for what has ended since the last standing."""


class Display(Interface):
    def show(self, standing: Standing) -> None: ...


class _Silent:
    def show(self, standing: Standing) -> None:
        """Says nothing."""


class _Lines:
    """For logs: what ended, each new step while nothing is counted yet, and whom it waits for."""

    def __init__(self) -> None:
        self._step = ""
        self._told_wait = ""

    def show(self, standing: Standing) -> None:
        if _is_wait(standing.step):  # two programs that take turns are told of once
            if standing.step != self._told_wait:
                say(standing.step)
            self._told_wait = standing.step
        elif not standing.total and standing.step != self._step:
            say(standing.step)
        self._step = standing.step
        for line in standing.news:
            say(line)


def _is_wait(step: str) -> bool:
    """Whether it waits for another program, as device claims word it."""
    return ", which measures on " in step


class _Bar:
    """For terminals: one bar, with what went wrong above it."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task

    def show(self, standing: Standing) -> None:
        for line in standing.news:
            self._progress.console.print(line, markup=False, highlight=False)
        remaining = f"{format_eta(standing.remaining)} left" if standing.remaining else ""
        self._progress.update(
            self._task,
            description=standing.step,
            completed=standing.done,
            total=standing.total or None,
            remaining=remaining,
        )


@contextmanager
def display(*, quiet: bool) -> Iterator[Display]:
    """What fits the standard error at hand."""
    if quiet:
        yield _Silent()
    elif not sys.stderr.isatty():
        yield _Lines()
    else:
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[remaining]}", markup=False),
        )
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            yield _Bar(progress, progress.add_task("Starting", total=None, remaining=""))


class Teller:
    """Turns snapshots of a run into standings; remembers what it has told."""

    def __init__(self) -> None:
        self._told: set[int] = set()

    def standing(self, progress: RunProgress) -> Standing:
        fresh = [row for row in progress.cases if row.state in _ENDED and row.index not in self._told]
        self._told.update(row.index for row in fresh)
        run = progress.run
        return Standing(
            done=run.done,
            total=run.total,
            step=progress.current_step,
            remaining=progress.remaining_seconds,
            news=tuple(_lines(fresh, run.total)),
        )


def _lines(rows: Iterable[CaseProgress], total: int) -> Iterator[str]:
    for row in rows:
        yield f"[{row.index + 1}/{total}] {row.label}, process {row.repetition + 1}: {_outcome(row)}"


def _outcome(row: CaseProgress) -> str:
    if row.state != ResultStatus.COMPLETED:
        return f"{row.state}: {row.reason}" if row.reason else row.state
    if row.latency_seconds is not None:
        return f"{row.state}, {format_value(row.latency_seconds, Metric.LATENCY)}"
    if row.throughput is not None and row.case.workload in RATES:
        return f"{row.state}, {format_value(row.throughput, RATES[row.case.workload])}"
    return row.state
