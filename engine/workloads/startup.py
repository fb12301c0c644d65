"""From nothing to the first output: import, building the model, the first pass. One sample each per process."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

from engine.domain.case import Case, Workload
from engine.domain.measurement import Metric
from engine.domain.run import Protocol
from engine.formatting import counted
from engine.workloads.outputs import check_outputs
from engine.workloads.skillset_module import checksum_of, import_skillset
from engine.workloads.workload import Device, Observation, Session

_PAGE_CACHE = "Files may have been in the operating system's page cache."


class Startup:
    name = Workload.STARTUP

    def run(self, skillset_path: Path, case: Case, protocol: Protocol, device: Device) -> Observation:
        loaded: list[str] = [name for name in ("torch", "transformers") if name in sys.modules]
        before_import = perf_counter()
        module = import_skillset(skillset_path)
        import_seconds = perf_counter() - before_import
        threads = device.prepare()
        return first_answer(
            lambda: device.open(module, case),
            case,
            device,
            import_seconds=import_seconds,
            notes=[preload_note(loaded), f"{counted(threads, 'thread')}."],
            checksum=checksum_of(module),
        )


def first_answer(
    build: Callable[[], Session],
    case: Case,
    device: Device,
    *,
    import_seconds: float,
    notes: Sequence[str],
    checksum: str | None,
) -> Observation:
    """Time what follows the import: `build` and the first pass, with the peak of memory over both.

    Building begins with opening the device, which every process has to do for itself, and a note tells how much of it
    that was. The observation has `notes` first. Raises WrongOutput, and what building and the pass raise.
    """
    meter = device.memory_meter()
    context_seconds = _seconds_of_opening(device)
    meter.start_pass()

    before_build = perf_counter()
    session = build()
    device.synchronize()
    after_build = perf_counter()

    inputs = session.inputs
    before_first = perf_counter()
    outputs = session.infer()
    device.synchronize()
    after_first = perf_counter()

    peak = meter.peak_bytes()
    check_outputs(outputs, case.batch_size)
    found = {
        Metric.MODULE_IMPORT_TIME: [import_seconds],
        Metric.CLASS_INSTANTIATION_TIME: [(context_seconds or 0.0) + after_build - before_build],
        Metric.MODEL_INITIALIZATION_TIME: [after_first - before_first],
    }
    if peak is not None:
        found[Metric.PEAK_MEMORY] = [float(peak)]
    return Observation(
        samples=found,
        actual_device=session.actual_device,
        notes=[*notes, *_context_note(device, context_seconds), *session.notes, *meter.notes],
        skillset=session.skillset,
        inputs=inputs,
        checksum=checksum,
        board=device.board(),
    )


def _seconds_of_opening(device: Device) -> float | None:
    """None where there is nothing to open."""
    if device.open_context is None:
        return None
    before = perf_counter()
    device.open_context()
    return perf_counter() - before


def _context_note(device: Device, seconds: float | None) -> list[str]:
    if seconds is None:
        return []
    return [
        f"Class instantiation begins with opening the context of {device.name} in this process: {seconds:.2g} s of it."
    ]


def preload_note(loaded: list[str]) -> str:
    """What was in memory before the import was timed."""
    if not loaded:
        return f"Cold: a fresh interpreter, neither torch nor transformers loaded before. {_PAGE_CACHE}"
    return (
        f"{' and '.join(loaded)} and what models share were loaded before; "
        "the module import is the generated module and the model's own code."
    )
