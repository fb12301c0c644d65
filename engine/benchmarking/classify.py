"""What a process's end means: a value, or one kind of failure with a reason that a person understands."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import Any

from engine.domain.result import Failure, FailureKind

_LAST_WORDS = 200
"""Characters of a last line that a reason repeats; the whole is in the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessEnd:
    """Everything the launcher learned about one process."""

    killed_for: FailureKind | None
    """TIMEOUT or CANCELLED when the launcher itself killed it."""
    timeout_seconds: float
    memory_limit_bytes: int | None
    answer: dict[str, Any] | None
    """The process's own last word, of type value or exception; None when it died without one."""
    exit_code: int | None
    """Negative: the signal it died of; None when nobody saw it end."""
    oom_killed: bool
    """The kernel killed some process for want of memory while this one ran."""
    refused: str | None
    """Why it was never started."""


def failure_of(end: ProcessEnd, log: str) -> Failure | None:
    """None when the process answered with a value; its own word counts even if it died or was killed afterwards."""
    if end.refused is not None:
        return Failure(kind=FailureKind.ERROR, reason=end.refused, log=log)
    if end.answer is not None and end.answer["type"] == "value":
        return None
    if end.answer is not None:
        return _own_words(end.answer, end.memory_limit_bytes, log)
    if end.killed_for is FailureKind.TIMEOUT:
        reason = f"Not finished after {end.timeout_seconds:g} s; killed. Raise the timeout or shrink the case."
        return Failure(kind=FailureKind.TIMEOUT, reason=reason, log=log)
    if end.killed_for is FailureKind.CANCELLED:
        return Failure(kind=FailureKind.CANCELLED, reason="Cancelled while it ran.", log=log)
    if end.exit_code is None:
        return Failure(kind=FailureKind.CRASHED, reason="The process vanished without a word.", log=log)
    if end.exit_code < 0:
        return _death_by_signal(-end.exit_code, oom_killed=end.oom_killed, log=log)
    reason = f"The process ended with exit status {end.exit_code} before it had a result{_last_words(log)}."
    return Failure(kind=FailureKind.CRASHED, reason=reason, log=log)


def _last_words(log: str) -> str:
    """What a library that ends the process itself says before, such as that no thread can be started."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    return f"; its last words: {lines[-1][:_LAST_WORDS].rstrip('.')}" if lines else ""


def _own_words(answer: dict[str, Any], memory_limit_bytes: int | None, log: str) -> Failure:
    kind = FailureKind(answer["kind"])
    reason = str(answer["reason"])
    if kind is FailureKind.OUT_OF_MEMORY:
        limit = "" if memory_limit_bytes is None else f" within the limit of {memory_limit_bytes / 2**20:.0f} MiB"
        reason = f"Out of memory{limit}: {reason}"
    return Failure(kind=kind, reason=reason, log=f"{log}{answer['traceback']}")


def _death_by_signal(number: int, *, oom_killed: bool, log: str) -> Failure:
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    if number == signal.SIGALRM:
        reason = "Its own turns were not finished within the time limit; killed. Raise the timeout or shrink the case."
        return Failure(kind=FailureKind.TIMEOUT, reason=reason, log=log)
    if number == signal.SIGKILL and oom_killed:
        reason = "Out of memory: the kernel killed the process."
        return Failure(kind=FailureKind.OUT_OF_MEMORY, reason=reason, log=log)
    if number == signal.SIGKILL:
        reason = "The process was killed from outside (SIGKILL)."
        return Failure(kind=FailureKind.CRASHED, reason=reason, log=log)
    return Failure(kind=FailureKind.CRASHED, reason=f"The process died of {name}.", log=log)
