"""A calibration as the command line and the endpoints give it: SI units, shares as 0..1."""

from __future__ import annotations

from engine.contract.calibration import CalibrationRow, FindingRow
from engine.domain.calibration import Calibration, Finding
from engine.reports.calibration_words import next_steps, resolution_rows


def calibration_row(found: Calibration) -> CalibrationRow:
    noise = found.noise
    return {
        "calibration_id": found.calibration_id,
        "environment": found.environment_id,
        "calibrated_at": found.calibrated_at.isoformat(),
        "seconds": round(found.seconds, 3),
        "is_quick": found.is_quick,
        "trials": found.trials,
        "holds": found.holds,
        "not_shown": [finding.check.label for finding in found.open],
        "findings": [_finding(finding) for finding in found.findings],
        "noise": None
        if noise is None
        else {
            "process_spread": noise.process_spread,
            "pair_spread": noise.pair_spread,
            "processes": noise.processes,
            "pairs": noise.pairs,
        },
        "resolution": [
            {"processes": count, "change": alone, "change_in_pairs": in_pairs}
            for count, alone, in_pairs in (resolution_rows(noise) if noise is not None else ())
        ],
        "cpu_busy_others": found.cpu_busy_others,
        "cpu_steal": found.cpu_steal,
        "next_steps": next_steps(found),
    }


def _finding(finding: Finding) -> FindingRow:
    return {
        "check": finding.check.label,
        "state": finding.state,
        "value": finding.value,
        "unit": finding.check.unit,
        "goal": finding.goal,
        "low": finding.low,
        "high": finding.high,
        "detail": finding.detail,
        "problem": finding.problem,
    }
