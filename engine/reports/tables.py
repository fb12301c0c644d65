"""The tables of a report: text ready to print, one unit per column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.domain.case import Precision, Workload
from engine.domain.measurement import Metric
from engine.domain.summary import CaseSummary
from engine.domain.workload_metrics import METRICS
from engine.figures.wording import tail_words, way_options
from engine.formatting import (
    MISSING,
    Scale,
    format_bytes,
    format_count,
    format_disturbances,
    format_estimate,
    format_number,
    scale_for,
)
from engine.reports.content import ReportContent, metrics_in
from engine.reports.wording import INTERVAL_SENTENCES, PROVENANCE_GLYPHS, STATISTICS, input_shape, model_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    label: str
    numeric: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    text: str
    detail: str = ""
    """Beside the text in lighter ink: an interval, a remark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


def result_table(content: ReportContent, workload: Workload) -> Table | None:
    """Every case of one workload that was measured; None when there is none."""
    summaries = [summary for summary in content.summaries if summary.case.workload is workload]
    if not summaries:
        return None
    ordered = dict.fromkeys((*METRICS[workload], *Metric))
    metrics = [metric for metric in ordered if any(metric in summary.estimates for summary in summaries)]
    scales = {metric: scale_for(_values(summaries, metric), metric) for metric in metrics}
    columns = (
        Column(label="Model"),
        Column(label="Backend"),
        Column(label="Precision"),
        Column(label="Batch", numeric=True),
        Column(label="Input"),
        *(Column(label=f"{metric.title}, {scales[metric].unit}", numeric=True) for metric in metrics),
        Column(label="n", numeric=True),
        Column(label="Source"),
    )
    return Table(columns=columns, rows=tuple(_result_row(summary, metrics, scales) for summary in summaries))


def tail_table(content: ReportContent) -> Table | None:
    """High percentiles of each case's times, process by process; None where nothing has any."""
    rows = []
    for summary in content.summaries:
        found = content.tails.get(summary.case.case_id, ())
        for metric in dict.fromkeys(tail.metric for tail in found):
            words = tail_words([tail for tail in found if tail.metric is metric])
            rows.append((Cell(text=summary.case.label), Cell(text=metric.title), Cell(text=words)))
    columns = (Column(label="Case"), Column(label="Figure"), Column(label="Percentiles within processes"))
    return Table(columns=columns, rows=tuple(rows)) if rows else None


def process_table(content: ReportContent) -> Table:
    """What each process found: the values behind every interval."""
    rows = []
    for summary in content.summaries:
        for metric, values in summary.process_values.items():
            scale = scale_for(values, metric)
            shown = " · ".join(format_number(scale.of(value), 4) for value in values)
            rows.append(
                (
                    Cell(text=summary.case.label),
                    Cell(text=f"{metric.title}, {scale.unit}"),
                    Cell(text=shown),
                )
            )
    columns = (Column(label="Case"), Column(label="Figure"), Column(label="Each process, oldest first"))
    return Table(columns=columns, rows=tuple(rows))


def _plainest_first(summary: CaseSummary) -> tuple[bool, bool, int]:
    """What is told of a model is told of a case that was counted, of fp32 where that was run, at the smallest batch."""
    return summary.facts is None, summary.case.precision is not Precision.FP32, summary.case.batch_size


def model_table(content: ReportContent) -> Table:
    """What was built: size, weights, work per pass, and the module that was run."""
    checksums = dict(content.checksums)
    seen: dict[tuple[str, str], CaseSummary] = {}
    for summary in sorted(content.summaries, key=_plainest_first):
        seen.setdefault((summary.case.model_type, summary.case.size), summary)
    rows = []
    for (name, size), summary in sorted(seen.items()):
        facts = summary.facts
        rows.append(
            (
                Cell(text=name),
                Cell(text=summary.case.family.label),
                Cell(text=size),
                Cell(text=MISSING if facts is None else format_count(facts.parameters)),
                Cell(text=MISSING if facts is None else format_bytes(facts.parameter_bytes)),
                Cell(
                    text=MISSING if facts is None or facts.flops is None else f"{facts.flops / 1e9:,.3g}",
                    detail="" if facts is None or facts.flops is None else f"at batch {summary.case.batch_size}",
                ),
                Cell(text=checksums.get(name, MISSING)[:12]),
            )
        )
    columns = (
        Column(label="Model"),
        Column(label="Family"),
        Column(label="Size"),
        Column(label="Parameters", numeric=True),
        Column(label="Weights", numeric=True),
        Column(label="GFLOP a pass", numeric=True),
        Column(label="Module checksum"),
    )
    return Table(columns=columns, rows=tuple(rows))


def method_table(content: ReportContent) -> Table:
    """How each figure of this report was measured, summarised and bounded."""
    rows = []
    for metric in metrics_in(content):
        used = {summary.estimates[metric].method for summary in content.summaries if metric in summary.estimates}
        intervals = " ".join(sentence for method, sentence in INTERVAL_SENTENCES.items() if method in used)
        rows.append(
            (
                Cell(text=metric.title, detail=f"{metric.better} is better"),
                Cell(text=metric.definition),
                Cell(text=STATISTICS[metric]),
                Cell(text=intervals),
            )
        )
    columns = (
        Column(label="Figure"),
        Column(label="What is measured"),
        Column(label="Statistic"),
        Column(label="Interval"),
    )
    return Table(columns=columns, rows=tuple(rows))


def _result_row(summary: CaseSummary, metrics: Sequence[Metric], scales: dict[Metric, Scale]) -> tuple[Cell, ...]:
    case = summary.case
    processes = max(estimate.processes for estimate in summary.estimates.values())
    device = summary.actual_device
    elsewhere = device is not None and device.split(":")[0] != case.backend and case.backend in ("cpu", "cuda", "mps")
    source = f"{PROVENANCE_GLYPHS[summary.provenance]} {summary.provenance}"
    return (
        Cell(text=model_name(case)),
        Cell(text=case.backend, detail=f"ran on {device}" if elsewhere else ""),
        Cell(text=case.precision.value, detail=", ".join(way_options(case))),
        Cell(text=format_count(case.batch_size)),
        Cell(text=input_shape(case)),
        *(_figure(summary, metric, scales[metric]) for metric in metrics),
        Cell(text=str(processes), detail=f"{summary.failed} failed" if summary.failed else ""),
        Cell(text=source, detail=_disturbed(summary) if summary.is_noisy else ""),
    )


def _disturbed(summary: CaseSummary) -> str:
    why = format_disturbances(summary.machines)
    return f"disturbed: {why}" if why else "disturbed"


def _figure(summary: CaseSummary, metric: Metric, scale: Scale) -> Cell:
    estimate = summary.estimates.get(metric)
    if estimate is None:
        return Cell(text=MISSING)
    shown = format_estimate(estimate, metric, scale=scale)
    return Cell(text=shown.value, detail=shown.interval or shown.n)


def _values(summaries: Sequence[CaseSummary], metric: Metric) -> list[float]:
    return [summary.estimates[metric].value for summary in summaries if metric in summary.estimates]
