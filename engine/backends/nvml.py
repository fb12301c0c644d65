"""NVIDIA's management library, spoken to directly: it comes with the driver, so nothing is to be installed."""

from __future__ import annotations

import ctypes
import os
from functools import cache
from typing import Any

_MOST_PROCESSES = 256
_TEMPERATURE_GPU = 0


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


class Nvml:
    """An initialised library. Asking it does not touch CUDA, so a process that forks may."""

    def __init__(self, library: Any) -> None:
        self._library = library
        self._ask("nvmlInit_v2")

    def count(self) -> int:
        number = ctypes.c_uint()
        self._ask("nvmlDeviceGetCount_v2", ctypes.byref(number))
        return number.value

    def millijoules(self, index: int) -> int:
        """Energy of board `index` since the driver was loaded; boards before the Volta generation do not count it."""
        energy = ctypes.c_ulonglong()
        self._ask("nvmlDeviceGetTotalEnergyConsumption", self._board(index), ctypes.byref(energy))
        return energy.value

    def temperature_celsius(self, index: int) -> int:
        degrees = ctypes.c_uint()
        self._ask("nvmlDeviceGetTemperature", self._board(index), _TEMPERATURE_GPU, ctypes.byref(degrees))
        return degrees.value

    def computing(self, index: int) -> list[int]:
        """Ids of the processes that compute on board `index`, this one included."""
        number = ctypes.c_uint(_MOST_PROCESSES)
        found = (_Process * _MOST_PROCESSES)()
        name = "nvmlDeviceGetComputeRunningProcesses_v3"
        self._ask(name, self._board(index), ctypes.byref(number), found)
        return [process.pid for process in found[: number.value]]

    def _board(self, index: int) -> ctypes.c_void_p:
        handle = ctypes.c_void_p()
        self._ask("nvmlDeviceGetHandleByIndex_v2", index, ctypes.byref(handle))
        return handle

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


def other_gpu_processes(*, computes: bool, own: int | None = None) -> int | None:
    """Processes beside this one that compute on any NVIDIA GPU; None where nobody can tell.

    `computes` says that this one does: inside a container the driver may list it by an id that it does not know.
    """
    try:
        library = load_nvml()
        found = {pid for index in range(library.count()) for pid in library.computing(index)}
    except NvmlRefusal:
        return None
    return len(found) - 1 if found and (computes or (own or os.getpid()) in found) else len(found)
