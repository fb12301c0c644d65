"""Several worker processes, told what to do all at once or one alone."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import ModuleType
from typing import Any

from engine.domain.case import Case
from engine.domain.run import Protocol
from engine.errors import BackendUnavailable
from engine.workloads.worker import Worker, WorkerFailed, work
from engine.workloads.workload import Device

_LEAVE_SECONDS = 2.0


class Crew:
    """Made by `hired`."""

    def __init__(self, members: Sequence[tuple[BaseProcess, Connection]]) -> None:
        self._members = members

    def all(self, command: str, *arguments: Any) -> list[Any]:
        """What every worker answers, in order; raises the first error that one of them met."""
        for _, channel in self._members:
            channel.send((command, arguments))
        answers: dict[Any, Any] = {}
        while len(answers) < len(self._members):
            # Whoever is first: one that has died would never come to where the others wait for it.
            ready: list[Any] = wait([channel for _, channel in self._members if channel not in answers])
            answers |= {channel: _answer(process, channel) for process, channel in self._members if channel in ready}
        return [answers[channel] for _, channel in self._members]

    def one(self, number: int, command: str, *arguments: Any) -> Any:
        """What this worker answers while the others wait for their next command."""
        member = self._members[number]
        member[1].send((command, arguments))
        return _answer(*member)


@contextmanager
def hired(count: int, module: ModuleType, case: Case, protocol: Protocol, device: Device) -> Iterator[Crew]:
    """`count` workers, forked from this process, which must not have run anything of torch yet; gone afterwards."""
    if "fork" not in multiprocessing.get_all_start_methods():
        raise BackendUnavailable("Workers are forked, which this system cannot do; measure one at a time instead.")
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(count)

    def make() -> Worker:
        return Worker(module, case, protocol, device, lambda: barrier.wait(protocol.timeout_seconds))

    members: list[tuple[BaseProcess, Connection]] = []
    try:
        for _ in range(count):
            ours, theirs = context.Pipe()
            inherited = [channel for _, channel in members] + [ours]
            process: BaseProcess = context.Process(target=_begin, args=(theirs, inherited, make, count), daemon=True)
            process.start()
            theirs.close()
            members.append((process, ours))
        yield Crew(members)
        for _, channel in members:
            channel.close()
        for process, _ in members:
            process.join(_LEAVE_SECONDS)
    finally:
        for process, channel in members:
            channel.close()
            if process.is_alive():
                process.kill()
            process.join()


def _begin(channel: Connection, inherited: Sequence[Connection], make: Any, count: int) -> None:
    """In the worker: pipes of others are closed, so that each closes when the case's process lets go of it."""
    for other in inherited:
        other.close()
    work(channel, make, count)


def _answer(process: BaseProcess, channel: Connection) -> Any:
    try:
        succeeded, value = channel.recv()
    except (EOFError, ConnectionResetError) as error:
        process.join(_LEAVE_SECONDS)
        raise WorkerFailed(f"A worker {_end_of(process.exitcode)} before it had an answer.") from error
    if not succeeded:
        raise value
    return value


def _end_of(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        return f"died of {signal.Signals(-exit_code).name}"
    return f"ended with exit status {exit_code}"
