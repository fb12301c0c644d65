"""The checks of a suite made in as few processes as they leave alive."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil

from engine.backends.available_memory import available_memory_bytes
from engine.benchmarking.launchers import Launcher, ProcessOutcome
from engine.conformance.checks import GOOD
from engine.conformance.course import NEEDS_OF_ALL
from engine.conformance.ended import Ended
from engine.conformance.ends import judge_killed, judge_out_of_memory, judge_time_limit
from engine.conformance.examine import examination_arguments
from engine.conformance.finding import Finding
from engine.conformance.journal import Seen, read_journal
from engine.conformance.ordeals import MEMORY_LIMIT_BYTES, ordeal_arguments
from engine.conformance.outcomes import stopped_in
from engine.domain.case import Precision
from engine.domain.conformance import Check, Verdict
from engine.domain.result import Failure, FailureKind
from engine.domain.skillset_suite import (
    IN_PROCESSES_OF_THEIR_OWN,
    SUITES,
    SkillsetSuite,
    SuiteCheck,
    SuiteCheckOutcome,
    SuiteProgress,
    SuiteVerdict,
    Trial,
)
from engine.errors import LauncherFailure
from engine.workflows.device_turns import Cancelled
from engine.workflows.followed_run import followed_run

_SHARE_OF_MEMORY = 0.8
_MOST_MEMORY = 8 * 2**30
"""A tiny model that takes more is not tiny, on a large machine too."""
_TO_LOAD = (Check.IMPORT, Check.CONSTRUCT, Check.FORWARD)
_PASSING_SECONDS = 1.5
"""For which the process that has a time limit runs passes, once it has loaded as long as the model did before."""
_GONE_SECONDS = 1.0
_NOT_A_WORD = "The process ended well and did not say how this check ended; make it again."

_VERDICTS = {
    Verdict.WORKS: SuiteVerdict.PASSED,
    Verdict.PARTIAL: SuiteVerdict.PASSED,
    Verdict.FAILS: SuiteVerdict.FAILED,
    Verdict.UNAVAILABLE: SuiteVerdict.ERROR,
    Verdict.NOT_APPLICABLE: SuiteVerdict.NOT_APPLICABLE,
    Verdict.NOT_TRIED: SuiteVerdict.NOT_TRIED,
}


class SuiteCourse:
    """Runs once, in the thread of its caller."""

    def __init__(
        self,
        launcher: Launcher,
        path: Path,
        folder: Path,
        suite: SkillsetSuite,
        *,
        device: str,
        missing: tuple[str, ...],
        generates: bool,
        seconds: float,
        cancel: threading.Event,
        on_progress: Callable[[SuiteProgress], None],
        on_log: Callable[[str], None] | None,
    ) -> None:
        """`folder` is where processes may write; the caller removes it. See `Subject` for `missing` and `generates`."""
        self._launcher, self._path, self._folder = launcher, path, folder
        self._device, self._missing, self._generates = device, missing, generates
        self._seconds, self._cancel = seconds, cancel
        self._on_progress, self._on_log = on_progress, on_log
        self._asked = SUITES[suite]
        self._ended: dict[SuiteCheck, Ended] = {}
        self._told: set[SuiteCheck] = set()
        self._step: str | None = None
        self.processes = 0

    def run(self) -> tuple[SuiteCheckOutcome, ...]:
        """One outcome for each check. Raises Cancelled and LauncherFailure."""
        while pending := self._pending():
            if pending[0] in IN_PROCESSES_OF_THEIR_OWN:
                self._tell(pending[0])
                self._ended[pending[0]] = self._put_through(pending[0])
            else:
                self._examine([check for check in pending if check not in IN_PROCESSES_OF_THEIR_OWN])
        self._tell(None)
        return tuple(_outcome(self._ended[check]) for check in self._asked)

    def _pending(self) -> list[SuiteCheck]:
        """What has not ended yet; a check that needs one which did not do well ends here, untried."""
        for check in self._asked:
            lacking = next((need for need in NEEDS_OF_ALL.get(check, ()) if self._is_lacking(need)), None)
            if check not in self._ended and lacking is not None:
                self._ended[check] = Ended(check=check, verdict=Verdict.NOT_TRIED, reason=f"It needs {lacking.value}.")
        return [check for check in self._asked if check not in self._ended]

    def _is_lacking(self, need: SuiteCheck) -> bool:
        return need in self._ended and self._ended[need].verdict not in GOOD

    def _examine(self, checks: Sequence[SuiteCheck]) -> None:
        """These in one process, as far as it comes; what they need, and has passed before, is made again for them.

        Where earlier checks took the time, the one in which it was up has the whole of it in the next process.
        """
        before = len(self._ended)
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            arguments = examination_arguments(
                self._path,
                Path(folder),
                precision=Precision.FP32,
                device=self._device,
                missing=self._missing,
                generates=self._generates,
                checks=checks,
            )
            outcome = self._run(
                "engine.conformance.examine:examine",
                arguments,
                timeout_seconds=self._seconds,
                memory_limit_bytes=min(_MOST_MEMORY, int(_SHARE_OF_MEMORY * available_memory_bytes())),
                on_tick=lambda: self._take(read_journal(Path(folder))),
            )
            seen = read_journal(Path(folder))
        self._take(seen)
        stopped = stopped_in(seen, checks, outcome.failure, seconds=outcome.seconds, time_limit=self._seconds)
        others_took_it = len(self._ended) > before and _is_early(outcome.failure, stopped, self._seconds)
        if stopped is not None and not others_took_it:
            self._ended[stopped.check] = stopped
        for check in checks if outcome.failure is None else ():
            if check not in self._ended:
                self._ended[check] = Ended(check=check, verdict=Verdict.UNAVAILABLE, reason=_NOT_A_WORD)

    def _take(self, seen: Seen) -> None:
        """What has ended by now; that one needs again what it needed before is no second outcome, unless a worse."""
        for ended in seen.ended:
            before = self._ended.get(ended.check)
            if before is None or (before.verdict in GOOD and ended.verdict not in GOOD):
                self._ended[ended.check] = ended
        self._tell(seen.under_way)

    def _put_through(self, check: SuiteCheck) -> Ended:
        found, seconds = self._found(check)
        return Ended(
            check=check,
            verdict=found.verdict,
            reason=found.reason,
            detail=found.detail,
            seconds=seconds,
            measured=found.measured,
        )

    def _found(self, check: SuiteCheck) -> tuple[Finding, float]:
        if check is Trial.OUT_OF_MEMORY:
            ended = self._undergo(Trial.OUT_OF_MEMORY, memory=MEMORY_LIMIT_BYTES)
            return judge_out_of_memory(ended.failure, ended.value), ended.seconds
        if check is Trial.KILLED:
            ended = self._undergo(Trial.KILLED)
            afterwards = self._undergo(None)
            seconds = ended.seconds + afterwards.seconds
            return judge_killed(ended.failure, ended.value, afterwards.failure), seconds
        loading = sum(self._ended[step].seconds or 0.0 for step in _TO_LOAD)
        limit = min(self._seconds, 2 * loading + _PASSING_SECONDS)
        ended = self._undergo(Trial.TIME_LIMIT, seconds=limit)
        gone = _is_gone(ended.pid)
        return judge_time_limit(ended.failure, seconds=ended.seconds, limit=limit, is_gone=gone), ended.seconds

    def _undergo(
        self, trial: Trial | None, *, memory: int | None = None, seconds: float | None = None
    ) -> ProcessOutcome:
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            return self._run(
                "engine.conformance.ordeals:undergo",
                ordeal_arguments(self._path, Path(folder), device=self._device, trial=trial),
                timeout_seconds=self._seconds if seconds is None else seconds,
                memory_limit_bytes=memory,
            )

    def _run(
        self,
        function: str,
        arguments: dict[str, object],
        *,
        timeout_seconds: float,
        memory_limit_bytes: int | None,
        on_tick: Callable[[], None] = lambda: None,
    ) -> ProcessOutcome:
        outcome = followed_run(
            self._launcher,
            function,
            arguments,
            timeout_seconds=timeout_seconds,
            memory_limit_bytes=memory_limit_bytes,
            cancel=self._cancel,
            on_log=self._on_log,
            on_tick=on_tick,
        )
        self.processes += outcome.pid is not None
        if outcome.failure is not None:
            _raise_unless_its_own(outcome, outcome.failure)
        return outcome

    def _tell(self, under_way: SuiteCheck | None) -> None:
        """What has changed, if anything has."""
        fresh = [check for check in self._asked if check in self._ended and check not in self._told]
        self._told.update(fresh)
        step = "" if under_way is None else under_way.value.replace("_", " ")
        if not fresh and step == self._step:
            return
        self._step = step
        self._on_progress(
            SuiteProgress(
                done=len(self._told),
                total=len(self._asked),
                step=step,
                news=tuple(_outcome(self._ended[check]) for check in fresh),
            )
        )


def _raise_unless_its_own(outcome: ProcessOutcome, failure: Failure) -> None:
    """For ends that say nothing of the module: whoever asked has called it off, or no process was started."""
    if failure.kind is FailureKind.CANCELLED:
        raise Cancelled
    if outcome.pid is None:
        raise LauncherFailure(failure.reason)


def _is_early(failure: Failure | None, stopped: Ended | None, limit: float) -> bool:
    """Whether the time was up in a check that had lasted for less than half of it."""
    is_timeout = failure is not None and failure.kind is FailureKind.TIMEOUT
    return is_timeout and stopped is not None and (stopped.seconds or 0.0) < limit / 2


def _is_gone(pid: int | None) -> bool:
    if pid is None:
        return True
    try:
        psutil.Process(pid).wait(_GONE_SECONDS)
    except psutil.NoSuchProcess:
        return True
    except psutil.TimeoutExpired:
        return False
    return True


def _outcome(ended: Ended) -> SuiteCheckOutcome:
    return SuiteCheckOutcome(
        check=ended.check,
        verdict=_VERDICTS[ended.verdict],
        reason=ended.reason,
        detail=ended.detail,
        seconds=ended.seconds,
        measured=ended.measured,
    )
