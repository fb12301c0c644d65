"""What the database answers in, with as many results as years of nightly runs leave."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.figure import Figure
from engine.domain.case import Case, Precision, Workload
from engine.domain.measurement import Measurement, Metric
from engine.domain.model import Family, Size
from engine.domain.result import Provenance, Result, ResultFilter, ResultStatus
from engine.storage import results, sandbox
from engine.storage.database import Database

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

RESULTS = 20_000
CASES = 400
REPEATS = 9
_BATCH = 1000
_SQL = "select model_type, median(latency_seconds) as seconds from results group by all order by seconds"


def run() -> list[Figure]:
    """Seconds of one open, one read, one write and one question on the SQL console."""
    with tempfile.TemporaryDirectory(prefix="modeldyno-bench-") as folder:
        path = Path(folder) / "bench.duckdb"
        database = Database.open(path)
        for first in range(0, RESULTS, _BATCH):
            _fill(database, first)
        database.close()
        opened = []
        for _ in range(REPEATS):
            began = time.perf_counter()
            database = Database.open(path)
            opened.append(time.perf_counter() - began)
            database.close()
        database = Database.open(path)
        newest = _times(lambda _: _find(database, ResultFilter(include_simulated=True, limit=100)))
        one_case = _times(lambda _: _find(database, ResultFilter(include_simulated=True, model_types=("type7",))))
        saved = _times(lambda turn: _save(database, _result(RESULTS + turn)))
        after_write = _times(lambda turn: _ask_after_write(database, RESULTS + 1000 + turn))
        asked = _times(lambda _: sandbox.run_query(database, _SQL))
        database.close()
    held = f"{RESULTS:,} results"
    return [
        Figure(name=f"open a database of {held}", values=tuple(opened), unit="s"),
        Figure(name=f"read the newest 100 of {held}", values=newest, unit="s"),
        Figure(name=f"read one model type, {RESULTS // (CASES // 10)} of {held}", values=one_case, unit="s"),
        Figure(name=f"store one result beside {held}", values=saved, unit="s"),
        Figure(name=f"first question on the console after a write, {held}", values=after_write, unit="s"),
        Figure(name=f"next question on the console, {held}", values=asked, unit="s"),
    ]


def _times(action: Callable[[int], object]) -> tuple[float, ...]:
    seconds = []
    for turn in range(REPEATS):
        began = time.perf_counter()
        action(turn)
        seconds.append(time.perf_counter() - began)
    return tuple(seconds)


def _find(database: Database, wanted: ResultFilter) -> list[Result]:
    with database.cursor() as cursor:
        return results.find(cursor, wanted)


def _save(database: Database, result: Result) -> None:
    database.write(lambda cursor: results.save(cursor, result))


def _ask_after_write(database: Database, number: int) -> None:
    """The write itself takes milliseconds, the fresh copy that the console needs does not."""
    _save(database, _result(number))
    sandbox.run_query(database, _SQL)


def _fill(database: Database, first: int) -> None:
    def save_all(cursor: DuckDBPyConnection) -> None:
        for number in range(first, first + _BATCH):
            results.save(cursor, _result(number))

    database.write(save_all)


def _result(number: int) -> Result:
    """A row such as a run leaves, of 50 samples; marked simulated, for nothing ran."""
    which = number % CASES
    case = Case(
        model_type=f"type{which // 10}",
        family=Family.TEXT_ENCODER,
        task="fill-mask",
        size=Size.DEFAULT,
        backend="cpu",
        precision=Precision.FP32,
        batch_size=1 + which % 10,
        workload=Workload.INFERENCE,
        sequence_length=128,
    )
    seconds = tuple(0.04 + 1e-5 * ((number * 7 + turn) % 50) for turn in range(50))
    return Result(
        result_id=f"bench-{number:08d}",
        run_id=f"run-{number // CASES}",
        case=case,
        repetition=0,
        status=ResultStatus.COMPLETED,
        provenance=Provenance.SIMULATED,
        environment_id="bench",
        requested_backend="cpu",
        actual_device="cpu",
        started_at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number),
        duration_seconds=1.0,
        measurements=(
            Measurement(metric=Metric.LATENCY, samples=seconds),
            Measurement(metric=Metric.THROUGHPUT, samples=(case.batch_size * len(seconds) / sum(seconds),)),
            Measurement(metric=Metric.PEAK_MEMORY, samples=(4.4e8,)),
        ),
    )
