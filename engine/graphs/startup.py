"""From nothing to the first output of a graph that was exported beforehand: one sample each per process."""

from __future__ import annotations

import sys
from pathlib import Path
from time import perf_counter

from engine.domain.case import Case, Workload
from engine.domain.run import Protocol
from engine.formatting import counted
from engine.graphs.session import GraphSource
from engine.workloads.startup import first_answer
from engine.workloads.workload import Device, Observation


class GraphStartup:
    """Other steps than torch's under the same names: the note says which."""

    name = Workload.STARTUP

    def __init__(self, source: GraphSource) -> None:
        self._source = source

    def run(self, skillset_path: Path, case: Case, protocol: Protocol, device: Device) -> Observation:
        was_loaded = case.backend in sys.modules
        before_import = perf_counter()
        threads = device.prepare()
        return first_answer(
            lambda: self._source.open(None, case),
            case,
            device,
            import_seconds=perf_counter() - before_import,
            notes=[_steps(case, was_loaded=was_loaded), f"{counted(threads, 'thread')}."],
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
