"""One case measured in this process; called inside a child process, where torch may be imported."""

from __future__ import annotations

from typing import Any

from engine.backends import BACKENDS
from engine.backends.machine_state import machine_state, snapshot
from engine.backends.protocol import Backend
from engine.benchmarking import codec
from engine.benchmarking.threads import fix_threads
from engine.domain.case import Case, Workload
from engine.domain.run import Protocol
from engine.errors import BackendUnavailable
from engine.workloads.inference import measure_inference
from engine.workloads.observed import Observed
from engine.workloads.startup import measure_startup


def measure_case(arguments: dict[str, Any]) -> dict[str, Any]:
    """Measure `arguments["case"]` with the module at `skillset_path`, as `protocol` says.

    `with_facts` also counts parameters and operations. Whatever goes wrong is raised.
    """
    case = codec.case_from_json(arguments["case"])
    protocol = codec.protocol_from_json(arguments["protocol"])
    backend = BACKENDS.get(case.backend)
    threads = fix_threads(case.threads)
    before = snapshot()
    observed = _measure(case, protocol, backend, arguments)
    machine = machine_state(before)
    if observed.fallback_reason is not None:
        raise BackendUnavailable(observed.fallback_reason)
    return {
        "actual_device": observed.device,
        "measurements": codec.measurements_to_json(observed.measurements),
        "facts": None if observed.facts is None else codec.facts_to_json(observed.facts),
        "machine": codec.machine_to_json(machine),
        "notes": [f"{threads} threads", *observed.notes],
        "checksum": observed.checksum,
    }


def _measure(case: Case, protocol: Protocol, backend: Backend, arguments: dict[str, Any]) -> Observed:
    path, with_facts = arguments["skillset_path"], bool(arguments.get("with_facts"))
    if case.workload is Workload.STARTUP:
        return measure_startup(case, backend, path)
    return measure_inference(case, protocol, backend, path, with_facts=with_facts)
