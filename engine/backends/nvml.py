"""NVIDIA's management library, spoken to directly: it comes with the driver, so nothing is to be installed."""

from __future__ import annotations

import ctypes
from contextlib import suppress
from functools import cache
from typing import Any

_MOST_PROCESSES = 256
_LONGEST_NAME = 96


class NvmlRefusal(Exception):
    """There is no library, or it does not answer this question; the message says why, in a clause."""


class _Process(ctypes.Structure):
    """nvmlProcessInfo_t of the calls that end in _v3."""

    _fields_ = (
        ("pid", ctypes.c_uint),
        ("used_memory", ctypes.c_ulonglong),
        ("gpu_instance", ctypes.c_uint),
        ("compute_instance", ctypes.c_uint),
    )


class _Memory(ctypes.Structure):
    """nvmlMemory_t, in bytes."""

    _fields_ = (("total", ctypes.c_ulonglong), ("free", ctypes.c_ulonglong), ("used", ctypes.c_ulonglong))


class Nvml:
    """An initialised library. Asking it does not touch CUDA, so a process that forks may.

    A board is named by its UUID ("GPU-..."): its numbers here are not those of CUDA, which knows the visible boards
    alone and counts them in an order of its own.
    """

    def __init__(self, library: Any) -> None:
        self._library = library
        self._ask("nvmlInit_v2")

    def boards(self) -> list[str]:
        """UUIDs of all boards, those too that CUDA is not shown."""
        number = ctypes.c_uint()
        self._ask("nvmlDeviceGetCount_v2", ctypes.byref(number))
        return [self._name_of(index) for index in range(number.value)]

    def millijoules(self, board: str) -> int:
        """Energy of the board since the driver was loaded; those before the Volta generation do not count it.

        Refused where MIG splits the board, whose parts have no counters of their own.
        """
        energy = ctypes.c_ulonglong()
        self._ask("nvmlDeviceGetTotalEnergyConsumption", self._whole(board), ctypes.byref(energy))
        return energy.value

    def free_bytes(self, board: str) -> int:
        """Memory that nobody has taken; refused where MIG splits the board."""
        memory = _Memory()
        self._ask("nvmlDeviceGetMemoryInfo", self._whole(board), ctypes.byref(memory))
        return int(memory.free)

    def computing(self, board: str) -> list[int]:
        """Ids of the processes that compute on the board, this one included."""
        number = ctypes.c_uint(_MOST_PROCESSES)
        found = (_Process * _MOST_PROCESSES)()
        name = "nvmlDeviceGetComputeRunningProcesses_v3"
        self._ask(name, self._handle(board), ctypes.byref(number), found)
        return [process.pid for process in found[: number.value]]

    def _handle(self, board: str) -> ctypes.c_void_p:
        handle = ctypes.c_void_p()
        self._ask("nvmlDeviceGetHandleByUUID", board.encode(), ctypes.byref(handle))
        return handle

    def _whole(self, board: str) -> ctypes.c_void_p:
        """The handle of a board that is not split."""
        handle, is_split, will_be = self._handle(board), ctypes.c_uint(), ctypes.c_uint()
        with suppress(NvmlRefusal):  # boards and drivers that cannot split one do not know the question
            self._ask("nvmlDeviceGetMigMode", handle, ctypes.byref(is_split), ctypes.byref(will_be))
        if is_split.value:
            raise NvmlRefusal("MIG splits the board, and NVML tells this of all its parts together")
        return handle

    def _name_of(self, index: int) -> str:
        handle, name = ctypes.c_void_p(), ctypes.create_string_buffer(_LONGEST_NAME)
        self._ask("nvmlDeviceGetHandleByIndex_v2", index, ctypes.byref(handle))
        self._ask("nvmlDeviceGetUUID", handle, name, _LONGEST_NAME)
        return name.value.decode()

    def _ask(self, name: str, *arguments: Any) -> None:
        try:
            function = getattr(self._library, name)
        except AttributeError as error:
            raise NvmlRefusal(f"this driver's NVML does not know {name}") from error
        status = function(*arguments)
        if status != 0:
            raise NvmlRefusal(f"NVML answers {name} with {self._words(status)}")

    def _words(self, status: int) -> str:
        self._library.nvmlErrorString.restype = ctypes.c_char_p
        text = self._library.nvmlErrorString(status)
        return text.decode() if isinstance(text, bytes) else f"error {status}"


@cache
def load_nvml() -> Nvml:
    """Raises NvmlRefusal on a machine without NVIDIA's driver."""
    try:
        library = ctypes.CDLL("libnvidia-ml.so.1")
    except OSError as error:
        raise NvmlRefusal("NVIDIA's management library (libnvidia-ml.so.1) is not here") from error
    return Nvml(library)
