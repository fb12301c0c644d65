"""One outcome for each check, whatever became of the process that made them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from engine.conformance.checks import with_needs
from engine.conformance.ended import Ended
from engine.conformance.journal import Seen
from engine.domain.conformance import Check, CheckOutcome, Verdict
from engine.domain.result import Failure, FailureKind
from engine.domain.skillset_suite import SuiteCheck

_DETAIL_LINES = 40


def all_outcomes(
    seen: Seen, checks: Collection[Check], failure: Failure | None, *, seconds: float, time_limit: float
) -> tuple[CheckOutcome, ...]:
    """What the journal says, completed: the check during which the process ended fails with the reason of its end.

    `seconds` is how long the process lasted.
    """
    known = {ended.check: ended for ended in seen.ended}
    asked = with_needs(checks)
    if (stopped := stopped_in(seen, asked, failure, seconds=seconds, time_limit=time_limit)) is not None:
        known[stopped.check] = stopped
    outcomes = []
    for check in Check:
        if check in known:
            outcomes.append(_outcome(check, known[check]))
        elif check in asked:
            outcomes.append(_not_tried(check, _after(failure)))
        else:
            outcomes.append(_not_tried(check, "Nobody asked for it."))
    return tuple(outcomes)


def none_tried(reason: str, verdict: Verdict = Verdict.UNAVAILABLE) -> tuple[CheckOutcome, ...]:
    """Of a type without a module.

    `verdict` is UNAVAILABLE for one that cannot be tried here, FAILS where no forward pass was found for it, and
    NOT_APPLICABLE, of every check, where there is nothing to run alone.
    """
    if verdict is Verdict.NOT_APPLICABLE:
        return tuple(CheckOutcome(check=check, verdict=verdict, reason=reason) for check in Check)
    decisive = Check.FORWARD if verdict is Verdict.FAILS else Check.IMPORT
    return tuple(
        CheckOutcome(check=check, verdict=verdict, reason=reason)
        if check is decisive
        else _not_tried(check, "There is no module of it.")
        for check in Check
    )


def stopped_in(
    seen: Seen, asked: Sequence[SuiteCheck], failure: Failure | None, *, seconds: float, time_limit: float
) -> Ended | None:
    """The check in which the process ended before its time, as a failure with the reason of that end; None if in none.

    A process that did not come to begin one has ended in the first of those `asked` that are open.
    """
    ended = {each.check for each in seen.ended}
    open_checks = [check for check in asked if check not in ended]
    if failure is None or not open_checks:
        return None
    lasted = None if seen.begun_after is None else max(0.0, seconds - seen.begun_after)
    reason = failure.reason
    if failure.kind is FailureKind.TIMEOUT:
        within = "" if lasted is None else f", {min(lasted, time_limit):.1f} s of them in this check"
        reason = f"Stopped after {time_limit:g} s{within}."
    detail = "\n".join(failure.log.splitlines()[-_DETAIL_LINES:]) or None
    check = seen.under_way or open_checks[0]
    return Ended(check=check, verdict=Verdict.FAILS, reason=reason, detail=detail, seconds=lasted)


def _outcome(check: Check, ended: Ended) -> CheckOutcome:
    return CheckOutcome(
        check=check, verdict=ended.verdict, reason=ended.reason, detail=ended.detail, seconds=ended.seconds
    )


def _after(failure: Failure | None) -> str:
    if failure is not None and failure.kind is FailureKind.TIMEOUT:
        return "The time was up."
    return "The process had ended before."


def _not_tried(check: Check, reason: str) -> CheckOutcome:
    return CheckOutcome(check=check, verdict=Verdict.NOT_TRIED, reason=reason)
