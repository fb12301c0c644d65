"""Which pairs are measured in turns of a moment each, both processes alive; the others follow one another."""

from __future__ import annotations

from collections.abc import Sequence

from engine.backends.available_memory import available_memory_bytes
from engine.domain.case import Case, Workload
from engine.domain.run import PlannedCase
from engine.workflows.device_turns import computes_on_processor
from engine.workflows.side_by_side import fit_together, has_known_memory

_WORKLOADS = (Workload.INFERENCE, Workload.GENERATION)
"""Those that repeat what takes moments. Starting up happens once, and workers are processes of their own."""


class TurnTaking:
    """Decides for each pair of cases of a run once, so that its rounds are measured alike."""

    def __init__(self) -> None:
        self._decided: dict[frozenset[str], bool] = {}

    def is_for(self, pair: Sequence[PlannedCase]) -> bool:
        """As in the rounds before; except that both must still fit into memory."""
        cases = frozenset(item.case.case_id for item in pair)
        self._decided[cases] = self._decided.get(cases, True) and may_take_turns(pair)
        return self._decided[cases]


def may_take_turns(pair: Sequence[PlannedCase]) -> bool:
    """Whether both fit into memory at once and leave the processor when they wait.

    A GPU goes on with what it was given, holds a context for each process, and varies less from second to second.
    """
    return (
        len(pair) > 1
        and all(_waits(item.case) and has_known_memory(item) for item in pair)
        and fit_together(pair, available_memory_bytes())
    )


def _waits(case: Case) -> bool:
    return case.workload in _WORKLOADS and not case.cold and computes_on_processor(case.backend)
