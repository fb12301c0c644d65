"""What Prometheus reads of this server, taken from its real state at the moment of reading."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate

import psutil
from flask import current_app
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from app import data
from app.endpoints import live
from engine import __version__
from engine.domain.operation import OperationKind
from engine.domain.result import ResultStatus
from engine.domain.run import RunStatus
from engine.errors import StorageError
from engine.storage import tallies
from engine.workflows.workbench import Workbench

_CASE_BOUNDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0)


class ServerState(Collector):
    """Reads through `data`, so it needs an application context, as every request has."""

    def collect(self) -> Iterator[Metric]:
        workbench = data.workbench()
        yield InfoMetricFamily(
            "modeldyno_build",
            "Versions of this program, of the interpreter and of the database's schema.",
            value={
                "version": __version__,
                "python": platform.python_version(),
                "schema": str(workbench.database.version),
            },
        )
        yield from _live(workbench)
        yield from _stored(workbench)
        yield from _database_file(workbench)
        yield from _queries(workbench)
        yield from _sockets()
        yield from _process()


def _live(workbench: Workbench) -> Iterator[Metric]:
    under_way = Counter(run.status for run in workbench.supervisor.runs_under_way())
    live_runs = GaugeMetricFamily(
        "modeldyno_runs_live", "Runs that this server holds and that have not ended.", labels=("status",)
    )
    for status in RunStatus:
        if not status.is_final:
            live_runs.add_metric((status.value,), under_way[status])
    yield live_runs
    yield GaugeMetricFamily(
        "modeldyno_queue_length",
        "Runs that have not begun: they are planned, or wait for a device.",
        value=under_way[RunStatus.INITIALIZING] + under_way[RunStatus.QUEUED],
    )
    operations = Counter((found.kind, found.status) for found in workbench.operations.under_way())
    live_operations = GaugeMetricFamily(
        "modeldyno_operations_live",
        "Generations and tests of skillsets that have not ended.",
        labels=("kind", "status"),
    )
    for kind in OperationKind:
        for status in RunStatus:
            if not status.is_final:
                live_operations.add_metric((kind.value, status.value), operations[kind, status])
    yield live_operations
    is_calibrating = workbench.calibration.state.progress is not None
    yield GaugeMetricFamily("modeldyno_calibrations_live", "Calibrations under way.", value=int(is_calibrating))


def _stored(workbench: Workbench) -> Iterator[Metric]:
    """Without a database that can be read there are no counts, and no noughts in their place."""
    database = workbench.database
    try:
        counted, lasted = workbench.memo.get("metrics", database.writes, lambda: _count(workbench))
    except StorageError:
        yield _readable(False)
        return
    yield _readable(True)
    stored_runs = GaugeMetricFamily("modeldyno_runs_stored", "Runs in the database.", labels=("status",))
    for run_status in RunStatus:
        stored_runs.add_metric((run_status.value,), counted.runs.get(run_status, 0))
    yield stored_runs
    found = GaugeMetricFamily(
        "modeldyno_results", "Executions of cases in the database, by outcome.", labels=("status", "provenance")
    )
    for (status, provenance), count in sorted(counted.results.items()):
        found.add_metric((status.value, provenance.value), count)
    yield found
    failures = GaugeMetricFamily(
        "modeldyno_failures",
        "Executions in the database that are not completed, by how they ended and why.",
        labels=("status", "kind"),
    )
    for (status, kind), count in sorted(counted.failures.items()):
        failures.add_metric((status.value, kind.value), count)
    yield failures
    seconds = HistogramMetricFamily(
        "modeldyno_case_duration_seconds",
        "Time that executions took which were begun and stored since this server started.",
        labels=("status",),
    )
    for status, spread in lasted.items():
        buckets = zip((*map(str, _CASE_BOUNDS), "+Inf"), accumulate(spread.counts), strict=True)
        seconds.add_metric((status.value,), list(buckets), sum_value=spread.total_seconds)
    yield seconds


def _count(workbench: Workbench) -> tuple[tallies.Tallies, dict[ResultStatus, tallies.Durations]]:
    with workbench.database.cursor() as cursor:
        return tallies.tallies(cursor), tallies.durations(cursor, since=workbench.opened_at, bounds=_CASE_BOUNDS)


def _readable(is_so: bool) -> Metric:
    return GaugeMetricFamily(
        "modeldyno_database_readable", "1 where the stored counts could be read, else 0.", value=int(is_so)
    )


def _database_file(workbench: Workbench) -> Iterator[Metric]:
    sizes = GaugeMetricFamily("modeldyno_database_bytes", "Size on disk.", labels=("part",))
    for part, size in workbench.database.sizes().items():
        sizes.add_metric((part,), size)
    yield sizes
    yield CounterMetricFamily(
        "modeldyno_database_writes", "Changes committed since this server started.", value=workbench.database.writes
    )


def _sockets() -> Iterator[Metric]:
    sockets: live.LiveSockets = current_app.extensions[live.EXTENSION]
    yield GaugeMetricFamily("modeldyno_websockets_open", "WebSockets that are open.", value=sockets.open_now)
    yield GaugeMetricFamily("modeldyno_websockets_limit", "WebSockets that may be open at once.", value=sockets.limit)


def _queries(workbench: Workbench) -> Iterator[Metric]:
    places = workbench.database.snapshots.places
    queries = GaugeMetricFamily("modeldyno_sql_queries", "Users' SQL statements at present.", labels=("state",))
    queries.add_metric(("running",), places.running)
    queries.add_metric(("waiting",), places.waiting)
    yield queries


def _process() -> Iterator[Metric]:
    """The serving process, under the names that Prometheus's own libraries give them."""
    process = psutil.Process()
    with process.oneshot():
        figures = {
            "process_start_time_seconds": (process.create_time(), "When it started, in seconds since 1970."),
            "process_resident_memory_bytes": (process.memory_info().rss, "Resident memory."),
            "process_threads": (process.num_threads(), "Threads."),
            "process_open_fds": (process.num_fds(), "Open files, sockets and pipes."),
        }
        times = process.cpu_times()
    for name, (value, words) in figures.items():
        yield GaugeMetricFamily(name, words, value=value)
    yield CounterMetricFamily("process_cpu_seconds", "Processor time, in seconds.", value=times.user + times.system)
