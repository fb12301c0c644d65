"""From results to one row per case: what every chart, table and comparison starts from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from engine.domain.hardware import Environment
from engine.domain.measurement import Estimate, Metric
from engine.domain.result import FailureKind, Provenance, Result, ResultStatus
from engine.domain.summary import CaseSummary
from engine.stats.quantiles import median
from engine.stats.summary import estimate_over_processes, estimate_within_process, range_over_processes

_SAYS_NOTHING = (
    FailureKind.ALREADY_MEASURED,
    FailureKind.PLATEAU,
    FailureKind.OUT_OF_BUDGET,
    FailureKind.CANCELLED,
)
"""Reasons for a missing result that tell nothing about the case itself."""


def summarise(
    results: Iterable[Result],
    environments: Mapping[str, Environment] | None = None,
    *,
    partial_runs: Collection[str] = (),
) -> list[CaseSummary]:
    """One summary for each case, environment and provenance, the newest first.

    Figures come from the processes of one run, never from several mixed: the newest that was carried out. One of
    `partial_runs`, just begun or cut short, takes its place once it has as many processes. Failures are those of
    that run and of later ones. Cases that were only cancelled or not needed have no summary.
    """
    groups: dict[tuple[str, str, Provenance], list[Result]] = {}
    for result in results:
        if not _is_silent(result):
            groups.setdefault((result.case.case_id, result.environment_id, result.provenance), []).append(result)
    summaries = [_summary(group, environments or {}, partial_runs) for group in groups.values()]
    return sorted(summaries, key=lambda summary: summary.measured_at, reverse=True)


def _is_silent(result: Result) -> bool:
    if result.status is ResultStatus.COMPLETED:
        return False
    return result.status is ResultStatus.CANCELLED or result.failure is None or result.failure.kind in _SAYS_NOTHING


def _summary(
    group: Sequence[Result], environments: Mapping[str, Environment], partial_runs: Collection[str]
) -> CaseSummary:
    ordered = sorted(group, key=lambda result: (result.started_at, result.repetition))
    newest = ordered[-1]
    completed_anywhere = [result for result in ordered if result.status is ResultStatus.COMPLETED]
    shown_run = _telling_run(completed_anywhere, partial_runs) if completed_anywhere else newest.run_id
    completed = [result for result in completed_anywhere if result.run_id == shown_run]
    since = _begin_of(ordered, shown_run)
    failed = [
        result for result in ordered if result.status is not ResultStatus.COMPLETED and result.started_at >= since
    ]
    last = completed[-1] if completed else newest
    environment = environments.get(last.environment_id)
    return CaseSummary(
        case=last.case,
        environment_id=last.environment_id,
        provenance=last.provenance,
        estimates=_estimates(completed),
        process_values={metric: tuple(values) for metric, values in _process_values(completed).items()},
        completed=len(completed),
        failed=len(failed),
        last_failure=failed[-1].failure if failed else None,
        measured_at=last.started_at,
        last_run_id=last.run_id,
        estimated_bytes=next((r.estimated_bytes for r in reversed(completed) if r.estimated_bytes is not None), None),
        facts=next((result.facts for result in reversed(completed) if result.facts is not None), None),
        is_noisy=_is_noisy(completed),
        machines=tuple(result.machine for result in completed if result.machine is not None),
        actual_device=last.actual_device,
        machine_label=environment.label if environment is not None else "",
    )


def _is_noisy(completed: Sequence[Result]) -> bool | None:
    machines = [result.machine for result in completed if result.machine is not None]
    told = [machine.is_noisy for machine in machines if machine.is_noisy is not None]
    if any(told):
        return True
    return False if told and not any(machine.is_gpu_untold for machine in machines) else None


def _telling_run(completed: Sequence[Result], partial_runs: Collection[str]) -> str:
    """The newest whole run, or a later partial one with as many processes; of partial ones alone the fullest."""
    counts = Counter(result.run_id for result in completed)
    newest_first = list(dict.fromkeys(result.run_id for result in reversed(completed)))
    whole = next((run_id for run_id in newest_first if run_id not in partial_runs), None)
    enough = max(counts.values()) if whole is None else counts[whole]
    return next(run_id for run_id in newest_first if run_id == whole or counts[run_id] >= enough)


def _begin_of(ordered: Sequence[Result], run_id: str) -> datetime:
    return next(result.started_at for result in ordered if result.run_id == run_id)


def _process_values(completed: Sequence[Result]) -> dict[Metric, list[float]]:
    values: dict[Metric, list[float]] = {}
    for result in completed:
        for measurement in result.measurements:
            values.setdefault(measurement.metric, []).append(median(measurement.samples))
    return values


def _estimates(completed: Sequence[Result]) -> dict[Metric, Estimate]:
    return {metric: _estimate(metric, values, completed) for metric, values in _process_values(completed).items()}


def _estimate(metric: Metric, values: Sequence[float], completed: Sequence[Result]) -> Estimate:
    if metric is Metric.PEAK_MEMORY:
        return range_over_processes(values)
    found = [result.measurement(metric) for result in completed]
    samples = [measurement.samples for measurement in found if measurement is not None]
    if len(values) == 1 and len(samples[0]) > 1:
        return estimate_of_process(metric, samples[0])
    return estimate_over_processes(values, samples=sum(len(observed) for observed in samples))


def estimate_of_process(metric: Metric, samples: Sequence[float]) -> Estimate:
    """What one process found, with its interval within it.

    Gaps between tokens have none: those of a generation grow together with its cache, and are no independent samples.
    """
    if metric is Metric.INTER_TOKEN_LATENCY:
        return estimate_over_processes([median(samples)], samples=len(samples))
    return estimate_within_process(samples)
