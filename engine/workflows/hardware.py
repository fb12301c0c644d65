"""What can run here, and what cannot and why."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.backends.energy import gpu_energy, processor_energy
from engine.backends.pinning import pinning_possibility
from engine.domain.hardware import BackendStatus
from engine.formatting import format_bytes
from engine.workloads.clocks import Clocks

if TYPE_CHECKING:
    from engine.workflows.workbench import Workbench

_NOT_TOLD = "not told by this system, as in most virtual machines"


def hardware(workbench: Workbench, *, refresh: bool = False) -> list[BackendStatus]:
    """Every known backend with its status; `refresh` detects anew. Raises LauncherFailure.

    What may change between two runs (governor, boost, who may read a counter) is looked at now and never remembered.
    """
    return [_with_present_facts(workbench, status) for status in workbench.backends(refresh=refresh)]


def _with_present_facts(workbench: Workbench, status: BackendStatus) -> BackendStatus:
    if status.backend == "cpu":
        return replace(status, facts={**status.facts, **_processor_facts(workbench)})
    if status.backend == "cuda" and status.available:
        return replace(status, facts={**status.facts, "energy": gpu_energy(status.board)})
    return status


def _processor_facts(workbench: Workbench) -> dict[str, str]:
    clocks = Clocks()
    boost = clocks.boost()
    return {
        "memory": format_bytes(workbench.environment.memory_bytes),
        "governor": clocks.governor() or _NOT_TOLD,
        "boost": _NOT_TOLD if boost is None else ("allowed" if boost else "off"),
        "pinning": pinning_possibility(),
        "energy": processor_energy(),
    }
