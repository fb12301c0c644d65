"""The executions of a planned run, one after another or side by side; each result is stored as soon as it is there."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from engine.backends.available_memory import available_memory_bytes
from engine.benchmarking.execute import execute, graphs_folder
from engine.benchmarking.progressive import should_skip
from engine.domain.against import partner_of
from engine.domain.case import Case
from engine.domain.measurement import Metric
from engine.domain.result import Failure, FailureKind, Provenance, Result, ResultStatus
from engine.domain.run import Plan, PlannedCase, RunRequest
from engine.domain.skillset import Skillset
from engine.domain.workload_metrics import RATES
from engine.errors import SkillsetFailure
from engine.formatting import format_conditions, format_value
from engine.stats.quantiles import median
from engine.storage import facts as stored_facts
from engine.storage import results
from engine.workflows.budget_clock import BudgetClock
from engine.workflows.check_request import devices_of
from engine.workflows.choose_models import change_of_weights
from engine.workflows.device_turns import Cancelled, DeviceTurns
from engine.workflows.live_run import LiveRun
from engine.workflows.preflight import preflight
from engine.workflows.side_by_side import Slots, at_once, may_share, processor_slots
from engine.workflows.supply_skillset import supply_skillset

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from engine.workflows.workbench import Workbench

logger = logging.getLogger(__name__)

HISTORY = 2000
"""Past durations that the estimate of the remaining time draws on."""
_NEVER_FORKED = ("mps",)
"""Backends whose device does not survive the fork of a process that has loaded its library."""


def execute_plan(workbench: Workbench, live: LiveRun, plan: Plan, done: Sequence[Result], turns: DeviceTurns) -> None:
    """Execute what has no row yet; raises Cancelled when told to stop and StorageError when rows cannot be kept.

    A failing case is a row and the run goes on.
    """
    rows = {(result.case.case_id, result.repetition): result for result in done}
    _store_left_out(workbench, live, plan, rows)
    history = _past_durations(workbench, live)
    devices = devices_of(live.run.request)
    slots = processor_slots(live.run.request)
    waiting = [item for item in plan.planned if (item.case.case_id, item.repetition) not in rows]
    indices = {(item.case.case_id, item.repetition): index for index, item in enumerate(plan.planned)}
    supplied: dict[str, Skillset | Failure] = {}
    failed_exports: dict[str, Failure] = {}
    clock = BudgetClock(live)

    def keep(item: PlannedCase, result: Result) -> None:
        _store(workbench, live, indices[item.case.case_id, item.repetition], result)
        rows[item.case.case_id, item.repetition] = result
        if result.status is ResultStatus.COMPLETED:
            history.append((item.case, result.duration_seconds))

    position = 0
    for planned in (
        at_once(waiting, slots, progressive=live.run.request.progressive)
        if slots
        else _neighbours(waiting, live.run.request)
    ):
        group = []
        for item in planned:
            beyond = clock.refusal(item, history)  # a run in pairs has no budget
            if beyond is None:
                group.append(item)
            else:
                keep(item, unexecuted(live, item.case, item.repetition, ResultStatus.SKIPPED, beyond))
        if not group:
            position += len(planned)
            continue
        remaining = clock.remaining(waiting[position:], history)
        if remaining is not None and slots:  # all of them at once, or none
            remaining = remaining[0] / len(slots), remaining[1]
        live.set_remaining(remaining)
        asked_at = time.monotonic()
        with turns.turn(devices, live.cancel, on_wait=live.set_step):
            clock.add_waiting(time.monotonic() - asked_at)
            if position == 0:
                _look_at_the_machine(workbench, live)
            lanes = _Lanes(workbench, live, indices, rows, supplied, failed_exports, keep)
            if slots:
                lanes.run_at_once(group, slots)
            else:
                lanes.run_in_turn(group)
        position += len(planned)


@dataclass(frozen=True, slots=True)
class _Lanes:
    """Executes what one turn holds; each result is kept as soon as it is there."""

    workbench: Workbench
    live: LiveRun
    indices: Mapping[tuple[str, int], int]
    rows: Mapping[tuple[str, int], Result]
    supplied: dict[str, Skillset | Failure]
    """Each type's skillset, or why there is none."""
    failed_exports: dict[str, Failure]
    keep: Callable[[PlannedCase, Result], None]

    def run_in_turn(self, group: Sequence[PlannedCase]) -> None:
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

    def run_at_once(self, group: Sequence[PlannedCase], slots: Slots) -> None:
        """The same on cores of their own. What one lane raises is raised once the others have ended and are kept."""
        begun, errors, is_cut_short = list(group), [], False
        try:
            ready = [(item, self._ready(item)) for item in group]
            beside = [(item, found) for item, found in ready if isinstance(found, Skillset)]
            for item, found in ready:
                if isinstance(found, Result):
                    is_cut_short |= not self._kept(item, found)
                    begun.remove(item)
            if beside and not is_cut_short:
                self.live.set_step(f"{' and '.join(item.case.label for item, _ in beside)}, side by side")
                memory = available_memory_bytes() // len(beside)
                with ThreadPoolExecutor(len(beside), thread_name_prefix="slot") as pool:
                    under_way = {
                        pool.submit(self._measured, item, skillset, cores, memory): item
                        for (item, skillset), cores in zip(beside, slots, strict=False)
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
            _keep_cancelled(self.workbench, self.live, self._index(item), result)
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

    def _measured(
        self,
        item: PlannedCase,
        skillset: Skillset,
        cores: Sequence[int] | None = None,
        memory_bytes: int | None = None,
    ) -> Result:
        """The outcome of one execution, whatever it is."""
        workbench, live, case = self.workbench, self.live, item.case
        protocol = live.run.request.protocol
        if not may_share(item):
            cores = memory_bytes = None
        if cores is None:
            live.set_step(f"{case.label}, process {item.repetition + 1} of {protocol.processes}")
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
            cores=cores,
            memory_bytes=memory_bytes,
            cancel=live.cancel,
            on_log=live.add_log,
        )


def _neighbours(waiting: Sequence[PlannedCase], request: RunRequest) -> list[list[PlannedCase]]:
    """What is executed in one turn: the two of a pair, so that nobody measures between them, else one by one."""
    groups: list[list[PlannedCase]] = []
    for item in waiting:
        if groups and _are_a_pair(groups[-1], item, request):
            groups[-1].append(item)
        else:
            groups.append([item])
    return groups


def _are_a_pair(group: Sequence[PlannedCase], item: PlannedCase, request: RunRequest) -> bool:
    if request.against is None or len(group) > 1 or group[0].repetition != item.repetition:
        return False
    return partner_of(request.against, item.case, [group[0].case]) == group[0].case


def _look_at_the_machine(workbench: Workbench, live: LiveRun) -> None:
    """Say in the run's log what will disturb it; each result carries its own state, and none is left out for it."""
    if workbench.device_claims is None:  # nothing really runs
        return
    live.set_step("Looking at the machine")
    state, warnings = preflight(live.cancel)
    for line in warnings or ["Nothing was found that would disturb measurements."]:
        live.add_log(f"Preflight: {line}")
    live.add_log(f"Preflight: {format_conditions([state])}.")


def _supply(workbench: Workbench, live: LiveRun, model_type: str) -> Skillset | Failure:
    try:
        return supply_skillset(workbench, model_type, cancel=live.cancel, on_log=live.add_log)
    except SkillsetFailure as problem:
        return Failure(kind=FailureKind.ERROR, reason=problem.message)


def unexecuted(live: LiveRun, case: Case, repetition: int, status: ResultStatus, failure: Failure) -> Result:
    """The row of an execution that no process carried out."""
    return Result(
        result_id=uuid4().hex,
        run_id=live.run.run_id,
        case=case,
        repetition=repetition,
        status=status,
        provenance=Provenance.MEASURED,
        environment_id=live.run.environment_id,
        requested_backend=case.backend,
        actual_device=None,
        started_at=datetime.now(UTC),
        duration_seconds=0.0,
        failure=failure,
    )


def _tied(request: RunRequest, case: Case, earlier: Sequence[Result]) -> list[Case]:
    """The case, and in a run in pairs its partner: what makes one not worth its time does so for both."""
    if request.against is None:
        return [case]
    partner = partner_of(request.against, case, (result.case for result in earlier))
    return [case] if partner is None else [case, partner]


def _same_series(case: Case, earlier: Sequence[Result]) -> list[Result]:
    """Results of this case at any batch size."""
    return [result for result in earlier if replace(result.case, batch_size=case.batch_size) == case]


def _store_left_out(workbench: Workbench, live: LiveRun, plan: Plan, rows: dict[tuple[str, int], Result]) -> None:
    fresh = [
        (len(plan.planned) + index, unexecuted(live, left_out.case, 0, ResultStatus.SKIPPED, left_out.failure))
        for index, left_out in enumerate(plan.skipped)
        if (left_out.case.case_id, 0) not in rows
    ]
    if not fresh:
        return

    def save_all(cursor: DuckDBPyConnection) -> None:
        for _, result in fresh:
            results.save(cursor, result)

    workbench.database.write(save_all)
    for _, result in fresh:
        rows[result.case.case_id, 0] = result


def _store(workbench: Workbench, live: LiveRun, index: int, result: Result) -> None:
    def save(cursor: DuckDBPyConnection) -> None:
        results.save(cursor, result)
        if result.facts is not None:
            stored_facts.save(cursor, result.case.case_id, result.facts)

    workbench.database.write(save)
    live.end_case(index, result)
    live.add_log(_outcome_line(result))


def _keep_cancelled(workbench: Workbench, live: LiveRun, index: int, result: Result) -> None:
    """A person's cancelling is a row; the program's end is not, the execution will simply be done again."""
    if live.is_closing:
        live.leave_case(index)
    else:
        _store(workbench, live, index, result)


def _past_durations(workbench: Workbench, live: LiveRun) -> list[tuple[Case, float]]:
    with workbench.database.cursor() as cursor:
        return results.durations(cursor, live.run.environment_id, HISTORY)


def _outcome_line(result: Result) -> str:
    clock = datetime.now(UTC).astimezone().strftime("%H:%M:%S")
    head = f"{clock} {result.case.label}, process {result.repetition + 1}:"
    if result.failure is not None:
        return f"{head} {result.status}, {result.failure.reason}"
    latency = result.measurement(Metric.LATENCY)
    if latency is not None:
        return f"{head} {median(latency.samples):.4g} s over {len(latency.samples)} iterations"
    rate = result.measurement(RATES[result.case.workload]) if result.case.workload in RATES else None
    if rate is not None:
        return f"{head} {format_value(median(rate.samples), rate.metric)}"
    return f"{head} {result.status} in {result.duration_seconds:.3g} s"
