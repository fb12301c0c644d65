"""A launcher without processes: answers at once, or as a test tells it to."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from engine.benchmarking.codec import case_from_json
from engine.benchmarking.launchers import ProcessOutcome
from engine.domain.case import Case, Workload
from engine.domain.measurement import Metric
from engine.domain.result import Failure, FailureKind
from engine.skillsets.shared_file import identity_of
from tests.builders import a_backend_status, a_machine_state, some_facts

CANCELLED = Failure(kind=FailureKind.CANCELLED, reason="Cancelled while it ran.")


@dataclass
class FakeLauncher:
    """Says what was asked of it in `calls`: the function's name and its arguments."""

    latency: Callable[[Case], float] = lambda case: 0.01 * case.batch_size
    failures: Callable[[Case], Failure | None] = lambda case: None
    """How measuring a case fails; None measures it."""
    broken_skillsets: tuple[str, ...] = ()
    parameters: Callable[[Case], int] = lambda case: 1_000_000
    backends: tuple[str, ...] = ("cpu",)
    """Those that are here; cuda is not."""
    failing_exports: Failure | None = None
    slow: tuple[str, ...] = ()
    """Functions that last until cancelled, by name: verify, count_facts, measure_case, detect_backends."""
    seconds: float = 0.0
    """How long a measurement takes."""
    calls: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    begun: threading.Event = field(default_factory=threading.Event)
    """Set when a slow function has begun."""
    most_at_once: int = 0
    is_closed: bool = False

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way = 0

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
        with self._lock:
            self.calls.append((name, arguments))
            self._under_way += 1
            self.most_at_once = max(self.most_at_once, self._under_way)
        started = time.monotonic()
        try:
            if name in self.slow:
                self.begun.set()
                stopped = (cancel or threading.Event()).wait(timeout_seconds)
                failure = CANCELLED if stopped else Failure(kind=FailureKind.TIMEOUT, reason="Not finished; killed.")
                return outcome(started, failure=failure)
            if name == "measure_case" and self.seconds and (cancel or threading.Event()).wait(self.seconds):
                return outcome(started, failure=CANCELLED)
            if on_log is not None:
                on_log(f"{name} says something")
            return getattr(self, f"_{name}")(arguments, started)
        finally:
            with self._lock:
                self._under_way -= 1

    def close(self) -> None:
        self.is_closed = True

    def measured(self) -> list[Case]:
        """The cases that processes were started for, in order."""
        return [case_from_json(arguments["case"]) for name, arguments in self.calls if name == "measure_case"]

    def count(self, function: str) -> int:
        return sum(name == function for name, _ in self.calls)

    def _detect_backends(self, arguments: Mapping[str, Any], started: float) -> ProcessOutcome:
        statuses = [*map(a_backend_status, self.backends), a_backend_status("cuda", available=False)]
        return outcome(started, value={"backends": [asdict(status) for status in statuses]})

    def _count_facts(self, arguments: Mapping[str, Any], started: float) -> ProcessOutcome:
        number = self.parameters(case_from_json(arguments["case"]))
        facts = some_facts(parameters=number, parameter_bytes=4 * number)
        return outcome(started, value={"facts": asdict(facts), "note": None})

    def _verify(self, arguments: Mapping[str, Any], started: float) -> ProcessOutcome:
        if any(f"hf_{name}.py" in arguments["path"] for name in self.broken_skillsets):
            return outcome(started, value={"ok": False, "reason": "Output logits holds values that are not finite."})
        return outcome(started, value={"ok": True, "reason": None})

    def _export_case(self, arguments: Mapping[str, Any], started: float) -> ProcessOutcome:
        assert self.failing_exports is not None, "this launcher makes no graphs"
        return outcome(started, failure=self.failing_exports)

    def _measure_case(self, arguments: Mapping[str, Any], started: float) -> ProcessOutcome:
        case = case_from_json(arguments["case"])
        failure = self.failures(case)
        if failure is not None:
            return outcome(started, failure=failure)
        latency = self.latency(case)
        measurements = {
            Metric.LATENCY.label: [latency] * 6,
            Metric.THROUGHPUT.label: [case.batch_size / latency],
            Metric.PEAK_MEMORY.label: [5e8],
        }
        if case.workload is Workload.STARTUP:
            startup = (Metric.MODULE_IMPORT_TIME, Metric.CLASS_INSTANTIATION_TIME, Metric.MODEL_INITIALIZATION_TIME)
            measurements = {metric.label: [0.2] for metric in startup}
        value = {
            "actual_device": "cpu",
            "measurements": measurements,
            "facts": asdict(some_facts()) if arguments["with_facts"] else None,
            "machine": asdict(a_machine_state()),
            "notes": [],
            "checksum": identity_of(Path(arguments["skillset_path"])),
            "waited_seconds": 0.0,
        }
        return outcome(started, value=value)


def outcome(started: float, *, value: dict[str, Any] | None = None, failure: Failure | None = None) -> ProcessOutcome:
    return ProcessOutcome(
        value=value, failure=failure, log=failure.log if failure else "", seconds=time.monotonic() - started
    )
