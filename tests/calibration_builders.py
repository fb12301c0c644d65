"""Builders of calibrations, and a launcher whose processes read what a test tells them to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from engine.benchmarking.launchers import ProcessOutcome
from engine.domain.calibration import Calibration, Finding, MachineNoise, MeterCheck
from engine.domain.result import Failure, FailureKind
from tests.builders import A_TIME, AN_ENVIRONMENT_ID

MIB = 2**20

SOME_FINDINGS = (
    Finding(check=MeterCheck.TIMER_OVERHEAD, value=0.0001, goal=0.005, detail="An empty iteration reads 100 ns."),
    Finding(check=MeterCheck.RESIDENT_MEMORY, value=0.5 * MIB, goal=4.0 * MIB, detail="16.0 MiB read as 16.5 MiB."),
    Finding(
        check=MeterCheck.DEVICE_PEAK, value=None, problem="No GPU that torch can use was found.", is_available=False
    ),
    Finding(check=MeterCheck.PRODUCT_SPEED, value=4.2e10, detail="GFLOP/s by size: 42 at 256."),
    Finding(check=MeterCheck.FALSE_ALARMS, value=0.005, goal=0.02, low=0.001, high=0.018, detail="2 of 400."),
    Finding(check=MeterCheck.POWER, value=0.99, goal=0.95, low=0.964, high=0.999, detail="Found in 198 of 200."),
)
AN_OPEN_FINDING = Finding(
    check=MeterCheck.FALSE_ALARMS, value=0.0, goal=0.02, low=0.0, high=0.071, detail="0 of 50 after correction."
)
A_MISSED_FINDING = Finding(
    check=MeterCheck.FALSE_ALARMS, value=0.08, goal=0.02, low=0.03, high=0.15, detail="8 of 100 after correction."
)


def a_noise(process_spread: float = 0.01, pair_spread: float = 0.012) -> MachineNoise:
    return MachineNoise(process_spread=process_spread, pair_spread=pair_spread, processes=1000, pairs=500)


def a_calibration(**changes: Any) -> Calibration:
    """Every goal holds; `days` after A_TIME."""
    days = changes.pop("days", 0)
    values: dict[str, Any] = {
        "calibration_id": f"calibration-{days}",
        "environment_id": AN_ENVIRONMENT_ID,
        "calibrated_at": A_TIME + timedelta(days=days),
        "seconds": 184.0,
        "is_quick": False,
        "findings": SOME_FINDINGS,
        "noise": a_noise(),
        "cpu_busy_others": 0.01,
        "cpu_steal": 0.0,
    }
    return Calibration(**(values | changes))


def good_readings(function: str, arguments: Mapping[str, Any], number: int) -> dict[str, Any]:
    """What the processes of a perfect machine read; product times differ by a thousandth and follow the work."""
    match function.partition(":")[2]:
        case "measure_timer":
            sleeps = [
                {"asked_seconds": asked, "read_seconds": [asked + 1e-4] * 5, "raw_seconds": [asked + 1e-4] * 5}
                for asked in arguments["sleeps"]
            ]
            return {"empty_seconds": [1e-7] * 9, "between_seconds": 1e-6, "sleeps": sleeps}
        case "measure_products":
            return {
                "by_size": [{"size": size, "seconds": size**3 * 1e-11} for size in arguments["sizes"]],
                "by_count": [{"count": count, "seconds": count * 1e-3} for count in arguments["counts"]],
            }
        case "measure_memory":
            read = [{"size": size, "read": size + MIB} for size in arguments["sizes"]]
            return {"held": read, "gone": read, "notes": []}
        case "measure_device_memory":
            return {"gone": None, "reason": "No GPU that torch can use was found."}
    wobble = 1 + 0.001 * (number * 7919 % 11 - 5) / 5
    return {"seconds": arguments["repetitions"] * 5e-5 * wobble}


@dataclass
class CalibratingLauncher:
    """Answers at once with `readings`; those of `failing` functions fail, those of `hanging` ones wait for the end."""

    readings: Callable[[str, Mapping[str, Any], int], dict[str, Any]] = good_readings
    failing: tuple[str, ...] = ()
    hanging: tuple[str, ...] = ()
    calls: list[str] = field(default_factory=list)
    begun: threading.Event = field(default_factory=threading.Event)

    def run(
        self,
        function: str,
        arguments: Mapping[str, Any],
        *,
        timeout_seconds: float,
        memory_limit_bytes: int | None = None,
        cancel: threading.Event | None = None,
        on_log: Callable[[str], None] | None = None,
    ) -> ProcessOutcome:
        name = function.partition(":")[2]
        self.calls.append(name)
        failure = None
        if name in self.failing:
            failure = Failure(kind=FailureKind.CRASHED, reason="It died of signal 11.")
        if name in self.hanging:
            self.begun.set()
            assert cancel is not None and cancel.wait(timeout_seconds)
        if cancel is not None and cancel.is_set():
            failure = Failure(kind=FailureKind.CANCELLED, reason="Cancelled while it ran.")
        value = None if failure else self.readings(function, arguments, len(self.calls))
        return ProcessOutcome(value=value, failure=failure, seconds=0.0)

    def close(self) -> None:
        """Nothing runs."""
