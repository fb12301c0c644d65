"""How processes have to end that run out of memory, are killed, or do not come to an end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.conformance.finding import Finding, fails, not_applicable, works
from engine.domain.result import Failure, FailureKind
from engine.domain.skillset_suite import Quantity, Unit

ALLOWED_LATENESS = 2.0
"""Seconds after its time limit by which a process has to be gone, on a machine that is busy too."""

Value = Mapping[str, Any] | None


def judge_out_of_memory(failure: Failure | None, value: Value) -> Finding:
    """It ended because memory ran out, and said so itself."""
    if failure is None:
        missed = (value or {}).get("missed")
        return not_applicable(str(missed)) if missed else fails("Memory ran out, and the pass answered all the same.")
    if failure.kind is not FailureKind.OUT_OF_MEMORY:
        return fails(f"Out of memory, the process ended as {failure.kind.value}: {failure.reason}", detail=failure.log)
    return works(failure.reason)


def judge_killed(failure: Failure | None, value: Value, afterwards: Failure | None) -> Finding:
    """It is reported as killed, and the process after it came to its end."""
    if failure is None:
        missed = (value or {}).get("missed")
        return not_applicable(str(missed)) if missed else fails("A killed process was reported as one that ended well.")
    if failure.kind is not FailureKind.CRASHED or "SIGKILL" not in failure.reason:
        return fails(f"A killed process was reported as {failure.kind.value}: {failure.reason}", detail=failure.log)
    if afterwards is not None:
        return fails(f"The process after a killed one did not run: {afterwards.reason}", detail=afterwards.log)
    return works(f"{failure.reason} The next process ran.")


def judge_time_limit(failure: Failure | None, *, seconds: float, limit: float, is_gone: bool) -> Finding:
    """It was stopped soon after its time limit, and is gone."""
    late = Quantity(name="late", value=max(0.0, seconds - limit), unit=Unit.SECONDS)
    if failure is None:
        return fails("A process that runs passes for ever was reported as one that ended well.", late)
    if failure.kind is not FailureKind.TIMEOUT:
        return fails(f"At its time limit the process ended as {failure.kind.value}: {failure.reason}", late)
    if seconds > limit + ALLOWED_LATENESS:
        return fails(f"With a limit of {limit:.1f} s the process lasted {seconds:.1f} s.", late)
    if not is_gone:
        return fails("The process was told to be stopped at its time limit and still runs.", late)
    return works(f"Stopped after {seconds:.1f} s at a limit of {limit:.1f} s.", late)
