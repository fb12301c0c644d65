"""From nothing to the first output of a graph that was exported beforehand: one sample each per process."""

from __future__ import annotations

import sys
from pathlib import Path
from time import perf_counter

from engine.domain.case import Case, Workload
from engine.domain.measurement import Metric
from engine.domain.run import Protocol
from engine.graphs.session import GraphSource
from engine.workloads.memory import MemoryMeter
from engine.workloads.outputs import check_outputs
from engine.workloads.workload import Device, Observation


class GraphStartup:
    """Other steps than torch's under the same names: the note says which."""

    name = Workload.STARTUP

    def __init__(self, source: GraphSource) -> None:
        self._source = source

    def run(self, skillset_path: Path, case: Case, protocol: Protocol, device: Device) -> Observation:
        was_loaded = case.backend in sys.modules
        before_import = perf_counter()
        threads = self._source.prepare()
        after_import = perf_counter()
        meter = MemoryMeter()
        meter.start_pass()

        before_open = perf_counter()
        session = self._source.open(None, case)
        after_open = perf_counter()

        outputs = session.infer()
        device.synchronize()
        after_first = perf_counter()

        peak = meter.peak_bytes()
        check_outputs(outputs, case.batch_size)
        found = {
            Metric.MODULE_IMPORT_TIME: [after_import - before_import],
            Metric.CLASS_INSTANTIATION_TIME: [after_open - before_open],
            Metric.MODEL_INITIALIZATION_TIME: [after_first - after_open],
        }
        if peak is not None:
            found[Metric.PEAK_MEMORY] = [float(peak)]
        return Observation(
            samples=found,
            actual_device=session.actual_device,
            notes=[_steps(case, was_loaded=was_loaded), f"{threads} threads.", *session.notes, *meter.notes],
            skillset=None,
            inputs=session.inputs,
            checksum=self._source.artifact.checksum,
        )


def _steps(case: Case, *, was_loaded: bool) -> str:
    """What the three steps are for a graph; exporting it is none of them."""
    before = f"{case.backend} was loaded before" if was_loaded else f"{case.backend} was not loaded before"
    return (
        f"Startup of an exported graph: the module import is {case.backend}'s own ({before}), the instantiation reads, "
        "optimises and loads the graph, and exporting it is not in it. "
        "Files may have been in the operating system's page cache."
    )
