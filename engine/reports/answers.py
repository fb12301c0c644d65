"""The sentence above a report, and the line below it."""

from __future__ import annotations

from collections.abc import Sequence

from engine.domain.case import Workload
from engine.domain.measurement import Metric
from engine.domain.model import Size
from engine.domain.result import ResultStatus
from engine.domain.summary import CaseSummary
from engine.figures.backend_comparison import backend_comparison_title
from engine.figures.batch_scaling import batch_scaling_title
from engine.figures.top_models import top_models_title
from engine.figures.wording import way
from engine.formatting import counted, format_count, format_duration, format_estimate, format_time, join_words
from engine.reports.charts import compare_ways, curves, rankings, ways_to_run
from engine.reports.content import ReportContent


def report_title(content: ReportContent) -> str:
    """What the run found, as far as its measurements carry it."""
    if not content.summaries:
        executions = sum(line.executions for line in content.left_out)
        return f"Run {content.run.number}: none of {counted(executions, 'result')} could be measured"
    warm = [summary for summary in content.summaries if summary.case.workload is Workload.INFERENCE]
    chosen = warm or list(content.summaries)
    real = [summary for summary in chosen if summary.case.size is not Size.TINY]
    if not real:
        models = _models(chosen)
        verb = "runs" if len(models) == 1 else "run"
        return f"{_model_words(models)} {verb} here in tiny size, which proves no real speed"
    return _warm_title(real) if warm else _startup_title(real)


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
    when = format_time(run.finished_at or run.created_at, now=None)
    return f"Run {run.number}, {when}, took {took(content)}: {', '.join(parts)}. {content.environment.label}."


def took(content: ReportContent) -> str:
    run = content.run
    if run.started_at is None or run.finished_at is None:
        return format_duration(None)
    return format_duration((run.finished_at - run.started_at).total_seconds())


def _warm_title(summaries: Sequence[CaseSummary]) -> str:
    models = _models(summaries)
    ways = ways_to_run(summaries)
    if len(models) == 1 and ways:
        baseline, judged = compare_ways(ways[0], summaries, Metric.LATENCY)
        return backend_comparison_title(ways[0], metric=Metric.LATENCY, baseline=baseline, comparisons=judged)
    ranked = rankings(summary for summary in summaries if Metric.THROUGHPUT in summary.estimates)
    if ranked:
        title = top_models_title(ranked[0], metric=Metric.THROUGHPUT)
        return title.replace(" is fastest on ", f" is fastest of {len(ranked[0])} models on ", 1)
    grown = curves(summary for summary in summaries if Metric.THROUGHPUT in summary.estimates)
    if grown:
        title = batch_scaling_title(grown[0], metric=Metric.THROUGHPUT)
        return f"{grown[0][0].case.model_type}: {title[0].lower()}{title[1:]}"
    summary = next((summary for summary in summaries if Metric.LATENCY in summary.estimates), summaries[0])
    if Metric.LATENCY not in summary.estimates:
        return f"{_model_words(models)} measured on {way(summary.case)}"
    figure = format_estimate(summary.estimates[Metric.LATENCY], Metric.LATENCY)
    return (
        f"{summary.case.model_type} takes {figure.plain} for a forward pass "
        f"at batch {summary.case.batch_size} on {way(summary.case)}"
    )


def _startup_title(summaries: Sequence[CaseSummary]) -> str:
    metric = Metric.CLASS_INSTANTIATION_TIME
    ranked = rankings(summary for summary in summaries if metric in summary.estimates)
    if ranked:
        first = min(ranked[0], key=lambda summary: summary.estimates[metric].value)
        figure = format_estimate(first.estimates[metric], metric)
        return f"{first.case.model_type} is built fastest of {len(ranked[0])} models: {figure.plain}"
    summary = summaries[0]
    if metric not in summary.estimates:
        return f"Startup of {summary.case.model_type} on {way(summary.case)}"
    return f"{summary.case.model_type} is built in {format_estimate(summary.estimates[metric], metric).plain}"


def _models(summaries: Sequence[CaseSummary]) -> list[str]:
    return list(dict.fromkeys(summary.case.model_type for summary in summaries))


def _model_words(models: Sequence[str]) -> str:
    return join_words(list(models)) if len(models) <= 3 else f"{len(models)} models"
