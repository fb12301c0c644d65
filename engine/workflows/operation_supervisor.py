"""Operations in the background: accepted at once, one of a kind at a time, watched, cancelled."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from engine.domain.operation import Operation, OperationKind, OperationProgress, Outcome
from engine.domain.run import RunStatus
from engine.errors import Conflict, Ending, EngineError
from engine.storage import operations
from engine.workflows.device_turns import Cancelled, DeviceTurns, Ticket
from engine.workflows.live_operation import LiveOperation
from engine.workflows.watching import Subscription

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from engine.workflows.workbench import Workbench

logger = logging.getLogger(__name__)

MOST_WAITING = 50
"""Operations of one kind under way or waiting; more are refused."""
REMEMBERED = 20
"""Ended operations whose log stays in memory."""
CLOSE_SECONDS = 10.0

Keep = Callable[[Outcome], None]
"""Stores an outcome and shows it."""
Job = Callable[["Workbench", Mapping[str, Any], LiveOperation, Keep], None]
"""Carries out one request; raises Cancelled, and EngineError where it cannot go on."""


class OperationSupervisor:
    """Every operation of this process, each carried by a thread of its own. Methods may be called from any thread."""

    def __init__(self, workbench: Workbench, jobs: Mapping[OperationKind, Job]) -> None:
        self._workbench = workbench
        self._jobs = jobs
        self._lock = threading.Lock()
        self._live: dict[str, LiveOperation] = {}
        self._ended: OrderedDict[str, LiveOperation] = OrderedDict()
        self._threads: dict[str, threading.Thread] = {}
        self._turns = DeviceTurns()
        """Lines by kind: an operation waits for the earlier ones of its own."""
        self._closed = False

    def submit(self, kind: OperationKind, request: Mapping[str, Any]) -> Operation:
        """Accept one and return at once. Raises Conflict where too many wait, and Ending."""
        with self._lock:
            if self._closed:
                raise Ending("The program is ending; nothing can be started.")
            waiting = sum(1 for live in self._live.values() if live.operation.kind is kind)
            if waiting >= MOST_WAITING:
                raise Conflict(f"{waiting} of these wait already; ask again when one of them has ended.")
            operation = self._workbench.database.write(lambda cursor: operations.create(cursor, kind, request))
            live, ticket = LiveOperation(operation), self._turns.queue_up(frozenset({kind.value}))
            name = f"{kind.value}-{operation.operation_id}"
            thread = threading.Thread(target=self._carry, args=(live, ticket), name=name, daemon=True)
            self._live[operation.operation_id] = live
            self._threads[operation.operation_id] = thread
            thread.start()  # before anybody can close: a thread that has not begun cannot be waited for
        return operation

    def cancel(self, kind: OperationKind, operation_id: str) -> Operation:
        """Stop one: its processes are killed, its outcomes kept. Raises NotFound, and Conflict when it has ended."""
        live = self._find(kind, operation_id)
        if live is None or not live.set_status(RunStatus.CANCELLING):
            ended = self.progress(kind, operation_id).operation
            raise Conflict(f"It is {ended.status}; there is nothing to cancel.")
        live.cancel.set()
        return live.operation

    def progress(self, kind: OperationKind, operation_id: str) -> OperationProgress:
        """The present snapshot: from memory while under way, else from storage. Raises NotFound."""
        live = self._find(kind, operation_id)
        if live is not None:
            return live.snapshot()
        with self._workbench.database.cursor() as cursor:
            return _stored(operations.get(cursor, kind, operation_id))

    def subscribe(self, kind: OperationKind, operation_id: str) -> Subscription[OperationProgress]:
        """Watch one; of one that has ended there is the final snapshot only. Raises NotFound."""
        live = self._find(kind, operation_id)
        return Subscription(live, self.progress(kind, operation_id) if live is None else live.snapshot())

    def recent(self, kind: OperationKind, *, limit: int, statuses: Sequence[RunStatus] = ()) -> list[Operation]:
        """Newest first; those under way as they are now, and those whose end could not be stored as they ended."""
        with self._lock:
            held = {key: live.operation for key, live in (*self._ended.items(), *self._live.items())}
        wanted = {*statuses, *(status for status in RunStatus if not status.is_final)} if statuses else set()
        with self._workbench.database.cursor() as cursor:
            found = operations.recent(cursor, kind, limit=limit + len(held), statuses=sorted(wanted))
        current = [held.get(operation.operation_id, operation) for operation in found]
        return [operation for operation in current if not statuses or operation.status in statuses][:limit]

    def outcomes(self, operation_id: str) -> list[dict[str, Any]]:
        with self._workbench.database.cursor() as cursor:
            return operations.outcomes(cursor, operation_id)

    def wait(self, kind: OperationKind, operation_id: str, timeout: float | None = None) -> Operation:
        """The operation once it has ended, or as it is when the timeout passes first."""
        live = self._find(kind, operation_id)
        if live is not None:
            live.finished.wait(timeout)
        return self.progress(kind, operation_id).operation

    def active(self) -> list[OperationProgress]:
        """Of every kind, in the order of asking."""
        with self._lock:
            live = list(self._live.values())
        return [found.snapshot() for found in live]

    def under_way(self) -> list[Operation]:
        """`active` without steps and times."""
        with self._lock:
            live = list(self._live.values())
        return [found.operation for found in live]

    def close(self) -> None:
        """Stop everything: what is under way becomes interrupted. Closing twice does no harm."""
        with self._lock:
            self._closed = True
            live, threads = list(self._live.values()), list(self._threads.values())
        for operation in live:
            operation.is_closing = True
            operation.cancel.set()
        for thread in threads:
            thread.join(CLOSE_SECONDS)
            if thread.is_alive():
                logger.warning("The thread %s did not end within %.0f s", thread.name, CLOSE_SECONDS)

    def _carry(self, live: LiveOperation, ticket: Ticket) -> None:
        """The life of an operation, in its own thread: whatever happens ends in a final status."""
        status, error = RunStatus.COMPLETED, None
        operation = live.operation
        live.set_status(RunStatus.QUEUED)
        try:
            with self._turns.turn_of(ticket, live.cancel):
                at = datetime.now(UTC)
                self._store(live, RunStatus.RUNNING, at)
                live.set_status(RunStatus.RUNNING, at=at)
                live.set_step("Starting")
                self._jobs[operation.kind](self._workbench, operation.request, live, lambda one: self._keep(live, one))
        except Cancelled:
            status = RunStatus.INTERRUPTED if live.is_closing else RunStatus.CANCELLED
            error = operations.INTERRUPTED if live.is_closing else None
        except EngineError as problem:
            status, error = RunStatus.FAILED, problem.message
        except Exception as problem:
            logger.exception("The operation %s failed", operation.operation_id)
            status, error = RunStatus.FAILED, f"{type(problem).__name__}: {problem}"
        self._finish(live, status, error)

    def _keep(self, live: LiveOperation, outcome: Outcome) -> None:
        operation = live.operation

        def store(cursor: DuckDBPyConnection) -> None:
            if not operation.done:
                operations.set_total(cursor, operation.operation_id, operation.total)
            operations.add_outcome(cursor, operation.operation_id, operation.done, outcome)

        self._workbench.database.write(store)
        live.add_outcome(outcome)

    def _store(self, live: LiveOperation, status: RunStatus, at: datetime, error: str | None = None) -> None:
        operation = live.operation

        def store(cursor: DuckDBPyConnection) -> None:
            operations.set_status(cursor, operation.operation_id, status, error=error, at=at)
            if operation.total:
                operations.set_total(cursor, operation.operation_id, operation.total)

        self._workbench.database.write(store)

    def _finish(self, live: LiveOperation, status: RunStatus, error: str | None) -> None:
        at = datetime.now(UTC)
        operation_id = live.operation.operation_id
        try:
            self._store(live, status, at, error)
        except Exception as problem:
            # Storage still says that it is under way; opening the database anew will call it interrupted.
            logger.error("The end of the operation %s could not be stored", operation_id, exc_info=problem)
            status, error = RunStatus.FAILED, error or f"Its end could not be stored: {problem}"
        live.set_step(error or _last_step(status, live.operation))
        live.set_status(status, at=at, error=error)
        with self._lock:
            self._live.pop(operation_id, None)
            self._threads.pop(operation_id, None)
            self._ended[operation_id] = live
            while len(self._ended) > REMEMBERED:
                self._ended.popitem(last=False)
        live.finished.set()

    def _find(self, kind: OperationKind, operation_id: str) -> LiveOperation | None:
        with self._lock:
            found = self._live.get(operation_id) or self._ended.get(operation_id)
        return found if found is not None and found.operation.kind is kind else None


def _last_step(status: RunStatus, operation: Operation) -> str:
    """What became of it, failures included: an operation whose every outcome failed has been carried out as well."""
    failed = f", {operation.failed} of {operation.done} failed" if operation.failed else ""
    return f"{status.value.capitalize()}{failed}"


def _stored(operation: Operation) -> OperationProgress:
    """The snapshot of one that no thread carries."""
    return OperationProgress(
        operation=operation,
        current_step=operation.error or _last_step(operation.status, operation),
        elapsed_seconds=operation.seconds_taken,
        remaining_seconds=None,
    )
