"""What a time budget is spent on: what teaches most first, as far as the time reaches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from engine.domain.budget import budget_text
from engine.domain.case import Case
from engine.domain.result import Failure, FailureKind
from engine.domain.run import PlannedCase
from engine.errors import InvalidValue
from engine.formatting import format_duration, format_eta

_NEVER = datetime.min.replace(tzinfo=UTC)


def in_teaching_order(cases: Sequence[Case], last_measured: Mapping[str, datetime]) -> list[Case]:
    """`cases`, given cheap before dear, with what teaches most first.

    Every model once, at its smallest batch, before any has a second case; among those, what was never measured here
    before what was, and that oldest first; and the families in turns, so that an early end leaves none out.
    """
    cases_of: Counter[str] = Counter()
    levels: list[tuple[int, datetime, Case]] = []
    for case in cases:
        levels.append((cases_of[case.model], last_measured.get(case.case_id, _NEVER), case))
        cases_of[case.model] += 1
    turns: Counter[Hashable] = Counter()
    ranked: list[tuple[int, bool, int, datetime, int]] = []
    for index in sorted(range(len(cases)), key=lambda index: levels[index][:2]):
        level, at, case = levels[index]
        group = (level, at > _NEVER, case.family)
        ranked.append((level, at > _NEVER, turns[group], at, index))
        turns[group] += 1
    return [cases[rank[-1]] for rank in sorted(ranked)]


def within_budget(planned: Sequence[PlannedCase], budget_seconds: float) -> tuple[PlannedCase, ...]:
    """All of `planned`, what the budget is expected to reach first, each part in the order given.

    Each execution counts with the middle of its range; one that does not fit lets cheaper ones after it pass. Raises
    InvalidValue when the budget is too short for any.
    """
    left = budget_seconds
    reached: list[PlannedCase] = []
    beyond: list[PlannedCase] = []
    too_dear: set[str] = set()
    for item in planned:
        seconds = _middle(item)
        if seconds <= left and item.case.case_id not in too_dear:
            left -= seconds
            reached.append(item)
        else:
            too_dear.add(item.case.case_id)  # no process of it without those before
            beyond.append(replace(item, in_budget=False))
    if planned and not reached:
        cheapest = min(beyond, key=lambda item: item.estimated_seconds or (0.0, 0.0))
        if (cheapest.estimated_seconds or (0.0, 0.0))[0] > budget_seconds:
            raise InvalidValue(_too_short(cheapest, budget_seconds), field="budget_seconds")
        beyond.remove(cheapest)
        reached.append(replace(cheapest, in_budget=True))
    return (*reached, *beyond)


def out_of_budget(expected: tuple[float, float] | None, budget_seconds: float, used_seconds: float) -> Failure | None:
    """Why an execution that takes `expected` seconds is not begun after so many of the budget; None when it is.

    One that has begun is let finish: the budget is overrun by the rest of one execution at most.
    """
    left = budget_seconds - used_seconds
    named = f"the budget of {budget_text(budget_seconds)}"
    if left <= 0:
        return Failure(kind=FailureKind.OUT_OF_BUDGET, reason=f"{named[0].upper()}{named[1:]} is spent.")
    if expected is not None and expected[0] > left:
        reason = f"Takes {format_eta(expected)}; {format_duration(left)} of {named} are left."
        return Failure(kind=FailureKind.OUT_OF_BUDGET, reason=reason)
    return None


def _middle(item: PlannedCase) -> float:
    low, high = item.estimated_seconds or (0.0, 0.0)
    return (low + high) / 2


def _too_short(cheapest: PlannedCase, budget_seconds: float) -> str:
    low, high = cheapest.estimated_seconds or (0.0, 0.0)
    return (
        f"A budget of {budget_text(budget_seconds)} is too short for a single case: the cheapest, "
        f"{cheapest.case.label}, takes {format_eta((low, high))}. Give at least {budget_text(high)}."
    )
