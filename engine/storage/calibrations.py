"""Calibrations of machines, and what each of their checks found."""

from __future__ import annotations

from typing import Any

from duckdb import DuckDBPyConnection

from engine.domain.calibration import Calibration, Finding, MachineNoise, MeterCheck
from engine.storage.values import time_of

_SAVE = """
    insert into calibration values (
        $calibration_id, $environment_id, $calibrated_at, $seconds, $is_quick, $process_spread, $pair_spread,
        $processes, $pairs, $cpu_busy_others, $cpu_steal
    )
"""

_SAVE_FINDING = """
    insert into calibration_finding values (
        $calibration_id, $position, $check, $value, $unit, $goal, $low, $high, $state, $is_available, $detail, $problem
    )
"""

_HISTORY = """
    select calibration_id, environment_id, epoch_us(calibrated_at), seconds, is_quick, process_spread, pair_spread,
           processes, pairs, cpu_busy_others, cpu_steal
    from calibration
    where environment_id = $environment_id
    order by calibrated_at desc, calibration_id limit $limit
"""

_COUNTING = """
    with known as (
        select *, max(calibrated_at) over () as newest_at from calibration where environment_id = $environment_id
    )
    select calibration_id, environment_id, epoch_us(calibrated_at), seconds, is_quick, process_spread, pair_spread,
           processes, pairs, cpu_busy_others, cpu_steal
    from known
    order by calibrated_at < newest_at - to_days($days), pairs is null, is_quick, calibrated_at desc, calibration_id
    limit 1
"""

_FINDINGS = """
    select check_name, value, goal, low, high, detail, problem, is_available
    from calibration_finding
    where calibration_id = $calibration_id
    order by position
"""

DAYS_KEPT = 30
"""For how long a full calibration, or one with more trials, is preferred to later quick ones."""
_CHECKS = {check.label: check for check in MeterCheck}


def save(cursor: DuckDBPyConnection, calibration: Calibration) -> None:
    """Keep one calibration; earlier ones stay."""
    noise = calibration.noise
    cursor.execute(
        _SAVE,
        {
            "calibration_id": calibration.calibration_id,
            "environment_id": calibration.environment_id,
            "calibrated_at": calibration.calibrated_at,
            "seconds": calibration.seconds,
            "is_quick": calibration.is_quick,
            "process_spread": noise.process_spread if noise else None,
            "pair_spread": noise.pair_spread if noise else None,
            "processes": noise.processes if noise else None,
            "pairs": noise.pairs if noise else None,
            "cpu_busy_others": calibration.cpu_busy_others,
            "cpu_steal": calibration.cpu_steal,
        },
    )
    for position, finding in enumerate(calibration.findings):
        cursor.execute(
            _SAVE_FINDING,
            {
                "calibration_id": calibration.calibration_id,
                "position": position,
                "check": finding.check.label,
                "value": finding.value,
                "unit": finding.check.unit,
                "goal": finding.goal,
                "low": finding.low,
                "high": finding.high,
                "state": finding.state.value,
                "is_available": finding.is_available,
                "detail": finding.detail,
                "problem": finding.problem,
            },
        )


def newest(cursor: DuckDBPyConnection, environment_id: str) -> Calibration | None:
    """The last calibration of the environment; None before the first."""
    return next(iter(history(cursor, environment_id, limit=1)), None)


def counting(cursor: DuckDBPyConnection, environment_id: str) -> Calibration | None:
    """The one whose figures count: the newest full one, or one with more trials, of the month before the newest of all.

    A quick one, or one whose trials of verdicts came to nothing, only where there is no other. None before the first.
    """
    asked = {"environment_id": environment_id, "days": DAYS_KEPT}
    row = cursor.execute(_COUNTING, asked).fetchone()
    return _calibration(cursor, row) if row is not None else None


def history(cursor: DuckDBPyConnection, environment_id: str, *, limit: int = 20) -> list[Calibration]:
    """Calibrations of the environment, newest first."""
    rows = cursor.execute(_HISTORY, {"environment_id": environment_id, "limit": limit}).fetchall()
    return [_calibration(cursor, row) for row in rows]


def _calibration(cursor: DuckDBPyConnection, row: tuple[Any, ...]) -> Calibration:
    found = cursor.execute(_FINDINGS, {"calibration_id": row[0]}).fetchall()
    noise = MachineNoise(process_spread=row[5], pair_spread=row[6], processes=row[7], pairs=row[8])
    return Calibration(
        calibration_id=row[0],
        environment_id=row[1],
        calibrated_at=time_of(row[2]),
        seconds=row[3],
        is_quick=row[4],
        findings=tuple(
            Finding(
                check=_CHECKS[check],
                value=value,
                goal=goal,
                low=low,
                high=high,
                detail=detail,
                problem=problem,
                is_available=is_available,
            )
            for check, value, goal, low, high, detail, problem, is_available in found
            if check in _CHECKS  # a check that a later release no longer makes
        ),
        noise=noise if row[5] is not None and row[6] is not None else None,
        cpu_busy_others=row[9],
        cpu_steal=row[10],
    )
