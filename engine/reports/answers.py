"""The sentence above a report, and the line below it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC

from engine.domain.case import Workload
from engine.domain.measurement import Metric
from engine.domain.result import FailureKind, ResultStatus
from engine.domain.summary import CaseSummary
from engine.domain.workload_metrics import RATES
from engine.figures.backend_comparison import backend_comparison_title, clear_leader
from engine.figures.batch_scaling import batch_scaling_title
from engine.figures.top_models import top_models_title
from engine.figures.wording import way
from engine.formatting import (
    counted,
    format_count,
    format_duration,
    format_estimate,
    format_times,
    join_words,
)
from engine.reports.charts import compare_ways, curves, rankings, ways_to_run
from engine.reports.content import ReportContent
from engine.reports.pairs import pair_title


def report_title(content: ReportContent) -> str:
    """What the run found, as far as its measurements carry it."""
    if content.pairs:
        return pair_title(content.pairs)
    if not content.summaries:
        return _nothing_measured(content)
    warm = [summary for summary in content.summaries if summary.case.workload is Workload.INFERENCE]
    chosen = warm or list(content.summaries)
    real = [summary for summary in chosen if not summary.case.is_tiny]
    if not real:
        models = _models(chosen)
        verb = "runs" if len(models) == 1 else "run"
        return f"{_model_words(models)} {verb} here in tiny size, which proves no real speed"
    if warm:
        return _warm_title(real)
    rated = [summary for summary in real if summary.case.workload in RATES]
    return _rate_title(rated) if rated else _startup_title(real)


def _nothing_measured(content: ReportContent) -> str:
    """Why there is no number: nothing was new, nothing was planned, or nothing succeeded."""
    number = content.run.number
    executions = sum(line.executions for line in content.left_out)
    if not executions:
        return f"Run {number} ended before anything was measured"
    if all(line.failure.kind is FailureKind.ALREADY_MEASURED for line in content.left_out):
        return f"Run {number} measured nothing new: {counted(executions, 'result')} known from before"
    return f"Run {number}: none of {counted(executions, 'result')} could be measured"


def report_summary(content: ReportContent) -> str:
    """How much was measured, when, and on which machine."""
    run = content.run
    left = {
        status: sum(line.executions for line in content.left_out if line.status is status) for status in ResultStatus
    }
    parts = [
        f"{counted(len(content.summaries), 'case')} measured in {counted(content.executions, 'process', 'processes')}",
        *(
            f"{format_count(left[status])} {status}"
            for status in (ResultStatus.FAILED, ResultStatus.SKIPPED, ResultStatus.CANCELLED)
            if left[status]
        ),
    ]
    when = f"{(run.finished_at or run.created_at).astimezone(UTC):%d %b %Y %H:%M} UTC"
    return f"Run {run.number}, {when}, took {took(content)}: {', '.join(parts)}. {content.environment.label}."


def took(content: ReportContent) -> str:
    """How long the run was carried out, without the time between an end and a resumption."""
    return format_duration(content.run.active_seconds)


def _warm_title(summaries: Sequence[CaseSummary]) -> str:
    models = _models(summaries)
    ways = ways_to_run(summaries)
    if len(models) == 1 and ways:
        return _ways_title(ways, summaries)
    ranked = rankings(summary for summary in summaries if Metric.THROUGHPUT in summary.estimates)
    if ranked:
        title = top_models_title(ranked[0], metric=Metric.THROUGHPUT)
        return title.replace(" is fastest on ", f" is fastest of {len(ranked[0])} models on ", 1)
    grown = curves(summary for summary in summaries if Metric.THROUGHPUT in summary.estimates)
    if grown:
        title = batch_scaling_title(grown[0], metric=Metric.THROUGHPUT)
        return f"{grown[0][0].case.model}: {title[0].lower()}{title[1:]}"
    summary = next((summary for summary in summaries if Metric.LATENCY in summary.estimates), summaries[0])
    if Metric.LATENCY not in summary.estimates:
        return f"{_model_words(models)} measured on {way(summary.case)}"
    figure = format_estimate(summary.estimates[Metric.LATENCY], Metric.LATENCY)
    return (
        f"{summary.case.model} takes {figure.plain} for a forward pass "
        f"at batch {summary.case.batch_size} on {way(summary.case)}"
    )


def _ways_title(groups: Sequence[Sequence[CaseSummary]], summaries: Sequence[CaseSummary]) -> str:
    """The best way to run one model, at every batch size at which several were measured."""
    groups = sorted(groups, key=lambda group: group[0].case.batch_size)
    if len(groups) == 1:
        baseline, judged = compare_ways(groups[0], summaries, Metric.LATENCY)
        title = backend_comparison_title(groups[0], metric=Metric.LATENCY, baseline=baseline, comparisons=judged)
        return f"{title}, batch {groups[0][0].case.batch_size}"
    model = groups[0][0].case.model
    batches: dict[str | None, list[str]] = {}
    rivals: set[str] = set()
    factors: list[float] = []
    for group in groups:
        baseline, judged = compare_ways(group, summaries, Metric.LATENCY)
        leader = clear_leader(group, Metric.LATENCY, baseline, judged)
        batches.setdefault(way(leader[0].case) if leader else None, []).append(str(group[0].case.batch_size))
        if leader is not None:
            rivals.add(way(leader[1].case))
            factors.append(max(leader[2], 1 / leader[2]))
    where = {leader: f"batch {join_words(sizes)}" for leader, sizes in batches.items()}
    if set(where) == {None}:
        return f"{model}: no way to run it is clearly fastest at {where[None]}"
    if len(where) == 1:
        least, most = format_times(min(factors)), format_times(max(factors))
        by = least if least == most else f"{least} to {most}"
        rival = rivals.pop() if len(rivals) == 1 else "the next"
        ((leading, at),) = where.items()
        return f"{leading} runs {model} {by} faster than {rival} at {at}"
    told = [f"{leader} at {at}" for leader, at in where.items() if leader is not None]
    undecided = [f"undecided at {where[None]}"] if None in where else []
    return f"Fastest way to run {model}: {', '.join(told + undecided)}"


def _rate_title(summaries: Sequence[CaseSummary]) -> str:
    """Of generation or concurrency: the leader of the models in tokens or requests a second, or the first one's."""
    workload = summaries[0].case.workload
    metric = RATES[workload]
    known = [summary for summary in summaries if summary.case.workload is workload and metric in summary.estimates]
    ranked = rankings(known)
    if ranked:
        title = top_models_title(ranked[0], metric=metric)
        return f"{workload.value.capitalize()}: {title[0].lower() + title[1:] if title.startswith('No ') else title}"
    if not known:
        return f"{_model_words(_models(summaries))} measured on {way(summaries[0].case)}"
    case, figure = known[0].case, format_estimate(known[0].estimates[metric], metric)
    if workload is Workload.CONCURRENCY:
        workers = counted(case.workers or 0, "worker")
        return f"{case.model} answers {figure.plain} with {workers} at batch {case.batch_size} on {way(case)}"
    return f"{case.model} generates {figure.plain} at batch {case.batch_size} on {way(case)}"


def _startup_title(summaries: Sequence[CaseSummary]) -> str:
    metric = Metric.CLASS_INSTANTIATION_TIME
    ranked = rankings(summary for summary in summaries if metric in summary.estimates)
    if ranked:
        first = min(ranked[0], key=lambda summary: summary.estimates[metric].value)
        figure = format_estimate(first.estimates[metric], metric)
        return f"{first.case.model} is built fastest of {len(ranked[0])} models: {figure.plain}"
    summary = summaries[0]
    if metric not in summary.estimates:
        return f"Startup of {summary.case.model} on {way(summary.case)}"
    return f"{summary.case.model} is built in {format_estimate(summary.estimates[metric], metric).plain}"


def _models(summaries: Sequence[CaseSummary]) -> list[str]:
    return list(dict.fromkeys(summary.case.model for summary in summaries))


def _model_words(models: Sequence[str]) -> str:
    return join_words(list(models)) if len(models) <= 3 else f"{len(models)} models"
