"""How much of its time budget a run has used."""

from __future__ import annotations

from collections.abc import Sequence

from engine.benchmarking.budget import out_of_budget
from engine.benchmarking.eta import History, remaining_seconds, seconds_of_one
from engine.domain.result import Failure
from engine.domain.run import PlannedCase
from engine.workflows.live_run import LiveRun


class BudgetClock:
    """Counts the time a run is carried out, in earlier attempts too: a resumed run goes on with what is left.

    Waiting for the device in the present attempt does not count: another program's measurement must not use up the
    time that this run was given. Of an earlier attempt it does, because nobody kept it apart.
    """

    def __init__(self, live: LiveRun) -> None:
        self._live = live
        self._budget = live.run.request.budget_seconds
        self._waited = 0.0

    def add_waiting(self, seconds: float) -> None:
        self._waited += seconds

    def refusal(self, item: PlannedCase, history: History) -> Failure | None:
        """Why the budget has no room for `item`; None when it has, and always without a budget."""
        if self._budget is None:
            return None
        used = self._used()
        return out_of_budget(None if used >= self._budget else seconds_of_one(item, history), self._budget, used)

    def remaining(self, waiting: Sequence[PlannedCase], history: History) -> tuple[float, float] | None:
        """The range of what is left to do, no more than is left of the budget; None while nothing is known."""
        remaining = remaining_seconds([item for item in waiting if item.in_budget], history)
        if self._budget is None or remaining is None:
            return remaining
        left = max(0.0, self._budget - self._used())
        return min(remaining[0], left), min(remaining[1], left)

    def _used(self) -> float:
        return self._live.active_seconds() - self._waited
