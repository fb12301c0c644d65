"""A run in pairs, read: one verdict for each case and metric, judged together."""

from __future__ import annotations

from collections.abc import Sequence

from engine.domain.against import Against
from engine.domain.case import Case
from engine.domain.measurement import Metric
from engine.domain.result import Result, ResultStatus
from engine.domain.summary import PairedCase
from engine.domain.workload_metrics import METRICS
from engine.errors import NotEnoughData
from engine.stats.comparison import MARGIN
from engine.stats.paired import correct_pairs, paired_ratio
from engine.stats.quantiles import median


def paired_cases(against: Against, results: Sequence[Result], *, margin: float = MARGIN) -> list[PairedCase]:
    """Every case of the first configuration with its partner, headline metric first.

    `results` are how each execution of the run ended. A pair counts when both of its processes completed; a metric
    without a pair, or with a value of zero, is left out. The correction is for all cases and metrics of the run.
    """
    by_case: dict[Case, dict[int, Result]] = {}
    for result in results:
        if result.status is ResultStatus.COMPLETED:
            by_case.setdefault(result.case, {})[result.repetition] = result
    cases: list[tuple[Case, Metric]] = []
    values: list[tuple[tuple[float, ...], tuple[float, ...]]] = []
    for base in sorted(by_case, key=_reading_order):
        new = against.applied_to(base)
        if new == base or new not in by_case:
            continue
        both = sorted(by_case[base].keys() & by_case[new].keys())
        pairs = [(by_case[base][repetition], by_case[new][repetition]) for repetition in both]
        for metric in METRICS[base.workload]:
            sides = _sides(metric, pairs)
            if sides[0]:
                cases.append((base, metric))
                values.append(sides)
    found = []
    for (base, metric), (first, second) in zip(cases, values, strict=True):
        try:
            found.append(((base, metric), (first, second), paired_ratio(first, second, margin, better=metric.better)))
        except NotEnoughData:  # shown by its absence: zero has no ratio to anything
            continue
    judged = correct_pairs([ratio for _, _, ratio in found], [sides for _, sides, _ in found], margin)
    return [
        PairedCase(against=against, base=base, metric=metric, found=ratio)
        for ((base, metric), _, _), ratio in zip(found, judged, strict=True)
    ]


def _sides(metric: Metric, pairs: Sequence[tuple[Result, Result]]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The per-process values of both configurations, of the pairs where both have the metric."""
    observed = [(base.measurement(metric), new.measurement(metric)) for base, new in pairs]
    known = [(base, new) for base, new in observed if base is not None and new is not None]
    return tuple(median(base.samples) for base, _ in known), tuple(median(new.samples) for _, new in known)


def _reading_order(case: Case) -> tuple[str, str, str, str, str, int]:
    return case.workload, case.model_type, case.size, case.backend, case.precision, case.batch_size
