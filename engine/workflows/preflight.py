"""A look at the machine before a run, told in the run's log."""

from __future__ import annotations

import threading
from dataclasses import replace

from engine.backends.gpu_watch import programs_on_all_gpus
from engine.domain.hardware import MachineState
from engine.workloads.machine import MachineWatch
from engine.workloads.preflight import warnings_of

_LOOK_SECONDS = 0.6
"""Long enough for shares of CPU time that mean something, short enough to go unnoticed."""


def preflight(cancel: threading.Event) -> tuple[MachineState, list[str]]:
    """The machine's state over half a second without any measurement, and what in it would disturb one."""
    watch = MachineWatch()
    cancel.wait(_LOOK_SECONDS)
    state = replace(watch.state(), other_gpu_processes=programs_on_all_gpus())
    return state, warnings_of(state)
