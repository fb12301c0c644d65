"""Examines one generated module; called inside a child process, where torch may be imported."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.conformance.checks import GOOD
from engine.conformance.course import CHECKS_AND_TRIALS, NEEDS_OF_ALL, all_with_needs
from engine.conformance.ended import Ended
from engine.conformance.finding import Finding
from engine.conformance.journal import Journal
from engine.conformance.subject import Subject
from engine.conformance.words import detail_of, missing_package, reason_of
from engine.domain.case import Precision
from engine.domain.conformance import Verdict
from engine.domain.skillset_suite import SuiteCheck, suite_check_of


def examination_arguments(
    path: Path,
    folder: Path,
    *,
    precision: Precision,
    device: str,
    missing: tuple[str, ...],
    generates: bool,
    checks: Sequence[SuiteCheck],
) -> dict[str, Any]:
    """What `examine` is called with; see `Subject` for the meanings."""
    return {
        "path": str(path),
        "folder": str(folder),
        "precision": precision.value,
        "device": device,
        "missing": list(missing),
        "generates": generates,
        "checks": [check.value for check in checks],
    }


def examine(arguments: dict[str, Any]) -> dict[str, Any]:
    """Make the checks in order and write how each ended into the journal in `arguments["folder"]`.

    Whatever a model raises is the outcome of the check under way. One thread: two examinations at once then do not
    fight for the cores, and sums come out the same each time. Returns the number of checks that ended.
    """
    import torch

    torch.set_num_threads(1)
    subject = Subject(
        path=Path(arguments["path"]),
        folder=Path(arguments["folder"]),
        precision=Precision(arguments["precision"]),
        device=arguments["device"],
        missing=tuple(arguments["missing"]),
        generates=arguments["generates"],
    )
    journal = Journal(subject.folder)
    verdicts: dict[SuiteCheck, Verdict] = {}
    for check in all_with_needs([suite_check_of(name) for name in arguments["checks"]]):
        journal.begin(check)
        ended = _not_tried(check, verdicts) or _tried(check, subject)
        verdicts[check] = ended.verdict
        journal.end(ended)
    journal.count(subject.flops, subject.bytes_moved)
    journal.close()
    return {"ended": len(verdicts)}


def _not_tried(check: SuiteCheck, verdicts: Mapping[SuiteCheck, Verdict]) -> Ended | None:
    """How a check ends that needs one which did not do well."""
    lacking = next((need for need in NEEDS_OF_ALL.get(check, ()) if verdicts[need] not in GOOD), None)
    if lacking is None:
        return None
    return Ended(check=check, verdict=Verdict.NOT_TRIED, reason=f"It needs {lacking.value}.")


def _tried(check: SuiteCheck, subject: Subject) -> Ended:
    started = time.perf_counter()
    found = _found(check, subject)
    return Ended(
        check=check,
        verdict=found.verdict,
        reason=found.reason,
        detail=found.detail,
        seconds=time.perf_counter() - started,
        measured=found.measured,
    )


def _found(check: SuiteCheck, subject: Subject) -> Finding:
    try:
        return CHECKS_AND_TRIALS[check](subject)
    except (Exception, SystemExit) as error:  # a foreign module may raise anything, and the next check is still due
        package = missing_package(error)
        detail = detail_of(error)
        if package is not None:
            reason = f"The package {package} is not installed; pip install {package}."
            return Finding(verdict=Verdict.UNAVAILABLE, reason=reason, detail=detail)
        return Finding(verdict=Verdict.FAILS, reason=reason_of(error, subject.path), detail=detail)
