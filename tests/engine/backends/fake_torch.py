"""As much of the module torch as detection asks of it, for machines that are not here; no product path knows it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any


class FakeTorch:
    """`cuda` and `hip` are the versions it was built for; each GPU a dict of its properties."""

    __version__ = "2.13.0"

    def __init__(self, *gpus: dict[str, Any], cuda: str | None = None, hip: str | None = None, fault: str = "") -> None:
        self.version = SimpleNamespace(cuda=cuda, hip=hip)
        self._fault = fault
        self._gpus = gpus
        self.touched: list[str] = []
        """What opened the device, in order; counting devices does not."""
        self.cuda = SimpleNamespace(
            device_count=lambda: len(gpus),
            get_device_properties=self._properties,
            set_device=lambda device: self.touched.append(f"set {device}"),
            synchronize=lambda: self.touched.append("synchronize"),
        )

    def ones(self, size: int, device: str) -> Any:
        self._touch(f"ones on {device}")
        return SimpleNamespace(sum=lambda: SimpleNamespace(item=lambda: float(size)))

    def empty(self, size: int, device: str) -> Any:
        self._touch(f"empty on {device}")

    def _touch(self, how: str) -> None:
        self.touched.append(how)
        if self._fault:
            raise RuntimeError(f"{self._fault}\nCUDA kernel errors might be reported later")

    def _properties(self, device: int | str) -> Any:
        self.touched.append("properties")
        return SimpleNamespace(**self._gpus[device if isinstance(device, int) else int(device.partition(":")[2])])


class FakeAccelerator:
    """A stream with a clock of its own: each action lasts as long as it says, each wait a while longer."""

    def __init__(self, level: int = 0) -> None:
        self.allocated = level
        self.peak = level
        self.milliseconds = 0.0
        self.waits = 0

    def Event(self, *, enable_timing: bool) -> FakeEvent:  # noqa: N802 - torch's name
        assert enable_timing
        return FakeEvent(self)

    def synchronize(self) -> None:
        self.waits += 1
        self.milliseconds += 1000.0

    def memory_allocated(self) -> int:
        return self.allocated

    def max_memory_allocated(self) -> int:
        return self.peak

    def reset_peak_memory_stats(self) -> None:
        self.peak = self.allocated

    def hold(self, size: int) -> None:
        self.allocated += size
        self.peak = max(self.peak, self.allocated)


class FakeEvent:
    def __init__(self, accelerator: FakeAccelerator) -> None:
        self._accelerator = accelerator
        self.at: float | None = None

    def record(self) -> None:
        self.at = self._accelerator.milliseconds

    def elapsed_time(self, end: FakeEvent) -> float:
        assert self.at is not None and end.at is not None
        assert self._accelerator.waits, "torch refuses to tell before the events have happened"
        return end.at - self.at
