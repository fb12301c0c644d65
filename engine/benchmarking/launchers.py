"""What it means to run a function in a process of its own."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from engine.domain.result import Failure
from engine.errors import InvalidValue

ALLOWED_PREFIXES = ("engine.",)
"""A process runs functions of these packages and no others."""

LOG_LIMIT = 64 * 1024
"""Characters of a process's output that are kept: the newest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessOutcome:
    """What became of one function in one process."""

    value: dict[str, Any] | None = None
    """What the function returned; None unless `ok`."""
    failure: Failure | None = None
    """None when `ok`."""
    log: str = ""
    """What the process and its children wrote to stdout and stderr, the newest `LOG_LIMIT` characters."""
    seconds: float
    """Wall time from the request to the end of the process, without starting a fork server."""
    peak_rss_bytes: int | None = None
    """Highest resident memory of the process, what it shares with the fork server included; None if unknown."""
    cpu_seconds: float | None = None
    """CPU time of the process and of those that it saw end, with what starting and ending it cost; None if unknown."""
    pid: int | None = None
    """None where no process was started."""

    @property
    def ok(self) -> bool:
        """Whether the function returned."""
        return self.failure is None


class Launcher(Protocol):
    """Runs functions in processes; every method may be called from any thread."""

    def run(
        self,
        function: str,
        arguments: Mapping[str, Any],
        *,
        timeout_seconds: float,
        memory_limit_bytes: int | None = None,
        cancel: threading.Event | None = None,
        on_log: Callable[[str], None] | None = None,
    ) -> ProcessOutcome:
        """Call `function` ("package.module:name") with `arguments`, a dict that JSON can carry, and wait for its end.

        Never raises for what happens in the process: that is the outcome. `memory_limit_bytes` bounds what the
        process may allocate beyond what it starts with. `on_log` gets each line of output as it appears, in the
        calling thread. Setting `cancel` kills the process and everything it started.
        """
        ...

    def close(self) -> None:
        """Kill what still runs and free everything; calls under way end as cancelled."""
        ...


_FUNCTION = re.compile(r"(?P<module>\w+(\.\w+)+):(?P<name>\w+)")


def check_function(function: str, allowed_prefixes: Sequence[str]) -> None:
    """Refuse what is no "package.module:name" under one of the allowed prefixes."""
    if not _FUNCTION.fullmatch(function) or not function.startswith(tuple(allowed_prefixes)):
        raise InvalidValue(
            f"{function!r} is not a function that a case process may run; "
            f"it has to read package.module:name and start with {' or '.join(allowed_prefixes)}.",
            field="function",
        )
