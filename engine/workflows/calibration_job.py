"""The calibration that runs in the background of a server: started, watched, cancelled."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.domain.calibration import CalibrationProgress
from engine.errors import Conflict, Ending, EngineError
from engine.workflows.calibrate import calibrate
from engine.workflows.device_turns import Cancelled

if TYPE_CHECKING:
    from engine.workflows.workbench import Workbench

logger = logging.getLogger(__name__)

CLOSE_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationState:
    """Where the calibration of this program stands."""

    progress: CalibrationProgress | None
    """None while none is under way."""
    is_cancelling: bool = False
    error: str | None = None
    """Why the last one came to nothing; None when it did not, was cancelled, or there was none."""


class CalibrationJob:
    """At most one at a time. Methods may be called from any thread."""

    def __init__(self, workbench: Workbench) -> None:
        self._workbench = workbench
        self._lock = threading.Lock()
        self._state = CalibrationState(progress=None)
        self._cancel = threading.Event()
        self._thread: threading.Thread | None = None
        self._closed = False

    @property
    def state(self) -> CalibrationState:
        with self._lock:
            return self._state

    def start(self, *, groups: int) -> None:
        """Begin one with so many trials of verdicts and return at once. Raises Conflict when one is under way."""
        with self._lock:
            if self._closed:
                raise Ending("The program is ending; no calibration can be started.")
            if self._state.progress is not None:
                raise Conflict("A calibration is under way already; wait for it, or cancel it first.")
            self._state = CalibrationState(progress=CalibrationProgress(step="Starting", done=0, total=0))
            self._cancel = threading.Event()
            self._thread = threading.Thread(
                target=self._carry, args=(groups, self._cancel), name="calibration", daemon=True
            )
            self._thread.start()

    def cancel(self) -> None:
        """Stop the one under way: nothing of it is kept. Raises Conflict when there is none."""
        with self._lock:
            if self._state.progress is None:
                raise Conflict("No calibration is under way; there is nothing to cancel.")
            self._state = CalibrationState(progress=self._state.progress, is_cancelling=True)
            self._cancel.set()

    def close(self) -> None:
        """Stop what is under way and start nothing any more. Closing twice does no harm."""
        with self._lock:
            self._closed = True
            self._cancel.set()
            thread = self._thread
        if thread is not None:
            thread.join(CLOSE_SECONDS)

    def _carry(self, groups: int, cancel: threading.Event) -> None:
        error: str | None = None
        try:
            calibrate(self._workbench, groups=groups, cancel=cancel, on_progress=self._show)
        except Cancelled:
            logger.info("The calibration was cancelled; nothing of it is kept")
        except EngineError as problem:
            error = problem.message
        except Exception as problem:
            logger.exception("The calibration failed")
            error = f"{type(problem).__name__}: {problem}"
        with self._lock:
            self._state = CalibrationState(progress=None, error=error)

    def _show(self, progress: CalibrationProgress) -> None:
        with self._lock:
            self._state = CalibrationState(progress=progress, is_cancelling=self._state.is_cancelling)
