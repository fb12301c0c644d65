"""The sentence at the top of the Overview, and the one below it that gives its grounds."""

from __future__ import annotations

from dataclasses import replace

from app.selection import Selection
from engine.domain.measurement import Metric
from engine.domain.model import Size
from engine.domain.summary import CaseSummary, Comparison, Verdict
from engine.figures.wording import best_first, obtained, way
from engine.formatting import counted, format_column, format_estimate, format_times, ratio_word

_VERBS = {
    Metric.THROUGHPUT: "reaches",
    Metric.PEAK_MEMORY: "peaks at",
    Metric.GENERATION_THROUGHPUT: "generates",
    Metric.DECODE_THROUGHPUT: "decodes",
    Metric.REQUESTS_PER_SECOND: "answers",
    Metric.MODELS_PER_SECOND: "starts",
    Metric.SPEEDUP: "reaches",
    Metric.SCALING_EFFICIENCY: "keeps",
}
_OBJECTS = {
    Metric.INTER_TOKEN_LATENCY: " a token",
    Metric.TIME_TO_FIRST_TOKEN: " to its first token",
    Metric.PREFILL_TIME: " to read its prompt",
    Metric.SPEEDUP: " the rate of one worker",
    Metric.SCALING_EFFICIENCY: " of ideal",
}
"""What a figure that stands behind its verb is of, where the unit does not say it."""
_DOES = {
    Metric.MODEL_INITIALIZATION_TIME: "initialises",
    Metric.CLASS_INSTANTIATION_TIME: "builds",
    Metric.MODULE_IMPORT_TIME: "imports",
}
"""What a way does with a model; runs it unless the metric is about starting."""
_NUMBERS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve")


def answer(selection: Selection) -> str:
    """Which way to run the model is best, and by how much; or that it is not decided."""
    best = selection.ways[0]
    if len(selection.ways) == 1:
        figure = format_estimate(best.estimates[selection.metric], selection.metric)
        verb = _VERBS.get(selection.metric, "takes")
        if selection.metric in _DOES:
            return f"{way(best.case)} {_DOES[selection.metric]} {selection.model} in {figure.plain}."
        said = f"{figure.plain}{_OBJECTS.get(selection.metric, '')}{_workers(best)}"
        return f"{selection.model} {verb} {said} on {way(best.case)} at batch {selection.batch}."
    other, comparison = _rival(selection)
    if comparison is None:
        return f"{way(best.case)} leads {counted(len(selection.ways), 'way')} to run {selection.model}."
    if comparison.verdict is Verdict.SAME:
        both = f"{way(best.case)} and {way(other.case)}"
        return f"No difference larger than 3\N{THIN SPACE}% between {both} for {selection.model}."
    word = ratio_word(comparison.ratio, selection.metric)
    times = format_times(comparison.ratio)
    if selection.metric is Metric.PEAK_MEMORY:
        sentence = f"{way(best.case)} runs {selection.model} in {times} {word} memory than {way(other.case)}"
    else:
        does = _DOES.get(selection.metric, "scales" if selection.metric.unit in ("x", "%") else "runs")
        sentence = f"{way(best.case)} {does} {selection.model} {times} {word} than {way(other.case)}"
    return f"{sentence}, not yet decided." if comparison.verdict is Verdict.UNDECIDED else f"{sentence}."


def answer_detail(selection: Selection) -> str:
    """The figures behind the answer, with what they hold for."""
    best, metric = selection.ways[0], selection.metric
    figure = format_estimate(best.estimates[metric], metric)
    text = f"{figure.full} {metric.title.lower()}"
    if len(selection.ways) > 1:
        other, comparison = _rival(selection)
        text += f" against {format_estimate(other.estimates[metric], metric).full}"
    else:
        comparison = None
    text += f" at batch {selection.batch}{_workers(best)}"
    if best.case.new_tokens is not None:
        text += f" for {best.case.new_tokens} new tokens"
    if metric is not Metric.PEAK_MEMORY and Metric.PEAK_MEMORY in best.estimates:
        peak = format_estimate(best.estimates[Metric.PEAK_MEMORY], Metric.PEAK_MEMORY)
        text += f", {peak.plain} peak"
    if selection.size == Size.TINY:
        text += "; tiny size, which says nothing of real speed"
    if comparison is not None and comparison.verdict is Verdict.UNDECIDED:
        text += f". Undecided: {comparison.reason}"
    return f"{text}."


def _workers(summary: CaseSummary) -> str:
    workers = summary.case.workers
    return "" if workers is None else f" with {counted(workers, 'worker')}"


def ways_title(selection: Selection) -> str:
    """Like "Two ways to run bert, 40 to 79 ms"."""
    ways, metric = selection.ways, selection.metric
    texts = format_column([summary.estimates[metric] for summary in ways], metric)
    if len(ways) == 1:
        return f"One way to run {selection.model} is {obtained(ways[0])}: {texts[0].plain}"
    number = _NUMBERS[len(ways)] if len(ways) < len(_NUMBERS) else str(len(ways))
    return f"{number} ways to run {selection.model}, {texts[0].value} to {texts[-1].plain}"


def judged_ways(selection: Selection) -> tuple[CaseSummary, CaseSummary, Comparison] | None:
    """The two ways that the answer's verdict is about, the best one second, and the verdict; None where it has none."""
    if len(selection.ways) < 2:
        return None
    other, comparison = _rival(selection)
    return None if comparison is None else (other, selection.ways[0], comparison)


def _rival(selection: Selection) -> tuple[CaseSummary, Comparison | None]:
    """What the best way is measured against: the baseline, or the runner-up when the baseline itself is best."""
    best = selection.ways[0]
    if best.case.case_id != selection.baseline.case.case_id:
        return selection.baseline, selection.comparisons.get(best.case.case_id)
    runner_up = best_first(list(selection.ways), selection.metric)[1]
    found = selection.comparisons.get(runner_up.case.case_id)
    return runner_up, _turned(found) if found is not None else None


def _turned(comparison: Comparison) -> Comparison:
    """The same comparison seen from the other side."""
    opposite = {Verdict.BETTER: Verdict.WORSE, Verdict.WORSE: Verdict.BETTER}
    return replace(
        comparison,
        ratio=1 / comparison.ratio,
        low=1 / comparison.high if comparison.high else None,
        high=1 / comparison.low if comparison.low else None,
        verdict=opposite.get(comparison.verdict, comparison.verdict),
        processes=(comparison.processes[1], comparison.processes[0]),
    )
