"""What the backends that torch reaches through its own device types have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.backends.cores import usable_physical_cores
from engine.errors import BackendUnavailable

_UUID_KINDS = ("GPU-", "MIG-")
"""How NVIDIA's library begins the UUID of a whole board, and of a part of one; torch leaves it out."""


def fix_threads(torch: Any, threads: int | None) -> int:
    """Threads inside one operation on the processor: as asked, else one per physical core this process may use."""
    torch.set_num_threads(threads or usable_physical_cores())
    return int(torch.get_num_threads())


def keep_fp32(torch: Any) -> None:
    """Let fp32 mean fp32: no kernel may round its inputs to TF32, which torch allows convolutions by default."""
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False


def trial(torch: Any, device: str) -> str | None:
    """What goes wrong with the smallest computation on `device`, in torch's words; None when it gives its result."""
    try:
        total = float(torch.ones(2, device=device).sum().item())
    except (RuntimeError, AssertionError) as error:  # torch's lazy initialisation asserts
        return _first_words(error)
    return None if total == 2.0 else f"1 + 1 came out as {total:g}"


def open_context(torch: Any, device: str) -> None:
    """Make `device` the one that is used, and open it for this process: driver, context, a first piece of memory.

    Nothing is computed. Raises BackendUnavailable with the words of torch.
    """
    try:
        torch.cuda.set_device(device)
        torch.empty(1, device=device)  # a context is made no earlier than something needs it
        torch.cuda.synchronize()
    except (RuntimeError, AssertionError) as error:
        words = _first_words(error)
        raise BackendUnavailable(f"{device} is visible, but cannot be opened: {words}.", field="backends") from error


def board_of(torch: Any, device: str) -> str | None:
    """UUID of an NVIDIA GPU as the driver's library writes it; None where this release of torch does not tell."""
    uuid = getattr(torch.cuda.get_device_properties(device), "uuid", None)
    if uuid is None:
        return None
    return text if (text := str(uuid)).startswith(_UUID_KINDS) else f"{_UUID_KINDS[0]}{text}"


def _first_words(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")


def seconds_by_events(accelerator: Any, action: Callable[[], object]) -> float:
    """Run `action`: its seconds by the device's own clock. `accelerator` answers as the module torch.cuda does.

    Both events stand in the stream around the action's kernels; the way to the first one and the host's waking after
    the last are not counted.
    """
    begin, end = (accelerator.Event(enable_timing=True) for _ in range(2))
    begin.record()
    action()
    end.record()
    accelerator.synchronize()
    return float(begin.elapsed_time(end)) / 1e3  # torch tells milliseconds


class AllocatorPeak:
    """Peak memory on a device by torch's own allocator, which knows every tensor and misses no short peak.

    Made before the model is built; asked after a pass. What driver and libraries take beside tensors (their context,
    kernels, workspaces of their own) is not in it.
    """

    def __init__(self, accelerator: Any) -> None:
        """`accelerator` answers as the module torch.cuda does."""
        self._accelerator = accelerator
        self._level = int(accelerator.memory_allocated())
        self.notes: list[str] = ["Peak memory is that of tensors on the device, by torch's allocator."]

    def start_pass(self) -> None:
        """Forget peaks of the past."""
        self._accelerator.reset_peak_memory_stats()

    def peak_bytes(self) -> int:
        """Highest allocated memory since `start_pass` above the level at making."""
        self._accelerator.synchronize()
        return max(0, int(self._accelerator.max_memory_allocated()) - self._level)


class UnknownPeak:
    """For a device whose peak nobody keeps: no figure, and the reason as a note."""

    def __init__(self, reason: str) -> None:
        self.notes: list[str] = [reason]

    def start_pass(self) -> None:
        """Nothing to forget."""

    def peak_bytes(self) -> None:
        """Not known."""
        return None
