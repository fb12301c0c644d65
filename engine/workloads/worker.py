"""One of several workers: a process with a model of its own that does what it is told through a pipe."""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from time import perf_counter
from types import ModuleType
from typing import Any

from engine.domain.case import Case
from engine.domain.run import Protocol
from engine.errors import EngineError
from engine.workloads.allocator import keep_freed_memory
from engine.workloads.answer import answer_of
from engine.workloads.inference import collector_held, warm_up
from engine.workloads.outputs import check_outputs
from engine.workloads.workload import Device, PeakMeter, Session

Span = tuple[float, float]
"""When something began and ended, on the clock that all processes of the machine share."""


class WorkerFailed(EngineError):
    """A worker ended, or met an error that cannot leave its process."""

    title = "Worker failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What a worker tells of its model."""

    span: Span
    """From nothing to the first output; on a GPU, opening it for this process is in it."""
    threads: int
    actual_device: str
    board: str | None
    notes: tuple[str, ...]


class Worker:
    """Lives in the worker's process. Its methods are the commands; each waits for the others where it says so."""

    def __init__(
        self, module: ModuleType, case: Case, protocol: Protocol, device: Device, wait: Callable[[], Any]
    ) -> None:
        self._module, self._case, self._protocol, self._device, self._wait = module, case, protocol, device, wait
        self._session: Session | None = None
        self._first_seconds = 0.0
        self._meter: PeakMeter | None = None

    def open(self) -> Opened:
        """Together with the others: build the model and run it once."""
        threads = self._device.prepare()
        self._meter = self._device.memory_meter()
        self._wait()
        begun = perf_counter()
        if self._device.open_context is not None:
            self._device.open_context()
        session = self._device.open(self._module, replace(self._case, threads=threads))
        built = perf_counter()
        keep_freed_memory()
        outputs = session.infer()
        self._device.synchronize()
        ended = perf_counter()
        check_outputs(outputs, self._case.batch_size)
        self._session, self._first_seconds = session, ended - built
        return Opened(
            span=(begun, ended),
            threads=threads,
            actual_device=session.actual_device,
            board=self._device.board(),
            notes=tuple(session.notes),
        )

    def warm(self) -> int:
        """Together with the others: passes that are not recorded, by the rule of warm-up; how many."""
        self._wait()
        return warm_up(self._once, self._protocol, self._first_seconds)

    def answer(self, requests: int, together: bool) -> list[Span]:
        """So many requests one after another; all workers begin at once where it is `together`."""
        spans: list[Span] = []
        with collector_held():
            if together:
                self._wait()
            for _ in range(requests):
                begun = perf_counter()
                self._once()
                spans.append((begun, perf_counter()))
        return spans

    def peak(self, requests: int) -> tuple[int | None, Sequence[str]]:
        """Peak memory of this process while all answer, and remarks on it."""
        assert self._meter is not None
        self._meter.start_pass()
        self.answer(requests, True)
        return self._meter.peak_bytes(), self._meter.notes

    def say(self) -> bytes | None:
        """Its `Answer`, pickled: a pipe would send tensors as names of memory that goes with this process. None where
        no torch model is in memory."""
        assert self._session is not None
        if self._session.skillset is None:
            return None
        return pickle.dumps(answer_of(self._session.skillset, self._session.inputs, self._case))

    def _once(self) -> None:
        assert self._session is not None
        self._session.infer()
        self._device.synchronize()


def work(channel: Connection, make: Callable[[], Worker], sharers: int) -> None:
    """Carry out commands until the pipe closes or one fails; the process's whole life."""
    try:
        _share_memory_limit(sharers)
        worker = make()
        while True:
            name, arguments = channel.recv()
            channel.send((True, getattr(worker, name)(*arguments)))
    except EOFError:
        return
    except BaseException as error:  # whatever it is, whoever waits for the answer has to learn of it
        channel.send((False, _movable(error)))


def _movable(error: BaseException) -> BaseException:
    """The error with its traceback, or its words where it cannot be taken to another process."""
    error.add_note("".join(traceback.format_exception(error)))
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # pickling may fail in any way that an error's class has thought of
        moved = WorkerFailed(f"{type(error).__name__}: {error}")
        moved.add_note("".join(traceback.format_exception(error)))
        return moved
    return error


def _share_memory_limit(sharers: int) -> None:
    """What the case's process was still allowed to allocate is for all workers together, in equal parts."""
    try:
        import resource
        from pathlib import Path

        pages = int(Path("/proc/self/statm").read_text().split()[5])
    except (ImportError, OSError):
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if soft == resource.RLIM_INFINITY:
        return
    used = pages * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_DATA, (used + max(0, soft - used) // sharers, hard))
