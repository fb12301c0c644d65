"""Results of cases as a run leaves them, and a stand-in's database that holds them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from itertools import count
from typing import Any

from engine.domain.case import Case
from engine.domain.result import Result
from engine.storage import results
from tests.app.stand_in import StandInWorkbench
from tests.builders import A_TIME, a_result, inference_measurements

_numbers = count(1)


def processes(latency: float, how_many: int = 5) -> tuple[float, ...]:
    """What processes observe around `latency`, half a percent apart at most; enough of them to decide."""
    return tuple(latency * (1 + 0.001 * (index - how_many // 2)) for index in range(how_many))


def measured(case: Case, latency: float, *, how_many: int = 5, day: int = 0, **changes: Any) -> list[Result]:
    """One result for each process, `day` days after A_TIME; `peak_memory` and other fields of a result as wanted."""
    memory = changes.pop("peak_memory", 5.1e8)
    return [
        a_result(
            case,
            **{
                "result_id": f"result-{next(_numbers)}",
                "repetition": index,
                "started_at": A_TIME + timedelta(days=day, seconds=index),
                "measurements": inference_measurements(seconds, batch_size=case.batch_size, peak_memory=memory),
                **changes,
            },
        )
        for index, seconds in enumerate(processes(latency, how_many))
    ]


def store(bench: StandInWorkbench, *found: Iterable[Result]) -> None:
    rows = [result for group in found for result in group]
    bench.database.write(lambda cursor: [results.save(cursor, row) for row in rows])
