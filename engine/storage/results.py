"""Results with all their samples: one row per executed, failed, skipped or cancelled case."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from statistics import median
from typing import Any

import duckdb
from duckdb import DuckDBPyConnection

from engine.domain.case import Case, Precision, Workload
from engine.domain.hardware import MachineState
from engine.domain.measurement import Measurement, Metric
from engine.domain.model import Family, ModelFacts
from engine.domain.result import Failure, FailureKind, Provenance, Result, ResultFilter, ResultStatus
from engine.errors import Conflict
from engine.storage.values import from_json, time_of, to_json

_SAVE = "insert into result ({columns}) values ({values})"

_SAVE_MEASUREMENTS = """
    insert into measurement
    select
        $result_id, unnest(cast($positions as integer[])), unnest(cast($metrics as text[])),
        unnest(cast($units as text[])), unnest(cast($medians as double[])), unnest(cast($samples as text[]))
"""

_CASE_COLUMNS = """
    model_type, family, task, size, backend, precision, batch_size, workload, sequence_length, image_size, threads,
    cold, new_tokens, workers, compiled, attention, checkpoint, checkpoint_digest
"""
_CASE_WIDTH = 18

_FIND = """
    with chosen as (
        select * from result where {where} order by started_at desc, result_id desc {limit}
    ),
    observed as (
        select
            result_id,
            list({{'metric': metric, 'samples': cast(samples as double[])}} order by position) as measurements
        from measurement where result_id in (select result_id from chosen)
        group by result_id
    )
    select
        {case_columns},
        result_id, run_id, repetition, status, provenance, environment_id, requested_backend, actual_device,
        epoch_us(started_at), duration_seconds, failure_kind, failure_reason, failure_log, facts, machine,
        skillset_checksum, notes, estimated_bytes, observed.measurements
    from chosen left join observed using (result_id)
    order by started_at {direction}, result_id {direction}
"""

_OF_RUN = """
    result_id in (
        select arg_max(result_id, (started_at, result_id)) from result where run_id = $run_id
        group by case_id, repetition
    )
"""
"""A resumed run may hold two rows of one execution, cancelled and then carried out; the later one counts."""

_LIST_FIELDS = {
    "family": "families",
    "backend": "backends",
    "precision": "precisions",
    "batch_size": "batch_sizes",
    "workload": "workloads",
    "size": "sizes",
    "status": "statuses",
}
"""Column -> the field of ResultFilter that restricts it to a list."""

_METRICS = {metric.label: metric for metric in Metric}


def save(cursor: DuckDBPyConnection, result: Result) -> None:
    """Store a result once; the same id again raises Conflict."""
    case, failure = result.case, result.failure
    values = {
        "result_id": result.result_id,
        "run_id": result.run_id,
        "case_id": case.case_id,
        "model_type": case.model_type,
        "family": case.family.value,
        "task": case.task,
        "size": str(case.size),
        "backend": case.backend,
        "precision": case.precision.value,
        "batch_size": case.batch_size,
        "workload": case.workload.value,
        "sequence_length": case.sequence_length,
        "image_size": case.image_size,
        "threads": case.threads,
        "cold": case.cold,
        "new_tokens": case.new_tokens,
        "workers": case.workers,
        "compiled": case.compiled,
        "attention": case.attention,
        "checkpoint": case.checkpoint,
        "checkpoint_digest": case.checkpoint_digest,
        "repetition": result.repetition,
        "status": result.status.value,
        "provenance": result.provenance.value,
        "environment_id": result.environment_id,
        "requested_backend": result.requested_backend,
        "actual_device": result.actual_device,
        "started_at": result.started_at,
        "duration_seconds": result.duration_seconds,
        "failure_kind": failure.kind.value if failure else None,
        "failure_reason": failure.reason if failure else None,
        "failure_log": failure.log if failure else None,
        "facts": to_json(result.facts) if result.facts else None,
        "machine": to_json(result.machine) if result.machine else None,
        "skillset_checksum": result.skillset_checksum,
        "notes": to_json(list(result.notes)),
        "estimated_bytes": result.estimated_bytes,
    }
    try:
        names = ", ".join(values)
        cursor.execute(_SAVE.format(columns=names, values=", ".join(f"${name}" for name in values)), values)
    except duckdb.ConstraintException as error:
        raise Conflict(f"Result {result.result_id} is already stored.") from error
    if result.measurements:
        cursor.execute(
            _SAVE_MEASUREMENTS,
            {
                "result_id": result.result_id,
                "positions": list(range(len(result.measurements))),
                "metrics": [found.metric.label for found in result.measurements],
                "units": [found.metric.unit for found in result.measurements],
                "medians": [float(median(found.samples)) for found in result.measurements],
                "samples": [repr([float(sample) for sample in found.samples]) for found in result.measurements],
            },
        )


def find(cursor: DuckDBPyConnection, wanted: ResultFilter) -> list[Result]:
    """The results `wanted` describes, newest first."""
    where, values = _where(wanted)
    limit = "" if wanted.limit is None else "limit $limit"
    if wanted.limit is not None:
        values["limit"] = wanted.limit
    statement = _FIND.format(where=where, limit=limit, case_columns=_CASE_COLUMNS, direction="desc")
    return [_result(row) for row in cursor.execute(statement, values).fetchall()]


def of_run(cursor: DuckDBPyConnection, run_id: str) -> list[Result]:
    """How each execution of one run ended, simulated ones included, oldest first."""
    statement = _FIND.format(where=_OF_RUN, limit="", case_columns=_CASE_COLUMNS, direction="asc")
    return [_result(row) for row in cursor.execute(statement, {"run_id": run_id}).fetchall()]


def count(cursor: DuckDBPyConnection, wanted: ResultFilter) -> int:
    """How many results `wanted` describes, whatever its limit."""
    where, values = _where(wanted)
    row = cursor.execute(f"select count(*) from result where {where}", values).fetchone()
    return int(row[0]) if row else 0


def recently_measured(
    cursor: DuckDBPyConnection, environment_id: str, since: datetime, checksums: Mapping[str, str], *, processes: int
) -> set[str]:
    """Ids of cases of which `processes` or more completed here at `since` or later: what incremental mode skips.

    `checksums` names the present skillset of each model type; what an older text measured does not count, nor what was
    measured side by side with other cases.
    """
    rows = cursor.execute(
        "select case_id, model_type, skillset_checksum from result where environment_id = $environment_id "
        "and status = 'completed' and provenance = 'measured' and started_at >= $since "
        "and not coalesce(try_cast(machine->>'is_side_by_side' as boolean), false) "
        "group by all having count(*) >= $processes",
        {"environment_id": environment_id, "since": since, "processes": processes},
    ).fetchall()
    return {case_id for case_id, model_type, checksum in rows if checksum and checksums.get(model_type) == checksum}


def last_measured(cursor: DuckDBPyConnection, environment_id: str) -> dict[str, datetime]:
    """When each case was last completed in this environment, by case id."""
    rows = cursor.execute(
        "select case_id, epoch_us(max(started_at)) from result where environment_id = $environment_id "
        "and status = 'completed' and provenance = 'measured' group by case_id",
        {"environment_id": environment_id},
    ).fetchall()
    return {case_id: time_of(at) for case_id, at in rows}


def durations(cursor: DuckDBPyConnection, environment_id: str | None, limit: int = 2000) -> list[tuple[Case, float]]:
    """Seconds the newest completed executions took, newest first: the ground of an ETA. None means anywhere."""
    rows = cursor.execute(
        f"select {_CASE_COLUMNS}, duration_seconds from result where status = 'completed' "
        "and provenance = 'measured' and ($environment_id is null or environment_id = $environment_id) "
        "order by started_at desc, result_id desc limit $limit",
        {"environment_id": environment_id, "limit": limit},
    ).fetchall()
    return [(_case(row[:_CASE_WIDTH]), row[_CASE_WIDTH]) for row in rows]


def _where(wanted: ResultFilter) -> tuple[str, dict[str, Any]]:
    """The conditions of `wanted` and their values; always at least one condition."""
    conditions = ["true"] if wanted.include_simulated else [f"provenance <> '{Provenance.SIMULATED.value}'"]
    values: dict[str, Any] = {}
    for column, field in _LIST_FIELDS.items():
        chosen = getattr(wanted, field)
        if chosen:
            conditions.append(f"list_contains(${field}, {column})")
            values[field] = [getattr(item, "value", item) for item in chosen]
    if wanted.models:
        conditions.append("(list_contains($models, model_type) or list_contains($models, size))")
        values["models"] = list(wanted.models)
    if wanted.run_id is not None:
        conditions.append(_OF_RUN)
        values["run_id"] = wanted.run_id
    if wanted.environment_id is not None:
        conditions.append("environment_id = $environment_id")
        values["environment_id"] = wanted.environment_id
    return " and ".join(conditions), values


@lru_cache(maxsize=4096)
def _case(row: tuple[Any, ...]) -> Case:
    """The case of the columns ordered as `_CASE_COLUMNS`; the same value serves all of its results."""
    return Case(
        model_type=row[0],
        family=Family(row[1]),
        task=row[2],
        size=row[3],
        backend=row[4],
        precision=Precision(row[5]),
        batch_size=row[6],
        workload=Workload(row[7]),
        sequence_length=row[8],
        image_size=row[9],
        threads=row[10],
        cold=row[11],
        new_tokens=row[12],
        workers=row[13],
        compiled=row[14],
        attention=row[15],
        checkpoint=row[16],
        checkpoint_digest=row[17],
    )


@lru_cache(maxsize=4096)
def _facts(text: str) -> ModelFacts:
    return from_json(ModelFacts, text)


def _result(row: tuple[Any, ...]) -> Result:
    (
        result_id,
        run_id,
        repetition,
        status,
        provenance,
        environment_id,
        requested_backend,
        actual_device,
        started_at,
        duration_seconds,
        failure_kind,
        failure_reason,
        failure_log,
        facts,
        machine,
        skillset_checksum,
        notes,
        estimated_bytes,
        measurements,
    ) = row[_CASE_WIDTH:]
    return Result(
        result_id=result_id,
        run_id=run_id,
        case=_case(row[:_CASE_WIDTH]),
        repetition=repetition,
        status=ResultStatus(status),
        provenance=Provenance(provenance),
        environment_id=environment_id,
        requested_backend=requested_backend,
        actual_device=actual_device,
        started_at=time_of(started_at),
        duration_seconds=duration_seconds,
        failure=Failure(kind=FailureKind(failure_kind), reason=failure_reason, log=failure_log)
        if failure_kind
        else None,
        measurements=tuple(
            Measurement(metric=_METRICS[found["metric"]], samples=tuple(found["samples"]))
            for found in measurements or ()
        ),
        facts=_facts(facts) if facts else None,
        machine=MachineState(**json.loads(machine)) if machine else None,
        skillset_checksum=skillset_checksum,
        notes=tuple(json.loads(notes)),
        estimated_bytes=estimated_bytes,
    )
