"""What one turn of a run holds is executed: one after another, on cores of their own, or a moment each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from engine.backends.available_memory import available_memory_bytes
from engine.benchmarking.execute import execute, graphs_folder, supply_graph
from engine.benchmarking.progressive import should_skip
from engine.benchmarking.referee import Referee
from engine.domain.against import partner_of
from engine.domain.case import Case
from engine.domain.result import Failure, FailureKind, Result, ResultStatus
from engine.domain.run import PlannedCase, RunRequest
from engine.domain.skillset import Skillset
from engine.errors import LauncherFailure, SkillsetFailure
from engine.workflows.choose_models import change_of_weights
from engine.workflows.device_turns import Cancelled
from engine.workflows.execution_rows import keep_cancelled, unexecuted
from engine.workflows.live_run import LiveRun
from engine.workflows.side_by_side import Slots, may_share
from engine.workflows.supply_skillset import supply_skillset

if TYPE_CHECKING:
    from engine.workflows.workbench import Workbench

_NEVER_FORKED = ("mps",)
"""Backends whose device does not survive the fork of a process that has loaded its library."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Share:
    """What an execution has of the machine while others are under way; all of it where nothing is said."""

    cores: Sequence[int] | None = None
    memory_bytes: int | None = None
    referee: Referee | None = None
    place: int = 0

    turn_cores: int | None = None
    """To which all who take turns are bound; None where they are not."""

    def ticket(self, timeout_seconds: float) -> Mapping[str, Any] | None:
        if self.referee is None:
            return None
        return self.referee.ticket(self.place, cores=self.turn_cores, seconds=timeout_seconds)

    def end(self) -> None:
        """The others need not wait for it."""
        if self.referee is not None:
            self.referee.ended(self.place)


@dataclass(frozen=True, slots=True)
class Lanes:
    """Executes what one turn holds; each result is kept as soon as it is there."""

    workbench: Workbench
    live: LiveRun
    indices: Mapping[tuple[str, int], int]
    rows: Mapping[tuple[str, int], Result]
    supplied: dict[str, Skillset | Failure]
    """Each type's skillset, or why there is none."""
    failed_exports: dict[str, Failure]
    keep: Callable[[PlannedCase, Result], None]

    def run_one_by_one(self, group: Sequence[PlannedCase]) -> None:
        """Raises Cancelled; an execution that was cut short by a person has its row then."""
        for item in group:
            try:
                ready = self._ready(item)
                result = self._measured(item, ready) if isinstance(ready, Skillset) else ready
            except Cancelled:
                self.live.leave_case(self._index(item))
                raise
            if not self._kept(item, result):
                raise Cancelled

    def run_side_by_side(self, group: Sequence[PlannedCase], slots: Slots) -> None:
        """The same at once, on cores of their own."""
        self._run_together(group, "side by side", [_Share(cores=cores) for cores in slots])

    def run_in_turns(self, pair: Sequence[PlannedCase]) -> None:
        """The same at once, of which one computes at a time; one after another where no referee can be had."""
        threads = [item.case.threads for item in pair]
        cores = None if None in threads else max(number or 0 for number in threads)
        with ExitStack() as stack:
            try:
                referee = stack.enter_context(Referee(len(pair)))
            except LauncherFailure as refusal:
                self.live.add_log(f"Pairs cannot take turns, they follow one another: {refusal.message}")
                return self.run_one_by_one(pair)
            shares = [_Share(referee=referee, place=place, turn_cores=cores) for place in range(len(pair))]
            return self._run_together(pair, "in turns", shares)

    def _run_together(self, group: Sequence[PlannedCase], how: str, shares: Sequence[_Share]) -> None:
        """What one lane raises is raised once the others have ended and are kept."""
        begun, errors, is_cut_short = list(group), [], False
        try:
            ready = [(item, self._ready(item), share) for item, share in zip(group, shares, strict=False)]
            beside = [(item, found, share) for item, found, share in ready if isinstance(found, Skillset)]
            for item, found, share in ready:
                if isinstance(found, Result):
                    share.end()
                    is_cut_short |= not self._kept(item, found)
                    begun.remove(item)
            for item, skillset, _ in beside:
                self._supply_graph(item.case, skillset)
            if beside and not is_cut_short:
                labels = " and ".join(item.case.label for item, _, _ in beside)
                number, processes = beside[0][0].repetition + 1, self.live.run.request.protocol.processes
                self.live.set_step(f"{labels}, {how}, process {number} of {processes}")
                memory = available_memory_bytes() // len(beside)
                with ThreadPoolExecutor(len(beside), thread_name_prefix="lane") as pool:
                    under_way = {
                        pool.submit(self._measured, item, skillset, replace(share, memory_bytes=memory)): item
                        for item, skillset, share in beside
                    }
                    for ended in as_completed(under_way):
                        item = under_way[ended]
                        if (error := ended.exception()) is not None:
                            errors.append(error)
                            continue
                        is_cut_short |= not self._kept(item, ended.result())
                        begun.remove(item)
        finally:
            for item in begun:
                self.live.leave_case(self._index(item))
        if errors:
            raise errors[0]
        if is_cut_short:
            raise Cancelled

    def _kept(self, item: PlannedCase, result: Result) -> bool:
        """False where the execution was cut short."""
        if self.live.cancel.is_set() and result.status is not ResultStatus.COMPLETED:
            keep_cancelled(self.workbench, self.live, self._index(item), result)
            return False
        self.keep(item, result)
        return True

    def _index(self, item: PlannedCase) -> int:
        return self.indices[item.case.case_id, item.repetition]

    def _ready(self, item: PlannedCase) -> Skillset | Result:
        """What an execution begins with; or its outcome, where it does not come to that."""
        live, case = self.live, item.case
        request = live.run.request
        if request.progressive:
            earlier = list(self.rows.values())
            for one in _tied(request, case, earlier):
                hopeless = should_skip(one, _same_series(one, earlier))
                if hopeless is not None:
                    return unexecuted(live, case, item.repetition, ResultStatus.SKIPPED, hopeless)
        live.begin_case(self._index(item), f"Preparing {case.model_type}")
        if case.model_type not in self.supplied:
            self.supplied[case.model_type] = _supply(self.workbench, live, case.model_type)
        skillset = self.supplied[case.model_type]
        if isinstance(skillset, Failure):
            return unexecuted(live, case, item.repetition, ResultStatus.FAILED, skillset)
        changed = change_of_weights(case, allow_pickle=request.allow_pickle)
        if changed is not None:
            return unexecuted(live, case, item.repetition, ResultStatus.FAILED, changed)
        return skillset

    def _supply_graph(self, case: Case, skillset: Skillset) -> None:
        """Before anything is measured: exporting beside another would disturb it."""
        supply_graph(
            self.workbench.launcher,
            case,
            skillset.path,
            graphs_in=graphs_folder(self.workbench.settings.home),
            failed_exports=self.failed_exports,
            cancel=self.live.cancel,
            on_log=self.live.add_log,
        )

    def _measured(self, item: PlannedCase, skillset: Skillset, share: _Share | None = None) -> Result:
        """The outcome of one execution, whatever it is."""
        workbench, live, case = self.workbench, self.live, item.case
        protocol = live.run.request.protocol
        if share is None:
            live.set_step(f"{case.label}, process {item.repetition + 1} of {protocol.processes}")
        if share is None or (share.cores is not None and not may_share(item)):
            share = _Share()
        try:
            return execute(
                workbench.cold_launcher if case.cold or case.backend in _NEVER_FORKED else workbench.launcher,
                case,
                item.repetition,
                run_id=live.run.run_id,
                skillset_path=skillset.path,
                protocol=protocol,
                environment_id=live.run.environment_id,
                estimated_bytes=item.estimated_bytes,
                graphs_in=graphs_folder(workbench.settings.home),
                failed_exports=self.failed_exports,
                cores=share.cores,
                memory_bytes=share.memory_bytes,
                ticket=share.ticket(protocol.timeout_seconds),
                cancel=live.cancel,
                on_log=live.add_log,
            )
        finally:
            share.end()


def _supply(workbench: Workbench, live: LiveRun, model_type: str) -> Skillset | Failure:
    try:
        return supply_skillset(workbench, model_type, cancel=live.cancel, on_log=live.add_log)
    except SkillsetFailure as problem:
        return Failure(kind=FailureKind.ERROR, reason=problem.message)


def _tied(request: RunRequest, case: Case, earlier: Sequence[Result]) -> list[Case]:
    """The case, and in a run in pairs its partner: what makes one not worth its time does so for both."""
    if request.against is None:
        return [case]
    partner = partner_of(request.against, case, (result.case for result in earlier))
    return [case] if partner is None else [case, partner]


def _same_series(case: Case, earlier: Sequence[Result]) -> list[Result]:
    """Results of this case at any batch size."""
    return [result for result in earlier if replace(result.case, batch_size=case.batch_size) == case]
