"""Everything a report says, gathered before any format is chosen."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from engine import __version__
from engine.domain.calibration import Calibration
from engine.domain.case import Case
from engine.domain.hardware import Environment
from engine.domain.measurement import Metric
from engine.domain.result import Failure, Result, ResultStatus
from engine.domain.run import Run, RunRequest, SizeChoice
from engine.domain.summary import CaseSummary, PairedCase
from engine.domain.tail import Tail
from engine.figures.wording import way_options
from engine.reports.command import benchmark_command

_MOST_REMARKS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """One case without a number, and why; executions of the same case with the same reason are one line."""

    label: str
    status: ResultStatus
    failure: Failure
    executions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """What results say of themselves, in the same words."""

    text: str
    label: str | None
    """Of the only case that it is told of; None where several cases share it, or the report has only one."""
    executions: int
    """How many results carry it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportContent:
    report_id: str
    run: Run
    environment: Environment
    summaries: tuple[CaseSummary, ...]
    """Cases with at least one completed process, in the order in which the tables show them."""
    tails: Mapping[str, tuple[Tail, ...]]
    """By case id: high percentiles of the times that have a sample for each iteration or gap between tokens."""
    left_out: tuple[LeftOut, ...]
    """Failed, skipped and cancelled executions: failures first."""
    remarks: tuple[Remark, ...]
    """Most frequent first, the commonest few."""
    more_remarks: int
    """How many less frequent ones are not told."""
    checksums: tuple[tuple[str, str], ...]
    """Model type and the checksum of the generated module that was measured, in the order of the names."""
    executions: int
    """Processes that completed."""
    pairs: tuple[PairedCase, ...]
    """Verdicts of a run in pairs; empty for any other."""
    command: str
    """Repeats the run on a command line."""
    version: str
    created_at: datetime
    calibration: Calibration | None = None
    """The newest of the machine when the report was made; None when its meters were never calibrated."""


def build_content(
    run: Run,
    environment: Environment,
    summaries: Sequence[CaseSummary],
    results: Sequence[Result],
    *,
    report_id: str,
    created_at: datetime,
    pairs: Sequence[PairedCase] = (),
    calibration: Calibration | None = None,
    tails: Mapping[str, tuple[Tail, ...]] | None = None,
) -> ReportContent:
    """The content of a report on one run; `results` are all rows of that run, whatever became of them."""
    completed = [result for result in results if result.status is ResultStatus.COMPLETED]
    cases = {summary.case for summary in summaries} | {result.case for result in results}
    remarks = _remarks(completed)
    checksums = {(result.case.model_type, result.skillset_checksum) for result in completed if result.skillset_checksum}
    return ReportContent(
        report_id=report_id,
        run=run,
        environment=environment,
        summaries=tuple(sorted((summary for summary in summaries if summary.estimates), key=_reading_order)),
        tails=tails or {},
        left_out=_left_out(results),
        remarks=tuple(remarks[:_MOST_REMARKS]),
        more_remarks=len(remarks[_MOST_REMARKS:]),
        checksums=tuple(sorted(checksums)),
        executions=len(completed),
        pairs=tuple(pairs),
        command=benchmark_command(_repeated(run.request, cases)),
        version=__version__,
        created_at=created_at,
        calibration=calibration,
    )


def metrics_in(content: ReportContent) -> tuple[Metric, ...]:
    """Every metric that some case of the report has, in the order of the closed table."""
    return tuple(metric for metric in Metric if any(metric in summary.estimates for summary in content.summaries))


def _repeated(request: RunRequest, cases: Collection[Case]) -> RunRequest:
    """The request that measures the same again: nothing left out as known, and the size that was chosen here."""
    sizes = {SizeChoice.leading_to(case.size) for case in cases}
    size = sizes.pop() if len(sizes) == 1 else request.size
    return replace(request, incremental=False, size=size)


def _reading_order(summary: CaseSummary) -> tuple[str, ...]:
    case = summary.case
    shape = f"{case.sequence_length or 0:08d}{case.image_size or 0:08d}"
    return (
        case.workload,
        case.model_type,
        case.size,
        case.backend,
        case.precision,
        " ".join(way_options(case)),
        shape,
        f"{case.batch_size:08d}",
    )


def _remarks(completed: Sequence[Result]) -> list[Remark]:
    """Most frequent first, else as first told."""
    told: dict[str, list[Case]] = {}
    for result in completed:
        for note in result.notes:
            told.setdefault(note, []).append(result.case)
    is_of_several = len({result.case for result in completed}) > 1
    remarks = [
        Remark(
            text=note,
            label=cases[0].label if is_of_several and len(set(cases)) == 1 else None,
            executions=len(cases),
        )
        for note, cases in told.items()
    ]
    return sorted(remarks, key=lambda remark: remark.executions, reverse=True)


def _left_out(results: Sequence[Result]) -> tuple[LeftOut, ...]:
    grouped: dict[tuple[str, str, str], list[Result]] = {}
    for result in results:
        if result.failure is not None and result.status is not ResultStatus.COMPLETED:
            grouped.setdefault((result.case.case_id, result.status, result.failure.reason), []).append(result)
    lines = [
        LeftOut(
            label=same[0].case.label,
            status=same[0].status,
            failure=_longest_log(same),
            executions=len(same),
        )
        for same in grouped.values()
    ]
    order = (ResultStatus.FAILED, ResultStatus.CANCELLED, ResultStatus.SKIPPED, ResultStatus.COMPLETED)
    return tuple(sorted(lines, key=lambda line: (order.index(line.status), line.label)))


def _longest_log(results: Sequence[Result]) -> Failure:
    failures = [result.failure for result in results if result.failure is not None]
    return max(failures, key=lambda failure: len(failure.log))
