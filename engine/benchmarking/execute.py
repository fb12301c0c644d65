"""One execution of one case: a process, and the row that came of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from engine.backends.available_memory import available_memory_bytes
from engine.benchmarking import codec
from engine.benchmarking.launchers import Launcher, ProcessOutcome
from engine.benchmarking.measure import measuring_arguments
from engine.benchmarking.supply_artifact import Supplied, supply_artifact
from engine.config import default_home
from engine.domain.case import Case
from engine.domain.result import Failure, FailureKind, Provenance, Result, ResultStatus
from engine.domain.run import Protocol
from engine.graphs.limits import is_graph

_MEMORY_SHARE = 0.9
"""Of the memory at hand that a process may take: its allocation fails before the kernel starts to kill."""

_TIMEOUTS_IN_TURNS = 3
"""Of a process that waits while its partner takes its time; its own turns have the usual limit (`taking_turns`)."""


def execute(
    launcher: Launcher,
    case: Case,
    repetition: int,
    *,
    run_id: str,
    skillset_path: str,
    protocol: Protocol,
    environment_id: str,
    estimated_bytes: int | None = None,
    graphs_in: Path | None = None,
    failed_exports: MutableMapping[str, Failure] | None = None,
    cores: Sequence[int] | None = None,
    memory_bytes: int | None = None,
    ticket: Mapping[str, Any] | None = None,
    cancel: threading.Event | None = None,
    on_log: Callable[[str], None] | None = None,
) -> Result:
    """Measure `case` in a fresh process; whatever becomes of it is the result. The first repetition counts facts.

    Beside others it has `cores` for itself, and `memory_bytes` of what was free before the first of them. With a
    referee's `ticket` it takes turns with its partner; the time that it waits is none of its duration.

    Exported graphs are kept in `graphs_in`; None means under the home. The caller keeps `failed_exports` for as long as
    an export that failed shall not be tried again.
    """
    started_at = datetime.now(UTC)
    folder = graphs_in or graphs_folder(default_home())
    limit = int(_MEMORY_SHARE * (available_memory_bytes() if memory_bytes is None else memory_bytes))
    facts = repetition == 0
    outcome = _outcome(
        launcher, case, protocol, skillset_path, folder, failed_exports, facts, limit, cores, ticket, cancel, on_log
    )
    known = _known(outcome)
    return Result(
        result_id=uuid4().hex,
        run_id=run_id,
        case=case,
        repetition=repetition,
        status=_status(outcome),
        provenance=Provenance.MEASURED,
        environment_id=environment_id,
        requested_backend=case.backend,
        started_at=started_at,
        duration_seconds=outcome.seconds,
        failure=outcome.failure,
        estimated_bytes=estimated_bytes,
        **known,
    )


def graphs_folder(home: Path) -> Path:
    """Where a home keeps its exported graphs."""
    return home / "cache" / "graphs"


def supply_graph(
    launcher: Launcher,
    case: Case,
    skillset_path: str,
    *,
    graphs_in: Path,
    failed_exports: MutableMapping[str, Failure] | None,
    memory_limit_bytes: int | None = None,
    cancel: threading.Event | None = None,
    on_log: Callable[[str], None] | None = None,
) -> Supplied | None:
    """The graph of a case, or why there is none; None for cases that need none. A second call finds it there."""
    if not is_graph(case):
        return None
    return supply_artifact(
        launcher,
        case,
        skillset_path,
        graphs_in,
        failed=failed_exports,
        memory_limit_bytes=memory_limit_bytes or int(_MEMORY_SHARE * available_memory_bytes()),
        cancel=cancel,
        on_log=on_log,
    )


def _outcome(
    launcher: Launcher,
    case: Case,
    protocol: Protocol,
    skillset_path: str,
    graphs_in: Path,
    failed_exports: MutableMapping[str, Failure] | None,
    with_facts: bool,
    limit: int,
    cores: Sequence[int] | None,
    ticket: Mapping[str, Any] | None,
    cancel: threading.Event | None,
    on_log: Callable[[str], None] | None,
) -> ProcessOutcome:
    """What became of the measuring process; of the exporting one where that failed, or took part of the time."""
    supplied = supply_graph(
        launcher,
        case,
        skillset_path,
        graphs_in=graphs_in,
        failed_exports=failed_exports,
        memory_limit_bytes=limit,
        cancel=cancel,
        on_log=on_log,
    )
    artifact, seconds = (None, 0.0) if supplied is None else (supplied.folder, supplied.seconds)
    if supplied is not None and supplied.failure is not None:
        return ProcessOutcome(failure=supplied.failure, log=supplied.log, seconds=seconds)
    outcome = launcher.run(
        "engine.benchmarking.measure:measure_case",
        measuring_arguments(
            case, protocol, skillset_path, with_facts=with_facts, artifact=artifact, cores=cores, ticket=ticket
        ),
        timeout_seconds=protocol.timeout_seconds * (1 if ticket is None else _TIMEOUTS_IN_TURNS),
        memory_limit_bytes=limit,
        cancel=cancel,
        on_log=on_log,
    )
    waited = 0.0 if outcome.value is None else outcome.value["waited_seconds"]
    return replace(outcome, seconds=outcome.seconds - waited + seconds)


def _status(outcome: ProcessOutcome) -> ResultStatus:
    if outcome.failure is None:
        return ResultStatus.COMPLETED
    if outcome.failure.kind is FailureKind.CANCELLED:
        return ResultStatus.CANCELLED
    return ResultStatus.FAILED


def _known(outcome: ProcessOutcome) -> dict[str, Any]:
    """What the process told, as fields of a result."""
    value = outcome.value
    if value is None:
        return {"actual_device": None}
    return {
        "actual_device": value["actual_device"],
        "measurements": codec.measurements_from_json(value["measurements"]),
        "facts": codec.facts_from_json(value["facts"]) if value["facts"] is not None else None,
        "machine": codec.machine_from_json(value["machine"]) if value["machine"] is not None else None,
        "skillset_checksum": value["checksum"],
        "notes": tuple(value["notes"]),
    }
