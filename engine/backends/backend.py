"""What a backend answers: whether it is here, and how a case process uses it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

from engine.domain.hardware import BackendStatus


class Backend(Protocol):
    """All methods run in a child process, where heavy imports are allowed; they happen inside the methods."""

    @property
    def name(self) -> str: ...

    def detect(self) -> BackendStatus:
        """Whether cases can be measured with it on this machine, in this release; the reason if not."""
        ...

    def prepare(self, threads: int | None) -> int:
        """Fix the number of threads (None: the backend's choice) and return it; BackendUnavailable if not runnable.

        Does not touch the device: what opening one takes is a part of starting up. See `HasContext`.
        """
        ...

    @property
    def device(self) -> str:
        """The device as skillsets name it."""
        ...

    def synchronize(self) -> None:
        """Wait for queued work."""
        ...


class PeakMeter(Protocol):
    """Tells the peak of a device's memory: made before the model is built, asked after a pass."""

    @property
    def notes(self) -> Sequence[str]: ...

    def start_pass(self) -> None: ...

    def peak_bytes(self) -> int | None: ...


@runtime_checkable
class HasOwnClock(Protocol):
    """A backend whose device tells how long its work took."""

    def seconds_of(self, action: Callable[[], object]) -> float:
        """Run `action` and wait for its work: seconds by the device's clock."""
        ...


@runtime_checkable
class HasContext(Protocol):
    """A backend whose device each process has to open for itself before anything can be computed there."""

    def open_context(self) -> None:
        """Open it, and wait until that is done; BackendUnavailable with its words where it refuses."""
        ...


@runtime_checkable
class HasBoard(Protocol):
    """A backend whose device the driver's own library knows as well, with counters and the programs that use it."""

    def board(self) -> str | None:
        """The device's UUID as that library writes it; None where it is not told. Asked once the device is open."""
        ...


@runtime_checkable
class HasOwnMemory(Protocol):
    """A backend whose models lie in a device's own memory."""

    def memory_meter(self) -> PeakMeter:
        """A meter whose zero is what is taken now."""
        ...
