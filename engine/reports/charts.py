"""Which figures a run's report draws: those that its measurements can carry, none with a single bar."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import plotly.graph_objects as go

from engine.domain.calibration import MachineNoise
from engine.domain.case import Case, Precision, Workload
from engine.domain.measurement import Metric
from engine.domain.summary import CaseSummary, Comparison
from engine.figures.backend_comparison import backend_comparison, backend_comparison_title
from engine.figures.batch_scaling import batch_scaling, batch_scaling_title, hidden_lines
from engine.figures.references import compared, reference
from engine.figures.top_models import top_models, top_models_title
from engine.figures.wording import best_first, shape, sizes_in, way, way_options
from engine.formatting import counted
from engine.reports.wording import interval_words
from engine.stats.resolution import resolution
from engine.verdict_words import format_resolution

MOST_SCALING = 4
MOST_WAYS = 4
MOST_MODELS = 15
_STARTUP = (Metric.CLASS_INSTANTIATION_TIME, Metric.MODEL_INITIALIZATION_TIME, Metric.MODULE_IMPORT_TIME)
_RANKED = (Metric.THROUGHPUT, Metric.PEAK_MEMORY)
_SERVED = (Metric.REQUESTS_PER_SECOND, Metric.SPEEDUP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    title: str
    subtitle: str
    footnote: str
    wide: go.Figure
    narrow: go.Figure
    """The same for phones."""


Draw = Callable[[bool], go.Figure]


def charts_of(
    summaries: Sequence[CaseSummary], *, with_ways: bool = True, noise: MachineNoise | None = None
) -> list[Chart]:
    """Rankings of models, ways to run one model, growth with the batch: of forward passes, of generation and of
    concurrency; then startup.

    A run in pairs is told without ways: their titles judge as if the processes had not been paired.
    `noise` tells which change a verdict could have resolved where a case has too few processes to tell it itself.
    """
    warm = [summary for summary in summaries if summary.case.workload is Workload.INFERENCE]
    started = [summary for summary in summaries if summary.case.workload is Workload.STARTUP]
    generated = [summary for summary in summaries if summary.case.workload is Workload.GENERATION]
    served = [summary for summary in summaries if summary.case.workload is Workload.CONCURRENCY]
    drawn = [chart for metric in _RANKED for chart in _ranking(warm, metric)]
    drawn += _ways(warm, Metric.LATENCY, noise) if with_ways else []
    drawn += _scaling(warm, Metric.THROUGHPUT)
    drawn += _ranking(generated, Metric.GENERATION_THROUGHPUT)
    drawn += _ways(generated, Metric.INTER_TOKEN_LATENCY, noise) if with_ways else []
    drawn += _scaling(generated, Metric.GENERATION_THROUGHPUT)
    drawn += [chart for metric in _SERVED for chart in _ranking(served, metric)]
    drawn += _ways(served, Metric.REQUESTS_PER_SECOND, noise) if with_ways else []
    drawn += [chart for metric in _STARTUP for chart in _ranking(started, metric)]
    return drawn


def compare_ways(
    ways: Sequence[CaseSummary], everything: Sequence[CaseSummary], metric: Metric
) -> tuple[CaseSummary, Mapping[str, Comparison]]:
    """The reference among `ways` and every other one against it, corrected for all verdicts of the report."""
    baseline = reference(ways)
    judged = compared(everything, way(baseline.case), metric)
    ids = {summary.case.case_id for summary in ways}
    return baseline, {case_id: comparison for case_id, comparison in judged.items() if case_id in ids}


def ways_to_run(summaries: Iterable[CaseSummary]) -> list[list[CaseSummary]]:
    """Summaries that differ in the way they are run alone, two or more each; most ways first."""
    return [group for group in _groups(summaries, _same_but_way) if len(group) > 1]


def curves(summaries: Iterable[CaseSummary]) -> list[list[CaseSummary]]:
    """Summaries of one model that differ in batch size and way alone, with two batch sizes or more."""
    found = _groups(summaries, lambda case: (case.model_type, case.size, case.work))
    return [group for group in found if len({summary.case.batch_size for summary in group}) > 1]


def rankings(summaries: Iterable[CaseSummary]) -> list[list[CaseSummary]]:
    """One summary of each model run the same way at the same batch, tiny ones apart, two models or more.

    Most models first; among equals the real size before the tiny one, fp32 before others, no option before any, the
    smallest batch first.
    """
    found = _groups(summaries, lambda case: (case.way, case.is_tiny, case.batch_size, case.new_tokens, case.workers))
    single = [list({summary.case.model: summary for summary in group}.values()) for group in found]
    return sorted((group for group in single if len(group) > 1), key=_telling_first)


def _ranking(summaries: Sequence[CaseSummary], metric: Metric) -> list[Chart]:
    found = rankings(summary for summary in summaries if metric in summary.estimates)
    if not found:
        return []
    group = found[0]
    case = group[0].case
    hidden = len(group) - MOST_MODELS
    more = f" · {counted(hidden, 'more model')} in the table" if hidden > 0 else ""

    def draw(narrow: bool) -> go.Figure:
        return top_models(group, metric=metric, theme="light", limit=MOST_MODELS, narrow=narrow)

    return [
        _chart(
            _named(top_models_title(group, metric=metric), metric),
            f"{metric.title} by model type on {way(case)}, batch {case.batch_size}, {sizes_in(group)} size",
            f"Each type with its own usual input{more} · {interval_words(group, metric)}",
            draw,
        )
    ]


def _ways(summaries: Sequence[CaseSummary], metric: Metric, noise: MachineNoise | None) -> list[Chart]:
    found = ways_to_run(summary for summary in summaries if metric in summary.estimates)
    drawn = sorted(found, key=lambda group: _rank_in_model(group, found))[:MOST_WAYS]
    return _told_rest([_way_chart(group, summaries, metric, noise) for group in drawn], len(found), "comparison")


def _rank_in_model(group: Sequence[CaseSummary], found: Sequence[Sequence[CaseSummary]]) -> int:
    """0 for the first group of its model: every model has a chart before one has two."""
    return [other for other in found if other[0].case.model == group[0].case.model].index(group)


def _way_chart(
    group: Sequence[CaseSummary], everything: Sequence[CaseSummary], metric: Metric, noise: MachineNoise | None
) -> Chart:
    baseline, judged = compare_ways(group, everything, metric)

    def draw(narrow: bool) -> go.Figure:
        return backend_comparison(
            group, metric=metric, theme="light", baseline=baseline, comparisons=judged, narrow=narrow
        )

    return _chart(
        backend_comparison_title(group, metric=metric, baseline=baseline, comparisons=judged),
        f"{metric.title} of {group[0].case.model}, {shape(group[0].case)} · against {way(baseline.case)}",
        f"Median and {interval_words(group, metric)} · {_resolves(group, baseline, judged, noise)}",
        draw,
    )


def _resolves(
    group: Sequence[CaseSummary],
    baseline: CaseSummary,
    judged: Mapping[str, Comparison],
    noise: MachineNoise | None,
) -> str:
    """What the chart's verdicts could have shown: that of the one which resolves least."""
    found = [
        resolution(
            baseline.process_values.get(comparison.metric, ()),
            summary.process_values.get(comparison.metric, ()),
            noise,
            comparisons=comparison.comparisons,
        )
        for summary in group
        if (comparison := judged.get(summary.case.case_id)) is not None
    ]
    if not found:
        return "no verdict"
    unknown = [one for one in found if one is None or one.change is None]
    if unknown:
        return format_resolution(unknown[0])
    known = [one for one in found if one is not None]
    return format_resolution(max(known, key=lambda one: one.change or 0.0, default=None))


def _scaling(summaries: Sequence[CaseSummary], metric: Metric) -> list[Chart]:
    found = curves(summary for summary in summaries if metric in summary.estimates)
    return _told_rest([_scaling_chart(group, metric) for group in found[:MOST_SCALING]], len(found), "curve")


def _told_rest(charts: list[Chart], found: int, noun: str) -> list[Chart]:
    """The last of them says how many more there are."""
    if found <= len(charts):
        return charts
    rest = f"{charts[-1].footnote} · {counted(found - len(charts), f'more {noun}')} in the table of all results"
    return [*charts[:-1], replace(charts[-1], footnote=rest)]


def _scaling_chart(group: Sequence[CaseSummary], metric: Metric) -> Chart:
    model = best_first(list(group), metric)[0].case

    def draw(narrow: bool) -> go.Figure:
        return batch_scaling(group, metric=metric, theme="light", narrow=narrow, height=220)

    return _chart(
        f"{model.model}: {_lowered(batch_scaling_title(group, metric=metric))}",
        f"{metric.title} over batch size, {sizes_in(group)} size · dashed: ideal",
        f"Line: medians · band: {interval_words(group, metric)} · both axes logarithmic{hidden_lines(group, metric)}",
        draw,
    )


def _telling_first(group: Sequence[CaseSummary]) -> tuple[int, bool, bool, int, int]:
    case = group[0].case
    return (-len(group), case.is_tiny, case.precision is not Precision.FP32, len(way_options(case)), case.batch_size)


def _chart(title: str, subtitle: str, footnote: str, draw: Draw) -> Chart:
    return Chart(title=title, subtitle=subtitle, footnote=footnote, wide=draw(False), narrow=draw(True))


def _same_but_way(case: Case) -> Hashable:
    return (case.model_type, case.size, case.batch_size, case.work)


def _groups(summaries: Iterable[CaseSummary], key: Callable[[Case], Hashable]) -> list[list[CaseSummary]]:
    """Summaries with the same key, largest group first; otherwise in the order given."""
    found: dict[Hashable, list[CaseSummary]] = {}
    for summary in summaries:
        found.setdefault(key(summary.case), []).append(summary)
    return sorted(found.values(), key=len, reverse=True)


def _named(title: str, metric: Metric) -> str:
    """A title that names no figure would read the same under two charts; "fastest" alone means throughput."""
    if metric is Metric.THROUGHPUT and not title.startswith("No "):
        return title
    rest = f"{title[0].lower()}{title[1:]}" if title.startswith(("No ", "Only ")) else title
    return f"{metric.title}: {rest}"


def _lowered(title: str) -> str:
    """To stand behind a colon; names of models stay as they are."""
    return title[0].lower() + title[1:] if title.startswith(("Batch", "Throughput", "Token rate", "Too")) else title
