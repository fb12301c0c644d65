"""One function with several arguments, in processes that take turns of a moment each."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from engine.benchmarking.launchers import Launcher, ProcessOutcome
from engine.benchmarking.referee import Referee


def run_in_turns(
    launcher: Launcher,
    function: str,
    arguments: Sequence[Mapping[str, Any]],
    *,
    cores: int | None = None,
    timeout_seconds: float,
    cancel: threading.Event | None = None,
) -> list[ProcessOutcome]:
    """What became of each, in the order of `arguments`, in which they also have their first turns.

    All are bound to the same `cores`, so many, where that leaves a choice. `function` finds the ticket for
    `taking_turns` among its arguments. The time-out is of all of them together.
    """
    with Referee(len(arguments)) as referee, ThreadPoolExecutor(len(arguments), thread_name_prefix="turns") as pool:

        def one(place: int) -> ProcessOutcome:
            try:
                return launcher.run(
                    function,
                    {**arguments[place], "ticket": referee.ticket(place, cores=cores)},
                    timeout_seconds=timeout_seconds,
                    cancel=cancel,
                )
            finally:
                referee.ended(place)

        return list(pool.map(one, range(len(arguments))))
