"""Whether the machine is fit to be measured on, before a run: what would disturb it, in sentences with a remedy."""

from __future__ import annotations

from engine.domain.hardware import QUIET_SHARE, MachineState

_LITTLE_MEMORY_BYTES = 1 * 2**30


def warnings_of(state: MachineState) -> list[str]:
    """What will disturb figures measured in this state; empty on a quiet machine, and of what is not readable."""
    found: list[str] = []
    if state.cpu_busy_others is not None and state.cpu_busy_others > QUIET_SHARE:
        found.append(
            f"Other programs use {state.cpu_busy_others:.0%} of the processor; close them, or expect results that are "
            "marked as noisy."
        )
    if state.cpu_steal is not None and state.cpu_steal > QUIET_SHARE:
        found.append(
            f"The hypervisor gives {state.cpu_steal:.0%} of the processor to other machines; nothing here can stop it, "
            "and results are marked as noisy."
        )
    if state.governor is not None and state.governor != "performance":
        found.append(
            f"The clock governor is {state.governor}, which lets clocks sink between iterations; "
            "`cpupower frequency-set -g performance` keeps them up."
        )
    if state.available_memory_bytes < _LITTLE_MEMORY_BYTES:
        free = state.available_memory_bytes / 2**20
        found.append(f"Only {free:.0f} MiB of memory are free; larger cases will not fit.")
    if state.other_gpu_processes:
        programs = "program computes" if state.other_gpu_processes == 1 else "programs compute"
        found.append(f"{state.other_gpu_processes} other {programs} on the GPU; end what is not needed.")
    return found
