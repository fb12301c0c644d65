"""Model types examined, several at a time, and the outcomes kept."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from typing import TYPE_CHECKING

from engine.backends.available_memory import available_memory_bytes
from engine.domain.case import Precision
from engine.domain.conformance import Check, Conformance
from engine.domain.model import ModelType
from engine.storage import conformance as examinations
from engine.workflows.device_turns import PROCESSOR, Cancelled, OnWait
from engine.workflows.examine_model import ExaminationLimits, examine_model

if TYPE_CHECKING:
    from engine.workflows.workbench import Workbench

_SHARE_OF_MEMORY = 0.8
"""Of what is free, for all processes at once; the rest is for those that started them."""
_MOST_MEMORY = 8 * 2**30
"""A tiny model that takes more is not tiny, on a large machine too."""


def examine_models(
    workbench: Workbench,
    models: Sequence[ModelType],
    *,
    precisions: Sequence[Precision] = (Precision.FP32,),
    backend: str = "cpu",
    seconds: float = 15.0,
    retry_seconds: float | None = None,
    jobs: int = 2,
    checks: Sequence[Check] | None = None,
    cancel: threading.Event | None = None,
    on_outcome: Callable[[Conformance], None] | None = None,
    on_wait: OnWait | None = None,
) -> list[Conformance]:
    """One examination for each type at each precision, in that order; each is stored as soon as it has ended.

    `checks` asks for these alone, and what they need. Types that cannot be examined are among them, with the reason.
    Setting `cancel` ends what is under way; what has been stored by then is returned. `on_outcome` is called in this
    thread, in the order of ending. They wait for the measurement under way, of which `on_wait` is told whose it is,
    and later measurements for them. Raises LauncherFailure and StorageError.
    """
    cancel = cancel or threading.Event()
    memory = min(_MOST_MEMORY, int(_SHARE_OF_MEMORY * available_memory_bytes() / jobs))
    limits = ExaminationLimits(
        seconds=seconds,
        retry_seconds=retry_seconds,
        memory_bytes=memory,
        checks=None if checks is None else tuple(checks),
    )
    wanted = [(model, precision) for model in models for precision in precisions]
    done: dict[int, Conformance] = {}
    try:
        with (
            workbench.supervisor.device_turns.turn(PROCESSOR, cancel, on_wait=on_wait),
            ThreadPoolExecutor(jobs, thread_name_prefix="examination") as pool,
        ):
            under_way: dict[Future[Conformance], int] = {
                pool.submit(
                    examine_model, workbench, model, precision, backend=backend, limits=limits, cancel=cancel
                ): number
                for number, (model, precision) in enumerate(wanted)
            }
            try:
                for ended in as_completed(under_way):
                    _keep(workbench, ended, under_way[ended], done, on_outcome)
            except BaseException:
                cancel.set()
                raise
    except Cancelled:
        pass  # before its turn
    return [done[number] for number in sorted(done)]


def _keep(
    workbench: Workbench,
    ended: Future[Conformance],
    number: int,
    done: dict[int, Conformance],
    on_outcome: Callable[[Conformance], None] | None,
) -> None:
    try:
        found = ended.result()
    except Cancelled:
        return
    workbench.database.write(lambda cursor: examinations.save(cursor, found))
    done[number] = found
    if on_outcome is not None:
        on_outcome(found)
