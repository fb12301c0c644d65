"""Why? One case against its baseline: figures, test, noise, raw points, and the command that repeats it."""

from __future__ import annotations

from collections.abc import Sequence

from dash import dcc, html
from dash.development.base_component import Component

from app import ids
from app.heat_map_cells import HeatMap
from app.run_options import RunOptions
from app.url_state import ViewState, address
from app.views.card import card
from app.views.controls import copy_button, link_button
from app.views.error_notice import error_notice
from app.views.marks import backend_mark, provenance_mark, verdict_mark
from app.views.resolution_badge import resolution_badge, resolution_of
from engine.domain.calibration import MachineNoise
from engine.domain.case import Workload
from engine.domain.measurement import Metric
from engine.domain.model import Size
from engine.domain.result import Provenance
from engine.domain.run import Protocol, RunRequest, SizeChoice, usual_processes
from engine.domain.summary import CaseSummary, Comparison
from engine.domain.tail import Tail
from engine.figures.process_strip import process_strip
from engine.figures.tokens import Theme
from engine.figures.wording import shape, tail_words, way
from engine.formatting import (
    format_bytes,
    format_change,
    format_conditions,
    format_count,
    format_disturbances,
    format_estimate,
    format_time,
    format_time_iso,
)
from engine.reports.command import benchmark_command
from engine.verdict_words import format_comparison

_NOISE = {
    True: "other work disturbed it",
    False: "quiet enough",
    None: "not known, too short to tell",
}
_UNTOLD = "not known, nobody tells what else used the GPU"


def case_details(
    summary: CaseSummary,
    *,
    metric: Metric,
    baseline: CaseSummary | None,
    comparison: Comparison | None,
    theme: Theme,
    noise: MachineNoise | None = None,
    tails: Sequence[Tail] = (),
    notes: Sequence[str] = (),
    class_name: str = "",
) -> Component:
    """`baseline` is the same model on the baseline way; None when it was not measured there, or is this case.

    `notes` are those of the newest result.
    """
    command = reproduce_command(summary)
    failure = summary.last_failure
    parts: list[Component] = []
    if failure is not None:
        parts.append(
            error_notice(
                f"{summary.failed} of {summary.failed + summary.completed} processes failed",
                failure.reason,
                log=failure.log,
            )
        )
    if metric in summary.estimates:
        parts.append(html.Dl(_facts(summary, metric, baseline, comparison, noise, tails), className="facts"))
        strips = [s for s in (summary, baseline) if s is not None and s.process_values.get(metric)]
        parts.append(_strip(strips, metric, theme))
    elif summary.estimates:
        parts.append(html.Dl([*_figures(summary, ()), *_tails(tails)], className="facts"))
    if notes:
        parts.append(_notes(notes))
    if summary.provenance is Provenance.IMPORTED:
        return _card(parts, summary, baseline, comparison, class_name)
    parts.append(html.Pre(command, className="code"))
    again = link_button("Measure again", start_again(summary), drawing="play")
    actions = [copy_button(command, "Copy command"), again]
    parts.append(html.Div(actions, className="action-row"))
    return _card(parts, summary, baseline, comparison, class_name)


def _card(
    parts: Sequence[Component],
    summary: CaseSummary,
    baseline: CaseSummary | None,
    comparison: Comparison | None,
    class_name: str,
) -> Component:
    case = summary.case
    return card(
        _title(summary, comparison),
        html.Div(list(parts), className="case-details"),
        subtitle=f"{case.model} · {way(case)} · {shape(case)}"
        + (f" · against {way(baseline.case)}" if baseline is not None else ""),
        class_name=class_name,
    )


def family_details(
    found: HeatMap, row: str, column: str, *, noise: MachineNoise | None = None, class_name: str = ""
) -> Component:
    """The model types behind one cell of a family; each leads to its own details."""
    members = found.members.get((row, column), ())
    head = html.Tr(
        [
            html.Th("Model"),
            html.Th(found.baseline_way, className="numeric"),
            html.Th(column, className="numeric"),
            html.Th("Verdict"),
        ]
    )
    rows = [_member_row(found, summary, noise) for summary in members]
    empty = html.P(f"No {row} was tried on {column}.", className="empty-state-detail")
    table = html.Table([html.Thead(head), html.Tbody(rows)], className="plain-table")
    return card(
        f"{row} on {column}",
        html.Div(table, className="family-members") if members else empty,
        subtitle=f"{found.metric.title} by model type · choose one for its details",
        class_name=class_name,
    )


def choose_a_case(class_name: str = "") -> Component:
    """Before anything is chosen."""
    return card(
        "Why? Choose a cell or a row",
        html.P(
            "Its figures with their intervals, the test behind the verdict, every process as a dot, "
            "and the command that repeats it appear here.",
            className="empty-state-detail",
        ),
        class_name=class_name,
    )


def reproduce_command(summary: CaseSummary) -> str:
    """Measures the same case again with as many processes."""
    return benchmark_command(_request_again(summary))


def start_again(summary: CaseSummary) -> str:
    """The start form, filled in with the same case."""
    return RunOptions.nearest_to(_request_again(summary)).address


def _request_again(summary: CaseSummary) -> RunRequest:
    """As many processes as now, so that new figures are no less certain than those that they replace."""
    case = summary.case
    return RunRequest(
        models=(case.model if case.checkpoint is None else case.model_type,),
        backends=(case.backend,),
        precisions=(case.precision,),
        batch_sizes=(case.batch_size,),
        workloads=(case.workload,),
        size=SizeChoice.leading_to(case.size),
        sequence_length=case.sequence_length,
        threads=case.threads,
        checkpoint=case.checkpoint,
        cold=case.cold,
        new_tokens=case.new_tokens,
        workers=case.workers,
        compiled=case.compiled,
        attention=case.attention,
        progressive=False,
        protocol=Protocol(processes=summary.completed or usual_processes(None)),
    )


def _notes(notes: Sequence[str]) -> Component:
    return html.Section(
        [html.H3("What was measured, and how"), html.Ul([html.Li(note) for note in notes])], className="case-notes"
    )


def _title(summary: CaseSummary, comparison: Comparison | None) -> str:
    if comparison is not None:
        return f"Why \N{LEFT DOUBLE QUOTATION MARK}{format_comparison(comparison)}\N{RIGHT DOUBLE QUOTATION MARK}?"
    if not summary.estimates:
        return f"{summary.case.model} fails on {way(summary.case)}"
    return f"{summary.case.model} on {way(summary.case)}"


def _facts(
    summary: CaseSummary,
    metric: Metric,
    baseline: CaseSummary | None,
    comparison: Comparison | None,
    noise: MachineNoise | None,
    tails: Sequence[Tail],
) -> list[Component]:
    this = format_estimate(summary.estimates[metric], metric)
    medians = [html.B(this.plain), f" ({this.interval or this.n})"]
    if baseline is not None and metric in baseline.estimates:
        base = format_estimate(baseline.estimates[metric], metric)
        medians += [" against ", html.B(base.plain), f" ({base.interval or base.n})"]
    lines: list[tuple[str, object]] = [(metric.title, medians)]
    if comparison is not None:
        tested = "" if comparison.q_value is None else f", q = {comparison.q_value:.2g}"
        lines += [
            (
                "Verdict",
                [
                    verdict_mark(comparison.verdict, format_comparison(comparison), filled=True),
                    " ",
                    resolution_badge(resolution_of(baseline, summary, comparison, noise)),
                ],
            ),
            (
                "Test",
                f"{comparison.processes[0]} against {comparison.processes[1]} processes{tested}: {comparison.reason}",
            ),
            ("Threshold", "a change of 3\N{THIN SPACE}% or more counts"),
        ]
    return [*_listed(lines), *_tails(tails), *_figures(summary, (metric,))]


def _tails(tails: Sequence[Tail]) -> list[Component]:
    """A line for each time that has a sample for each iteration or gap between tokens."""
    metrics = dict.fromkeys(tail.metric for tail in tails)
    return _listed(
        [(f"{metric.title}, tail", tail_words([tail for tail in tails if tail.metric is metric])) for metric in metrics]
    )


def _figures(summary: CaseSummary, but: Sequence[Metric]) -> list[Component]:
    """The other metrics, and where and when this was measured."""
    case = summary.case
    lines: list[tuple[str, object]] = [
        (metric.title, format_estimate(estimate, metric).full)
        for metric, estimate in summary.estimates.items()
        if metric not in but
    ]
    device = f" on {summary.actual_device}" if summary.actual_device not in (None, case.backend) else ""
    noise = (format_disturbances(summary.machines) if summary.is_noisy else "") or _NOISE[summary.is_noisy]
    if summary.is_noisy is None and any(state.is_gpu_untold for state in summary.machines):
        noise = _UNTOLD
    if summary.provenance is Provenance.IMPORTED:
        noise = "not told"
    where = [backend_mark(case.backend), f"{device}, {summary.machine_label}".rstrip(", ")]
    lines += [("Machine", where), ("Noise", noise)]
    if summary.estimated_bytes is not None:
        lines.append(("Memory, estimated before", _estimated(summary.estimated_bytes, summary)))
    if summary.machines:
        lines.append(("Conditions", format_conditions(summary.machines)))
    if case.checkpoint_digest is not None:
        lines.append(("Weights", f"{case.checkpoint}, sha256 digest {case.checkpoint_digest[:12]}"))
    if summary.facts is not None:
        lines.append(("Parameters", format_count(summary.facts.parameters)))
    measured = html.Span(format_time(summary.measured_at), title=format_time_iso(summary.measured_at))
    lines.append(("Source", [provenance_mark(summary.provenance), " ", measured]))
    return _listed(lines)


def _estimated(expected: int, summary: CaseSummary) -> str:
    """What the plan expected, and by how much that was off."""
    measured = summary.estimates.get(Metric.PEAK_MEMORY)
    if measured is None or not measured.value:
        return format_bytes(expected)
    return f"{format_bytes(expected)} ({format_change(expected / measured.value)} against what was measured)"


def _listed(lines: Sequence[tuple[str, object]]) -> list[Component]:
    return [part for name, value in lines for part in (html.Dt(name), html.Dd(value))]


def _strip(summaries: Sequence[CaseSummary], metric: Metric, theme: Theme) -> Component:
    chart = process_strip(summaries, metric=metric, theme=theme)
    return dcc.Graph(
        id=ids.COMPARISON_STRIP,
        figure=chart,
        config={"displayModeBar": False, "responsive": True},
        responsive=True,
        className="chart",
        style={"height": f"{chart.layout.height}px"},
    )


def _member_row(found: HeatMap, summary: CaseSummary, noise: MachineNoise | None) -> Component:
    case = summary.case
    base = found.baselines.get(case.model)
    comparison = found.comparisons.get(case.case_id)
    state = ViewState(
        family=case.family,
        batch=case.batch_size,
        workload=None if case.workload is Workload.INFERENCE else case.workload,
        size=Size.TINY if case.is_tiny else None,
        metric=found.metric,
        case=case.case_id,
    )
    verdict = None
    if comparison is not None:
        mark = verdict_mark(comparison.verdict, format_comparison(comparison))
        verdict = [mark, " ", resolution_badge(resolution_of(base, summary, comparison, noise))]
    return html.Tr(
        [
            html.Td(dcc.Link(case.model, href=address("/comparison", state))),
            html.Td(_value(base, found.metric), className="numeric"),
            html.Td(_value(summary, found.metric), className="numeric"),
            html.Td(verdict or "-"),
        ]
    )


def _value(summary: CaseSummary | None, metric: Metric) -> str:
    if summary is None:
        return "-"
    if metric not in summary.estimates:
        return "fails"
    return format_estimate(summary.estimates[metric], metric).plain
