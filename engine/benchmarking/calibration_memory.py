"""The meters of memory against allocations of known size; called inside a case process."""

from __future__ import annotations

from typing import Any

from engine.workloads.memory import MemoryMeter

_WARM_BYTES = 4 * 2**20


def measure_memory(arguments: dict[str, Any]) -> dict[str, Any]:
    """What the meter of peak memory reads of tensors of `sizes` (bytes): held during a pass, and gone before its end.

    Both are null where the kernel does not tell a process's peak; `notes` are the meter's own.
    """
    import torch

    _tensor(torch, _WARM_BYTES, "cpu")  # what the first allocation of a process brings with it
    held, gone = [], []
    notes: list[str] = []
    for size in arguments["sizes"]:
        meter = MemoryMeter()
        tensor = _tensor(torch, size, "cpu")
        meter.start_pass()
        tensor[0] = 2
        held.append({"size": size, "read": meter.peak_bytes()})
        del tensor
        notes += meter.notes
    for size in arguments["sizes"]:
        meter = MemoryMeter()
        meter.start_pass()
        _tensor(torch, size, "cpu")
        gone.append({"size": size, "read": meter.peak_bytes()})
        notes += meter.notes
    return {"held": held, "gone": gone, "notes": list(dict.fromkeys(notes))}


def measure_device_memory(arguments: dict[str, Any]) -> dict[str, Any]:
    """What torch's allocator on the GPU says of tensors of `sizes` that are gone before the end; or why there is none.

    The allocator rounds to 512 bytes; nothing else is in its peak.
    """
    import torch

    if not torch.cuda.is_available():
        return {"gone": None, "reason": "No GPU that torch can use was found."}
    device = torch.device("cuda", 0)
    _tensor(torch, _WARM_BYTES, device)
    gone = []
    for size in arguments["sizes"]:
        torch.cuda.synchronize(device)
        torch.cuda.reset_peak_memory_stats(device)
        level = torch.cuda.memory_allocated(device)
        _tensor(torch, size, device)
        torch.cuda.synchronize(device)
        gone.append({"size": size, "read": torch.cuda.max_memory_allocated(device) - level})
    return {"gone": gone, "reason": None, "device": torch.cuda.get_device_name(device)}


def _tensor(torch: Any, size: int, device: Any) -> Any:
    """`size` bytes, every page written."""
    return torch.full((size,), 1, dtype=torch.uint8, device=device)
