"""A database that holds what a morning of measuring on this machine would leave."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from duckdb import DuckDBPyConnection

from engine.backends.environment import detect_environment
from engine.config import Settings
from engine.domain.case import Case, Precision, Workload
from engine.domain.result import FailureKind, Result
from engine.domain.run import RunStatus
from engine.storage import environments, results, runs
from engine.storage.database import Database
from tests.builders import (
    a_case,
    a_failed_result,
    a_plan,
    a_request,
    a_result,
    inference_measurements,
    some_facts,
    startup_measurements,
)

MODELS = {"bert": 0.040, "distilbert": 0.021, "roberta": 0.043, "gpt2": 0.055, "t5": 0.062}
"""Model type -> seconds of a forward pass in fp32 at batch 1."""
PRECISIONS = {Precision.FP32: 1.0, Precision.BF16: 0.5}
"""Precision -> its time over that of fp32."""
BATCH_SIZES = (1, 8)
PROCESSES = 5
FAILURE = "TypeError: pixel_values must be <class 'torch.Tensor'>, not None"


def fill(settings: Settings) -> None:
    """One completed run: five types in two precisions and batch sizes, startup of bert, and vit, which fails."""
    database = Database.open(settings.db_path)
    try:
        database.write(_save)
    finally:
        database.close()


def _save(cursor: DuckDBPyConnection) -> None:
    here = detect_environment()
    environments.save(cursor, here)
    run = runs.create(cursor, a_request(*MODELS, "vit"), here.environment_id)
    started_at = datetime.now(UTC) - timedelta(hours=2)
    found = list(_measured())
    runs.save_plan(cursor, run.run_id, a_plan(*dict.fromkeys(result.case for result in found), repetitions=PROCESSES))
    runs.set_status(cursor, run.run_id, RunStatus.RUNNING, at=started_at)
    for index, result in enumerate(found):
        moved = replace(
            result,
            result_id=f"{run.run_id}-{index}",
            run_id=run.run_id,
            environment_id=here.environment_id,
            started_at=started_at + timedelta(seconds=2 * index),
        )
        results.save(cursor, moved)
    runs.set_status(cursor, run.run_id, RunStatus.COMPLETED, at=started_at + timedelta(seconds=2 * len(found)))


def _measured() -> Iterator[Result]:
    for weight, (model, seconds) in enumerate(MODELS.items(), 1):
        for precision, factor in PRECISIONS.items():
            for batch in BATCH_SIZES:
                case = a_case(model, precision=precision, batch_size=batch)
                facts = some_facts(
                    parameters=30_000_000 * weight,
                    parameter_bytes=120_000_000 * weight,
                    flops=5_000_000_000 * weight * batch,
                    input_bytes=2_048 * batch,
                )
                for repetition, latency in enumerate(_processes(seconds * factor * batch**0.9)):
                    memory = 1.2e8 * weight * batch**0.3 * factor**0.5
                    observed = inference_measurements(latency, batch_size=batch, peak_memory=memory)
                    yield a_result(case, repetition=repetition, measurements=observed, facts=facts)
    yield from _started(a_case("bert", workload=Workload.STARTUP))
    for repetition in range(PROCESSES):
        yield a_failed_result(a_case("vit"), FailureKind.ERROR, FAILURE, repetition=repetition)


def _started(case: Case) -> Iterator[Result]:
    for repetition, seconds in enumerate(_processes(0.9)):
        yield a_result(case, repetition=repetition, measurements=startup_measurements(0.2, seconds, 0.1))


def _processes(seconds: float) -> Sequence[float]:
    """What processes measure around `seconds`: a spread of half a percent."""
    return [seconds * (1 + 0.0025 * (index - PROCESSES // 2)) for index in range(PROCESSES)]
