"""Energy by the machine's own counters, and only by them: RAPL of processor packages, NVML of NVIDIA GPUs.

A counter runs for the whole package or board, whoever uses it, and idle power is part of it. AMD processors count
through the same kernel interface, whose zones are called intel-rapl there as well.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.backends.nvml import Nvml, NvmlRefusal, load_nvml

_POWERCAP = Path("/sys/class/powercap")
_MICRO = 1e-6
_RAPL_SHORTEST_SECONDS = 0.1
"""The package's counter is renewed every millisecond: over this time that is an error of 1 %."""
_NVML_SHORTEST_SECONDS = 2.0
"""The board's counter is renewed every 20 to 100 ms: over this time that is an error of 1 to 5 %."""
_UNKNOWN_BOARD = "torch does not tell which board it uses"


@dataclass(frozen=True, slots=True, kw_only=True)
class RaplZone:
    """One processor package."""

    folder: Path
    name: str

    def microjoules(self) -> int:
        """Raises OSError where it cannot be read."""
        return int((self.folder / "energy_uj").read_text())

    def range_microjoules(self) -> int:
        """Where the counter starts again from zero."""
        return int((self.folder / "max_energy_range_uj").read_text())


def package_zones(powercap: Path = _POWERCAP) -> list[RaplZone]:
    """The processor packages with a counter; parts of a package (core, dram) are in none of them."""
    zones = [
        RaplZone(folder=folder, name=_text(folder / "name"))
        for folder in sorted(powercap.glob("intel-rapl:*"))
        if folder.name.count(":") == 1
    ]
    return [zone for zone in zones if zone.name.startswith("package")]


def consumed(before: int, after: int, wraps_at: int) -> int:
    """Microjoules between two readings of a counter that may have started again from zero once in between."""
    return after - before if after >= before else after + wraps_at - before


class RaplMeter:
    """All packages of this machine together."""

    def __init__(self, zones: list[RaplZone], clock: Callable[[], float] = time.monotonic) -> None:
        """Raises OSError where a counter cannot be read."""
        self._zones = zones
        self._ranges = [zone.range_microjoules() for zone in zones]
        self._clock = clock
        self.notes: list[str] = []
        self.start()

    def start(self) -> None:
        self._began = self._clock()
        self._before = [zone.microjoules() for zone in self._zones]

    def joules(self) -> float | None:
        """Since `start`; None when that was too short for the counter."""
        after = [zone.microjoules() for zone in self._zones]
        seconds = self._clock() - self._began
        if seconds < _RAPL_SHORTEST_SECONDS:
            self.notes.append(_too_short(seconds, _RAPL_SHORTEST_SECONDS))
            return None
        packages = f"{len(self._zones)} processor package{'s' if len(self._zones) > 1 else ''}"
        self.notes.append(f"Energy is that of {packages} by RAPL, idle power and other programs included.")
        readings = zip(self._before, after, self._ranges, strict=True)
        return sum(consumed(before, now, wraps_at) for before, now, wraps_at in readings) * _MICRO


class NvmlMeter:
    """One GPU board by NVML."""

    def __init__(self, library: Nvml, board: str, clock: Callable[[], float] = time.monotonic) -> None:
        """`board` is its UUID. Raises NvmlRefusal where the board has no such counter."""
        self._library = library
        self._board = board
        self._clock = clock
        self.notes: list[str] = []
        self.start()

    def start(self) -> None:
        self._began = self._clock()
        self._before = self._library.millijoules(self._board)

    def joules(self) -> float | None:
        """Since `start`; None when that was too short for the counter."""
        after = self._library.millijoules(self._board)
        seconds = self._clock() - self._began
        if seconds < _NVML_SHORTEST_SECONDS:
            self.notes.append(_too_short(seconds, _NVML_SHORTEST_SECONDS))
            return None
        self.notes.append("Energy is that of the GPU board by NVML, idle power and other programs included.")
        return (after - self._before) / 1e3


class NoMeter:
    """For a device without a counter: no figure, and the reason as a note."""

    def __init__(self, reason: str) -> None:
        """`reason` is a clause."""
        self.notes: list[str] = [f"No energy: {reason}."]

    def start(self) -> None:
        """There is nothing to read."""

    def joules(self) -> None:
        """Not known."""
        return None


def energy_meter_of(backend: str, board: str | None = None) -> RaplMeter | NvmlMeter | NoMeter | None:
    """The meter of what `backend` computes on; None where there is none: `processor_energy` says why of a processor.

    `board` is the UUID of the NVIDIA GPU that is measured. No other board's counter ever stands in for it.
    """
    if backend == "cuda":
        return _meter_of_board(board)
    if backend in ("rocm", "mps", "qnn"):
        return None
    zones = package_zones()
    try:
        return RaplMeter(zones) if zones else None
    except (OSError, ValueError):
        return None


def _meter_of_board(board: str | None) -> NvmlMeter | NoMeter:
    if board is None:
        return NoMeter(_UNKNOWN_BOARD)
    try:
        return NvmlMeter(load_nvml(), board)
    except NvmlRefusal as refusal:
        return NoMeter(str(refusal))


def processor_energy(powercap: Path = _POWERCAP) -> str:
    """Whether the processor's energy can be measured here and, where not, why."""
    zones = package_zones(powercap)
    if not zones:
        return "not available: the kernel shows no RAPL counter of a processor package (virtual machines have none)"
    try:
        for zone in zones:
            zone.microjoules()
            zone.range_microjoules()
    except PermissionError:
        return (
            f"not available: {zones[0].folder}/energy_uj may be read by root alone; "
            "an administrator can let a group read it"
        )
    except (OSError, ValueError) as error:
        return f"not available: {zones[0].folder} cannot be read ({error})"
    return f"RAPL, {', '.join(zone.name for zone in zones)}"


def gpu_energy(board: str | None, library: Callable[[], Nvml] = load_nvml) -> str:
    """Whether this NVIDIA GPU, by its UUID, tells its energy and, where not, why."""
    if board is None:
        return f"not available: {_UNKNOWN_BOARD}"
    try:
        library().millijoules(board)
    except NvmlRefusal as refusal:
        return f"not available: {refusal}"
    return "NVML, total energy of the board"


def _too_short(seconds: float, least: float) -> str:
    return f"No energy: {seconds:.2g} s of iterations are too short for the counter, which needs {least:g} s."


def _text(file: Path) -> str:
    try:
        return file.read_text().strip()
    except OSError:
        return ""
