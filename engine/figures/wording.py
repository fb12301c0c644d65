"""Phrases that titles, hover texts and tables share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.domain.case import Case, Precision, Workload
from engine.domain.measurement import Better, Metric
from engine.domain.model import is_checkpoint
from engine.domain.result import Provenance
from engine.domain.summary import CaseSummary, Comparison, Verdict
from engine.domain.tail import Tail
from engine.formatting import (
    counted,
    format_disturbances,
    format_estimate,
    format_number,
    format_time,
    format_value,
    scale_for,
)
from engine.stats.percentiles import fewest_samples
from engine.verdict_words import format_comparison

TITLE_LENGTH = 65
"""A title that answers stays below this many characters where it can."""

VERDICT_GLYPHS: Mapping[Verdict, str] = {
    Verdict.BETTER: "▲",
    Verdict.WORSE: "▼",
    Verdict.UNDECIDED: "?",
    Verdict.SAME: "=",
}


def way(case: Case) -> str:
    """Backend, precision and whatever else was chosen of how to run it: "cpu bf16", "cpu fp32 compiled"."""
    return " ".join((case.backend, case.precision, *way_options(case)))


def way_options(case: Case) -> list[str]:
    """What is not left to backend and library; two cases whose words are the same here are run alike."""
    return option_words(compiled=case.compiled, attention=case.attention, threads=case.threads, cold=case.cold)


def option_words(*, compiled: bool, attention: str | None, threads: int | None, cold: bool) -> list[str]:
    """As `way_options`, of what plain rows hold."""
    options = {
        "compiled": compiled,
        f"{attention} attention": attention is not None,
        counted(threads or 0, "thread"): threads is not None,
        "cold": cold,
    }
    return [words for words, is_so in options.items() if is_so]


def case_words(case: Case) -> str:
    """What tells a case of a run apart from its others: "bert (tiny) on cpu fp32, batch 8, startup"."""
    size = " (tiny)" if case.is_tiny else ""
    work = "" if case.workload is Workload.INFERENCE else f", {case.workload}"
    return f"{case.model}{size} on {way(case)}, batch {case.batch_size}{work}"


def way_order(case: Case) -> tuple[bool, str, int, bool, str, int, bool]:
    """Sorts ways as columns stand: the processor first, precisions from the widest down, options after none."""
    precision = list(Precision).index(case.precision)
    options = (case.compiled, case.attention or "", case.threads or 0, case.cold)
    return (case.backend != "cpu", case.backend, precision, *options)


def obtained(summary: CaseSummary) -> str:
    """How its figures came here, as follows "is": nobody here has measured what was imported."""
    return "imported" if summary.provenance is Provenance.IMPORTED else "measured"


def turned_out(summary: CaseSummary) -> str:
    """Before what a figure says while nothing is decided: "measured fastest"."""
    return "is, as imported," if summary.provenance is Provenance.IMPORTED else "measured"


def best_word(metric: Metric) -> str:
    """fastest or leanest; best for ratios, of which none is a speed."""
    if metric.unit in ("x", "%"):
        return "best"
    return "leanest" if metric.unit == "B" else "fastest"


def is_better(metric: Metric, first: float, second: float) -> bool:
    return first < second if metric.better is Better.LOWER else first > second


def best_first(summaries: list[CaseSummary], metric: Metric) -> list[CaseSummary]:
    """Those with a value of `metric`, best first."""
    known = [summary for summary in summaries if metric in summary.estimates]
    return sorted(known, key=lambda summary: summary.estimates[metric].value, reverse=metric.better is Better.HIGHER)


def shape(case: Case) -> str:
    """Like "batch 8, sequence 128"; tiny sizes say so."""
    parts = [f"batch {case.batch_size}"]
    if case.sequence_length is not None:
        parts.append(f"sequence {case.sequence_length}")
    if case.image_size is not None:
        parts.append(f"{case.image_size} px")
    if case.new_tokens is not None:
        parts.append(f"{case.new_tokens} new tokens")
    if case.workers is not None:
        parts.append(counted(case.workers, "worker"))
    if case.is_tiny:
        parts.append("tiny")
    return ", ".join(parts)


def tail_words(tails: Sequence[Tail]) -> str:
    """Of one metric: "p90 12.1 ms (11.8 – 12.6), p95 13 ms (12.5 – 13.9); median and range of 3 processes ..."."""
    if not tails:
        return ""
    first = tails[0]
    scale = scale_for([tail.value for tail in tails], first.metric)
    if first.percent is None:
        figure = f"{first.label} {format_value(first.value, first.metric, scale=scale)}"
        return f"{figure}; percentiles need {counted(fewest_samples(0.9), first.noun)} in each process"
    parts = []
    for tail in tails:
        bounds = [format_number(scale.of(bound)) for bound in (tail.low, tail.high) if bound is not None]
        value = format_value(tail.value, tail.metric, scale=scale)
        within = " \N{EN DASH} ".join(bounds)
        parts.append(f"{tail.label} {value} ({within})" if within else f"{tail.label} {value}")
    iterations = counted(first.iterations, first.noun)
    if first.processes == 1:
        interval = (
            "95 % interval" if first.low is not None else "no interval: gaps of a generation depend on each other"
        )
        return f"{', '.join(parts)}; within one process of {iterations}, {interval}"
    return f"{', '.join(parts)}; median and range of {first.processes} processes with {iterations} or more each"


def sizes_in(summaries: Sequence[CaseSummary]) -> str:
    """Which sizes a figure shows, as stands before "size": a checkpoint's is never called the default one."""
    return " and ".join(sorted({size_of(summary) for summary in summaries}))


def size_of(summary: CaseSummary) -> str:
    """Trained weights have their own; a published size is built from its configuration alone; what a size that was
    imported with its figures names, only its source knows."""
    case = summary.case
    if not is_checkpoint(case.size) or case.checkpoint is not None:
        return str(case.size)
    return "imported" if summary.provenance is Provenance.IMPORTED else "published"


def hover(summary: CaseSummary, metric: Metric, comparison: Comparison | None = None) -> str:
    """One line each: case, value with interval, n, source and time, verdict."""
    case = summary.case
    estimate = summary.estimates[metric]
    text = format_estimate(estimate, metric)
    lines = [
        f"<b>{case.model}</b> {way(case)}, {shape(case)}",
        f"{metric.title.lower()} <b>{text.plain}</b>" + (f" ({text.interval})" if text.interval else ""),
        f"{text.n}, {estimate.method}",
        f"{summary.provenance} {format_time(summary.measured_at)}",
    ]
    if comparison is not None:
        lines.append(f"{VERDICT_GLYPHS[comparison.verdict]} {format_comparison(comparison)}")
    if summary.is_noisy:
        lines.append(format_disturbances(summary.machines) or "other work disturbed it")
    return "<br>".join(lines)
