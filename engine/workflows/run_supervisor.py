"""Runs in the background: accepted at once, one at a time on a device, watched, cancelled, resumed."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from engine.domain.result import Result
from engine.domain.run import Plan, Run, RunProgress, RunRequest, RunStatus
from engine.errors import Conflict, Ending, EngineError, StorageError
from engine.storage import results, runs
from engine.workflows.check_request import check_request, devices_of
from engine.workflows.choose_models import with_type
from engine.workflows.device_turns import Cancelled, DeviceTurns, Ticket
from engine.workflows.execute_run import execute_plan
from engine.workflows.live_run import LiveRun
from engine.workflows.paired import whole_pairs
from engine.workflows.plan_run import plan_run
from engine.workflows.stored_progress import FINISHED, stored_progress
from engine.workflows.watching import Subscription

if TYPE_CHECKING:
    from engine.workflows.workbench import Workbench

logger = logging.getLogger(__name__)

REMEMBERED = 20
"""Ended runs whose log stays in memory."""
CLOSE_SECONDS = 10.0
"""How long closing waits for a thread; a case's process is killed within half a second."""
_LOOK_SECONDS = 0.1

_RESUMABLE = (RunStatus.INTERRUPTED, RunStatus.CANCELLED, RunStatus.FAILED)


class RunSupervisor:
    """Every run of this process, each carried by a thread of its own. Methods may be called from any thread."""

    def __init__(self, workbench: Workbench) -> None:
        self._workbench = workbench
        self._entry = threading.Lock()
        """Held while a run is let in: those let in stand in the line in the order of their numbers and resumptions."""
        self._lock = threading.Lock()
        self._live: dict[str, LiveRun] = {}
        """In the order of asking, which is that of the line."""
        self._ended: OrderedDict[str, LiveRun] = OrderedDict()
        self._threads: dict[str, threading.Thread] = {}
        self._runs = DeviceTurns()
        """One run at a time on a device."""
        self.device_turns = DeviceTurns(workbench.device_claims)
        """One process at a time on a device: planning and generating wait for the measurement under way."""
        self._closed = False

    def submit(self, request: RunRequest) -> Run:
        """Accept a run and return at once; raises UnknownName, InvalidValue or BackendUnavailable before storing it."""
        check_request(self._workbench, request)
        request = with_type(self._workbench, request)
        environment_id = self._workbench.environment.environment_id
        with self._entry:
            self._refuse_if_closed()
            run = self._workbench.database.write(lambda cursor: runs.create(cursor, request, environment_id))
            return self._start(run)

    def resume(self, run_id: str) -> Run:
        """Go on with a run that ended early: what has a row is not executed again."""
        run = self._stored(run_id)
        here = self._workbench.environment.environment_id
        self._let_end(run)
        self._refuse_to_resume(run)
        if run.environment_id != here:
            raise Conflict(
                f"Run {run.number} was begun in another environment ({run.environment_id}, this is {here}): "
                "machine or library versions differ and its results would not compare. Start a new run."
            )
        check_request(self._workbench, run.request)
        with self._entry:
            self._refuse_if_closed()
            run = self._stored(run.run_id)
            self._refuse_to_resume(run)
            at = datetime.now(UTC)
            self._workbench.database.write(
                lambda cursor: runs.set_status(cursor, run.run_id, RunStatus.INITIALIZING, at=at)
            )
            return self._start(replace(run, status=RunStatus.INITIALIZING, error=None, finished_at=None))

    def cancel(self, run_id: str) -> Run:
        """Stop a run: its processes are killed, its results kept. Returns it as `cancelling`.

        Raises NotFound, and Conflict when it has ended.
        """
        run = self._stored(run_id)
        live = self._find_live(run.run_id)
        if live is None or not live.set_status(RunStatus.CANCELLING):
            ended = self.progress(run.run_id).run if live is None else live.run  # it may have ended meanwhile
            raise Conflict(f"Run {run.number} is {ended.status}; there is nothing to cancel.")
        live.cancel.set()
        live.wake()
        return live.run

    def progress(self, run_id: str) -> RunProgress:
        """The present snapshot: from memory while under way, else from storage. Raises NotFound."""
        live = self._find(run_id) or self._find(self._stored(run_id).run_id)
        if live is not None:
            return live.snapshot()
        database = self._workbench.database
        return self._workbench.memo.get(
            ("stored_progress", run_id), database.writes, lambda: stored_progress(database, run_id)
        )

    def active(self) -> list[RunProgress]:
        """Snapshots of all runs that have not ended, in the order in which they were asked for and will run."""
        with self._lock:
            live = list(self._live.values())
        return [found.snapshot() for found in live]

    def runs_under_way(self) -> list[Run]:
        """`active` without the cases of each."""
        with self._lock:
            live = list(self._live.values())
        return [found.run for found in live]

    def subscribe(self, run_id: str) -> Subscription[RunProgress]:
        """Watch a run; of one that has ended the subscription carries the final snapshot only. Raises NotFound."""
        first = self.progress(run_id)
        live = self._find(first.run.run_id)
        return Subscription(live, first if live is None else live.snapshot())

    def has_begun_anew(self, run_id: str, subscription: Subscription[RunProgress]) -> bool:
        """Whether the run was resumed after `subscription` began, which hears of the earlier attempt alone."""
        live = self._find(run_id)
        return live is not None and not subscription.is_to(live)

    def wait(self, run_id: str, timeout: float | None = None) -> Run:
        """The run once it has ended, or as it is when the timeout passes first."""
        first = self.progress(run_id).run
        live = self._find(first.run_id)
        if live is not None:
            live.finished.wait(timeout)
        return self.progress(first.run_id).run

    def refuse_more(self) -> None:
        """Neither start nor resume a run any more: whoever asks meets Ending."""
        with self._entry:
            self._closed = True

    def wind_down(self, seconds: float, at_once: threading.Event) -> None:
        """Let the executions under way end and be stored, then close: after `seconds`, or when `at_once` is set.

        Of each run that holds a device that is what its present turn holds: a process, a pair, or cases side by side.
        """
        self.refuse_more()
        with self._lock:
            live = list(self._live.values())
        for run in live:
            run.wind_down()
        deadline = time.monotonic() + seconds
        for run in live:
            while not run.finished.wait(_LOOK_SECONDS) and not at_once.is_set() and time.monotonic() < deadline:
                pass
        self.close()

    def close(self) -> None:
        """Stop everything: runs under way become interrupted and can be resumed. Closing twice does no harm."""
        self.refuse_more()
        with self._lock:
            live, threads = list(self._live.values()), list(self._threads.values())
        for run in live:
            run.is_closing = True
            run.cancel.set()
            run.wake()
        for thread in threads:
            thread.join(CLOSE_SECONDS)
            if thread.is_alive():
                logger.warning("The thread %s did not end within %.0f s", thread.name, CLOSE_SECONDS)

    def _start(self, run: Run) -> Run:
        """Whoever calls this holds `_entry`."""
        live, ticket = LiveRun(run), self._runs.queue_up(devices_of(run.request))
        thread = threading.Thread(target=self._carry, args=(live, ticket), name=f"run-{run.number}", daemon=True)
        with self._lock:
            self._ended.pop(run.run_id, None)
            self._live[run.run_id] = live
            self._threads[run.run_id] = thread
        thread.start()
        return run

    def _carry(self, live: LiveRun, ticket: Ticket) -> None:
        """The life of a run, in its own thread: whatever happens ends in a final status."""
        status, error = RunStatus.COMPLETED, None
        try:
            self._plan_and_execute(live, ticket)
        except Cancelled:
            status = RunStatus.INTERRUPTED if live.is_closing else RunStatus.CANCELLED
        except EngineError as problem:
            logger.warning("Run %d failed: %s", live.run.number, problem.message)
            status, error = RunStatus.FAILED, problem.message
        except Exception as problem:
            logger.exception("Run %d failed", live.run.number)
            status, error = RunStatus.FAILED, f"{type(problem).__name__}: {problem}"
        finally:
            self._runs.leave(ticket)
        self._finish(live, status, error)

    def _plan_and_execute(self, live: LiveRun, ticket: Ticket) -> None:
        run = live.run
        done = whole_pairs(run.request, self._results_so_far(run.run_id))
        plan = self._stored_plan(run.run_id) if run.total else None
        if plan is None:
            plan = plan_run(
                self._workbench, run.request, cancel=live.cancel, on_step=live.set_step, on_log=live.add_log
            )
            made = plan
            self._workbench.database.write(lambda cursor: runs.save_plan(cursor, run.run_id, made))
        live.set_plan(plan, done)
        live.set_remaining(None if plan.is_guess else plan.estimated_seconds)
        self._set_status(live, RunStatus.QUEUED)
        live.set_step("Waiting for its turn")
        with self._runs.turn_of(ticket, live.cancel):
            live.set_step("Starting")
            self._set_status(live, RunStatus.RUNNING)
            execute_plan(self._workbench, live, plan, done, self.device_turns)

    def _finish(self, live: LiveRun, status: RunStatus, error: str | None) -> None:
        at = datetime.now(UTC)
        run = live.run
        try:
            self._workbench.database.write(
                lambda cursor: runs.set_status(cursor, run.run_id, status, error=error, at=at)
            )
        except StorageError as problem:
            # Storage still says that the run is under way; resuming it, or opening the database anew, mends that.
            logger.error("The end of run %d could not be stored: %s", run.number, problem.message)
            status, error = RunStatus.FAILED, error or problem.message
        live.set_step(_LAST_STEP[status])
        live.set_status(status, at=at, error=error)
        with self._lock:
            self._live.pop(run.run_id, None)
            self._threads.pop(run.run_id, None)
            self._ended[run.run_id] = live
            while len(self._ended) > REMEMBERED:
                self._ended.popitem(last=False)
        live.finished.set()

    def _set_status(self, live: LiveRun, status: RunStatus) -> None:
        at = datetime.now(UTC)
        run_id = live.run.run_id
        self._workbench.database.write(lambda cursor: runs.set_status(cursor, run_id, status, at=at))
        live.set_status(status, at=at)

    def _results_so_far(self, run_id: str) -> list[Result]:
        with self._workbench.database.cursor() as cursor:
            return [found for found in results.of_run(cursor, run_id) if found.status in FINISHED]

    def _stored_plan(self, run_id: str) -> Plan:
        with self._workbench.database.cursor() as cursor:
            return runs.plan(cursor, run_id)

    def _stored(self, run_id: str) -> Run:
        with self._workbench.database.cursor() as cursor:
            return runs.get(cursor, run_id)

    def _find_live(self, run_id: str) -> LiveRun | None:
        with self._lock:
            return self._live.get(run_id)

    def _find(self, run_id: str) -> LiveRun | None:
        with self._lock:
            return self._live.get(run_id) or self._ended.get(run_id)

    def _let_end(self, run: Run) -> None:
        """Wait for the thread of a run whose end is stored, which may not have let go of it yet."""
        live = self._find_live(run.run_id)
        if live is not None and run.status.is_final:
            live.finished.wait(CLOSE_SECONDS)

    def _refuse_to_resume(self, run: Run) -> None:
        """One that is stored as under way, and that no thread carries, has ended: there was no room to store that."""
        may_go_on = run.status in _RESUMABLE or not run.status.is_final
        if self._find_live(run.run_id) is not None or not may_go_on:
            raise Conflict(
                f"Run {run.number} is {run.status}; only interrupted, cancelled and failed runs can be resumed."
            )

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise Ending("The program is ending and starts no run; ask again when it is back.")


_LAST_STEP = {
    RunStatus.COMPLETED: "Done",
    RunStatus.FAILED: "Failed",
    RunStatus.CANCELLED: "Cancelled",
    RunStatus.INTERRUPTED: "Interrupted; can be resumed",
}
