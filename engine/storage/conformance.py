"""Examinations of model types and how each of their checks ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from duckdb import DuckDBPyConnection

from engine.domain.case import Precision
from engine.domain.conformance import Check, CheckOutcome, Conformance, Verdict
from engine.domain.library_version import LibraryVersion
from engine.storage.values import time_of

_SAVE = """
    insert into examination
    select nextval('examination_number'), $model_type, $backend, $precision, $verdict, $flops, $bytes_moved,
           $peak_rss_bytes, $seconds, $checksum, $environment_id, $library, $library_version, $torch_version,
           $examined_at
    returning examination_id
"""

_SAVE_OUTCOMES = """
    insert into check_outcome
    select $examination_id, unnest($positions::integer[]), unnest($checks::text[]), unnest($verdicts::text[]),
           unnest($reasons::text[]), unnest($seconds::double[]), unnest($details::text[])
"""

_EXAMINATION = """
    examination.examination_id, examination.model_type, examination.backend, examination.precision, examination.flops,
    examination.bytes_moved, examination.peak_rss_bytes, examination.seconds, examination.checksum,
    examination.environment_id, examination.library, examination.library_version, examination.torch_version,
    epoch_us(examination.examined_at)
"""

_CURRENT = f"""
    select {_EXAMINATION}
    from newest_examination join examination using (examination_id)
    where $every_type or examination.model_type in (select unnest($model_types::text[]))
    order by examination.model_type, examination.backend, examination.precision
"""

_IN_VERSION = f"""
    with chosen as (
        select arg_max(examination_id, (examined_at, examination_id)) as examination_id
        from examination
        where library = $library and library_version = $version
        group by model_type, backend, precision
    )
    select {_EXAMINATION}
    from chosen join examination using (examination_id)
    where $every_type or examination.model_type in (select unnest($model_types::text[]))
    order by examination.model_type, examination.backend, examination.precision
"""

_HISTORY = f"""
    select {_EXAMINATION} from examination
    where model_type = $model_type
    order by examined_at desc, examination_id desc limit $limit
"""

_OUTCOMES = """
    select examination_id, check_name, verdict, reason, seconds, {detail}
    from check_outcome
    where examination_id in (select unnest($examination_ids::bigint[]))
    order by examination_id, position
"""

_VERSIONS = """
    select library, library_version, count(distinct model_type), epoch_us(min(examined_at)), epoch_us(max(examined_at))
    from examination
    group by library, library_version
    order by max(examined_at) desc, library, library_version desc
"""

_CHECKS = {check.value: check for check in Check}
_VERDICTS = {verdict.value: verdict for verdict in Verdict}


def save(cursor: DuckDBPyConnection, conformance: Conformance) -> None:
    """Keep one examination; earlier ones of the same type stay."""
    row = cursor.execute(
        _SAVE,
        {
            "model_type": conformance.model_type,
            "backend": conformance.backend,
            "precision": conformance.precision.value,
            "verdict": conformance.verdict.value,
            "flops": conformance.flops,
            "bytes_moved": conformance.bytes_moved,
            "peak_rss_bytes": conformance.peak_rss_bytes,
            "seconds": conformance.seconds,
            "checksum": conformance.checksum,
            "environment_id": conformance.environment_id,
            "library": conformance.library,
            "library_version": conformance.library_version,
            "torch_version": conformance.torch_version,
            "examined_at": conformance.examined_at,
        },
    ).fetchone()
    outcomes = conformance.outcomes
    if row is None or not outcomes:
        return
    cursor.execute(
        _SAVE_OUTCOMES,
        {
            "examination_id": row[0],
            "positions": list(range(len(outcomes))),
            "checks": [outcome.check.value for outcome in outcomes],
            "verdicts": [outcome.verdict.value for outcome in outcomes],
            "reasons": [outcome.reason for outcome in outcomes],
            "seconds": [outcome.seconds for outcome in outcomes],
            "details": [outcome.detail for outcome in outcomes],
        },
    )


def newest(
    cursor: DuckDBPyConnection,
    *,
    version: LibraryVersion | None = None,
    model_types: Sequence[str] = (),
    with_detail: bool = False,
) -> list[Conformance]:
    """The last examination of each type, backend and precision, by name; all types when `model_types` is empty.

    Of each library in the version that was examined last, or only what was examined in `version`.
    Tracebacks are None unless asked for `with_detail`.
    """
    wanted: dict[str, Any] = {"every_type": not model_types, "model_types": list(model_types)}
    if version is None:
        rows = cursor.execute(_CURRENT, wanted).fetchall()
    else:
        rows = cursor.execute(_IN_VERSION, wanted | {"library": version.library, "version": version.version}).fetchall()
    return _with_outcomes(cursor, rows, with_detail=with_detail)


def history(cursor: DuckDBPyConnection, model_type: str, *, limit: int = 50) -> list[Conformance]:
    """Every examination of one type in any version, newest first, without tracebacks."""
    rows = cursor.execute(_HISTORY, {"model_type": model_type, "limit": limit}).fetchall()
    return _with_outcomes(cursor, rows, with_detail=False)


def versions(cursor: DuckDBPyConnection) -> list[LibraryVersion]:
    """The library versions in which anything was examined; the last examined first, whatever its number."""
    return [
        LibraryVersion(
            library=row[0],
            version=row[1],
            model_types=row[2],
            first_examined_at=time_of(row[3]),
            last_examined_at=time_of(row[4]),
        )
        for row in cursor.execute(_VERSIONS).fetchall()
    ]


def _with_outcomes(
    cursor: DuckDBPyConnection, rows: Sequence[tuple[Any, ...]], *, with_detail: bool
) -> list[Conformance]:
    outcomes: dict[int, list[CheckOutcome]] = {row[0]: [] for row in rows}
    found = cursor.execute(
        _OUTCOMES.format(detail="detail" if with_detail else "null"), {"examination_ids": list(outcomes)}
    ).fetchall()
    for examination_id, check, verdict, reason, seconds, detail in found:
        outcomes[examination_id].append(
            CheckOutcome(
                check=_CHECKS[check], verdict=_VERDICTS[verdict], reason=reason, seconds=seconds, detail=detail
            )
        )
    return [_conformance(row, tuple(outcomes[row[0]])) for row in rows]


def _conformance(row: tuple[Any, ...], outcomes: tuple[CheckOutcome, ...]) -> Conformance:
    return Conformance(
        model_type=row[1],
        backend=row[2],
        precision=Precision(row[3]),
        outcomes=outcomes,
        flops=row[4],
        bytes_moved=row[5],
        peak_rss_bytes=row[6],
        seconds=row[7],
        checksum=row[8],
        environment_id=row[9],
        library=row[10],
        library_version=row[11],
        torch_version=row[12],
        examined_at=time_of(row[13]),
    )
