"""The verdicts of a run in pairs, as a report prints them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from engine.domain.calibration import MachineNoise
from engine.domain.summary import PairedCase, Verdict
from engine.figures.wording import case_words
from engine.formatting import MISSING, counted, format_count, format_number, join_words
from engine.reports.tables import Cell, Column, Table
from engine.stats.resolution import resolution_in_pairs
from engine.verdict_words import format_paired, format_resolution, would_decide

PAIR_METHOD = (
    "Each pair is two processes, one of each configuration. Where they can, they take turns of up to 30 ms or one "
    "iteration on the same cores, so that what slows the machine meets both; the notes of their results then say so. "
    "Otherwise they follow one another: on a GPU, cold, with workers, when starting up, and where both may not fit "
    "into memory. Every second time the other is first. Ratios are second over first, the median over pairs. Interval "
    "and p: the exact signed-rank test on the logarithms of the pairs' ratios, 95 %; q: p after Benjamini-Hochberg for "
    "all rows together. Better or worse: q below 0.05 and the ratio beyond ±3 %; same: the whole interval within ±3 "
    "%. The number of pairs was fixed before the run; pairs that would decide: with a probability of 80 %, if effect "
    "and spread are as observed. Resolves: the change that would be found with the same probability, if of all rows, "
    "which are corrected for one another, this were the only one that differs; where several differ, each is found "
    "more easily."
)


def pair_title(pairs: Sequence[PairedCase]) -> str:
    """The verdict of a single case, or how often each verdict stands."""
    told = [paired for paired in pairs if paired.is_headline] or list(pairs)
    if len(told) == 1:
        return f"{case_words(told[0].base)}: {format_paired(told[0])}"
    counts = Counter(paired.found.verdict for paired in told)
    words = [f"{verdict} in {format_count(counts[verdict])}" for verdict in Verdict if counts[verdict]]
    return f"{told[0].against.text} in pairs: {join_words(words)} of {counted(len(told), 'case')}"


def pair_sentences(pairs: Sequence[PairedCase]) -> list[str]:
    """One sentence per case, of its headline metric."""
    return [f"{case_words(paired.base)}: {format_paired(paired)}." for paired in pairs if paired.is_headline]


def pair_table(pairs: Sequence[PairedCase], noise: MachineNoise | None = None) -> Table:
    """Every case and metric."""
    columns = (
        Column(label="Case"),
        Column(label="Figure"),
        Column(label="Second / first"),
        Column(label="Ratio", numeric=True),
        Column(label="p", numeric=True),
        Column(label="q", numeric=True),
        Column(label="Pairs", numeric=True),
        Column(label="Verdict"),
        Column(label="Resolves"),
    )
    return Table(columns=columns, rows=tuple(_row(paired, noise) for paired in pairs))


def _row(paired: PairedCase, noise: MachineNoise | None) -> tuple[Cell, ...]:
    found = paired.found
    first, second = paired.words
    has_interval = found.low is not None and found.high is not None
    return (
        Cell(text=case_words(paired.base)),
        Cell(text=paired.metric.title),
        Cell(text=f"{second} / {first}"),
        Cell(
            text=format_number(found.ratio),
            detail=f"{format_number(found.low)} to {format_number(found.high)}" if has_interval else "",
        ),
        Cell(text=MISSING if found.p_value is None else format_number(found.p_value, 2)),
        Cell(text=MISSING if found.q_value is None else format_number(found.q_value, 2)),
        Cell(text=str(found.pairs)),
        Cell(
            text=found.verdict.value,
            detail=f"{found.reason}; {would_decide(found.to_decide)}"
            if found.verdict is Verdict.UNDECIDED
            else found.reason,
        ),
        Cell(text=format_resolution(resolution_in_pairs(found, noise)).removeprefix("resolves ")),
    )
