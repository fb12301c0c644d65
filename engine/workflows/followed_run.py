"""A function in a process of its own, with something to do meanwhile in the thread that waits for it."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

from engine.benchmarking.launchers import Launcher, ProcessOutcome

_TICK_SECONDS = 0.1


def followed_run(
    launcher: Launcher,
    function: str,
    arguments: Mapping[str, Any],
    *,
    timeout_seconds: float,
    memory_limit_bytes: int | None,
    cancel: threading.Event,
    on_log: Callable[[str], None] | None,
    on_tick: Callable[[], None],
) -> ProcessOutcome:
    """What `Launcher.run` returns; until then `on_tick` is called several times a second.

    `on_log` and `on_tick` are called in this thread, and what they raise ends the process and is raised here.
    """
    stop = threading.Event()
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    with ThreadPoolExecutor(1, thread_name_prefix="suite") as pool:
        under_way = pool.submit(
            launcher.run,
            function,
            arguments,
            timeout_seconds=timeout_seconds,
            memory_limit_bytes=memory_limit_bytes,
            cancel=stop,
            on_log=lines.put,
        )
        try:
            while not under_way.done():
                wait([under_way], _TICK_SECONDS)
                if cancel.is_set():
                    stop.set()
                _tell(lines, on_log)
                on_tick()
        except BaseException:
            stop.set()
            raise
        outcome = under_way.result()
        _tell(lines, on_log)
        return outcome


def _tell(lines: queue.SimpleQueue[str], on_log: Callable[[str], None] | None) -> None:
    while not lines.empty():
        line = lines.get_nowait()
        if on_log is not None:
            on_log(line)
