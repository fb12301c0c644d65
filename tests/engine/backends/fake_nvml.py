"""As much of NVIDIA's management library as ours asks, for boards that are not here; no product path knows it."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, field
from typing import Any

_NOT_SUPPORTED, _NOT_FOUND = 3, 6


@dataclass
class FakeBoard:
    uuid: str = "GPU-a"
    millijoules: int = 1000
    free_bytes: int = 0
    pids: list[int] = field(default_factory=list)
    old: bool = False
    """Counts no energy."""
    split: bool | None = False
    """By MIG; None for a board that cannot be split, and does not know the question."""


class FakeLibrary:
    """Answers as libnvidia-ml does. Handles are positions from 1, in the library's own order."""

    def __init__(self, *boards: FakeBoard) -> None:
        self.boards = boards or (FakeBoard(),)
        self.nvmlErrorString = lambda status: {3: b"Not Supported", 6: b"Not Found"}[status]

    def nvmlInit_v2(self) -> int:  # noqa: N802 - the library's name, as below
        return 0

    def nvmlDeviceGetCount_v2(self, number: Any) -> int:  # noqa: N802
        _set(number, ctypes.c_uint, len(self.boards))
        return 0

    def nvmlDeviceGetHandleByIndex_v2(self, index: int, handle: Any) -> int:  # noqa: N802
        _set(handle, ctypes.c_void_p, index + 1)
        return 0

    def nvmlDeviceGetHandleByUUID(self, uuid: bytes, handle: Any) -> int:  # noqa: N802
        for position, board in enumerate(self.boards, start=1):
            if board.uuid == uuid.decode():
                _set(handle, ctypes.c_void_p, position)
                return 0
        return _NOT_FOUND

    def nvmlDeviceGetUUID(self, handle: Any, name: Any, length: int) -> int:  # noqa: N802
        assert len(self._at(handle).uuid) < length
        name.value = self._at(handle).uuid.encode()
        return 0

    def nvmlDeviceGetMigMode(self, handle: Any, now: Any, then: Any) -> int:  # noqa: N802
        split = self._at(handle).split
        if split is None:
            return _NOT_SUPPORTED
        _set(now, ctypes.c_uint, int(split))
        return 0

    def nvmlDeviceGetTotalEnergyConsumption(self, handle: Any, energy: Any) -> int:  # noqa: N802
        board = self._at(handle)
        _set(energy, ctypes.c_ulonglong, board.millijoules)
        return _NOT_SUPPORTED if board.old else 0

    def nvmlDeviceGetMemoryInfo(self, handle: Any, memory: Any) -> int:  # noqa: N802
        memory._obj.free = self._at(handle).free_bytes
        return 0

    def nvmlDeviceGetComputeRunningProcesses_v3(self, handle: Any, number: Any, found: Any) -> int:  # noqa: N802
        pids = self._at(handle).pids
        _set(number, ctypes.c_uint, len(pids))
        for place, pid in enumerate(pids):
            found[place].pid = pid
        return 0

    def _at(self, handle: Any) -> FakeBoard:
        return self.boards[handle.value - 1]


def _set(pointer: Any, kind: Any, value: int) -> None:
    ctypes.cast(pointer, ctypes.POINTER(kind))[0] = value
