"""Which summaries a page of figures is drawn from: like with like, and the page's own choice where nobody chose."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from app.url_state import ViewState
from engine.domain.case import Case, Workload
from engine.domain.measurement import Metric
from engine.domain.model import Family, Size, is_checkpoint, real_size
from engine.domain.result import Result, ResultStatus
from engine.domain.summary import CaseSummary, Comparison
from engine.domain.workload_metrics import METRICS
from engine.figures.references import compared, reference
from engine.figures.wording import best_first, way
from engine.stats.quantiles import median

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What the Overview shows; every summary in it has `metric`."""

    model: str
    """A model type, or a checkpoint by its name."""
    batch: int
    size: str
    metric: Metric
    workload: Workload
    ways: tuple[CaseSummary, ...]
    """The model at the batch size, run each way, best first."""
    curve: tuple[CaseSummary, ...]
    """The model at every batch size."""
    ranking: tuple[CaseSummary, ...]
    """One per model, run one way at the batch size, best first: tiny ones, or all that are not."""
    baseline: CaseSummary
    comparisons: Mapping[str, Comparison]
    """By case id: each way but the baseline against it, corrected for everything that is measured."""


def in_one_environment(summaries: Sequence[CaseSummary], here: str) -> list[CaseSummary]:
    """Those measured in the environment `here`; where it has none, those of the one measured last.

    Figures of different machines or library versions never share a page. `summaries` are newest first.
    """
    chosen = here if any(summary.environment_id == here for summary in summaries) else None
    if chosen is None and summaries:
        chosen = summaries[0].environment_id
    return [summary for summary in summaries if summary.environment_id == chosen]


def metric_of(state: ViewState) -> Metric:
    """The chosen metric where the workload measures it, else the workload's headline."""
    offered = METRICS[workload_of(state)]
    return state.metric if state.metric in offered else offered[0]


def workload_of(state: ViewState) -> Workload:
    """The chosen workload; a metric that belongs to another one brings that one along."""
    if state.workload is not None:
        return state.workload
    return next((workload for workload, metrics in METRICS.items() if state.metric in metrics), Workload.INFERENCE)


def chosen_workload(state: ViewState) -> Workload | None:
    """What a filter shows: None where inference is meant without anybody having said so."""
    workload = workload_of(state)
    return None if state.workload is None and workload is Workload.INFERENCE else workload


def narrowed(summaries: Sequence[CaseSummary], state: ViewState, *, but: Sequence[str] = ()) -> list[CaseSummary]:
    """Those that pass every chosen filter, except the fields named in `but`."""

    def passes(case: Case) -> bool:
        if "model" not in but and state.model not in (None, case.model, case.model_type):
            return False
        pairs: dict[str, tuple[Any, Any]] = {
            "family": (state.family, case.family),
            "backend": (state.backend, case.backend),
            "precision": (state.precision, case.precision),
            "batch": (state.batch, case.batch_size),
            "size": (state.size, case.size),
            "workload": (workload_of(state), case.workload),
        }
        return all(name in but or wanted is None or wanted == found for name, (wanted, found) in pairs.items())

    return [summary for summary in summaries if passes(summary.case)]


def select(summaries: Sequence[CaseSummary], state: ViewState) -> Selection | None:
    """None when nothing that passes the filters has the metric."""
    metric = metric_of(state)
    known = [summary for summary in summaries if metric in summary.estimates]
    at_batch = narrowed(known, state)
    if not at_batch:
        return None
    model = _shown_model(at_batch, state.model)
    at_batch = [summary for summary in at_batch if summary.case.model == model]
    size = state.size or real_size({summary.case.size for summary in at_batch})
    at_batch = alike([summary for summary in at_batch if summary.case.size == size])
    setting = _setting(at_batch[0].case)
    of_model = [
        summary
        for summary in narrowed(known, replace(state, model=model, size=size), but=("batch",))
        if _setting(summary.case) == setting
    ]
    batch = state.batch or min(summary.case.batch_size for summary in of_model)
    ways = best_first([summary for summary in of_model if summary.case.batch_size == batch], metric)
    baseline = reference(ways)
    place = baseline.case
    judged = compared(known, way(place), metric)
    ranked = [
        summary
        for summary in narrowed(known, state, but=("model", "batch", "size"))
        if _place(summary.case) == _place(place)
    ]
    return Selection(
        model=model,
        batch=batch,
        size=size,
        metric=metric,
        workload=workload_of(state),
        ways=tuple(ways),
        curve=tuple(sorted(of_model, key=lambda summary: summary.case.batch_size)),
        ranking=tuple(best_first(_one_per_model(ranked), metric)),
        baseline=baseline,
        comparisons={s.case.case_id: judged[s.case.case_id] for s in ways if s.case.case_id in judged},
    )


def _shown_model(summaries: Sequence[CaseSummary], asked: str | None) -> str:
    """The model asked for; where a type is and only its checkpoints were measured, one of them."""
    return asked if any(summary.case.model == asked for summary in summaries) and asked else most_measured(summaries)


def sizes_in_use(cases: Collection[Case]) -> list[str]:
    """As a menu lists them: tiny and default where they occur, then checkpoints by name."""
    found = {case.size for case in cases}
    return [*(size.value for size in Size if size in found), *sorted(filter(is_checkpoint, found))]


def most_measured(summaries: Sequence[CaseSummary]) -> str:
    """The model with most cases; among equals the first by family, then by name."""
    counts = Counter(summary.case.model for summary in summaries)
    families = {summary.case.model: list(Family).index(summary.case.family) for summary in summaries}
    return min(counts, key=lambda model: (-counts[model], families[model], model))


def alike(summaries: Sequence[CaseSummary]) -> list[CaseSummary]:
    """Those that do the commonest work, of one input shape and one set of weights: what may share an axis."""
    if not summaries:
        return []
    commonest = _most(summaries, lambda summary: _setting(summary.case))
    return [summary for summary in summaries if _setting(summary.case) == commonest]


def history(results: Sequence[Result], case_id: str, metric: Metric, shown_run: str) -> list[tuple[float, ...]]:
    """Per-process medians of one case, a tuple for each run that completed it, oldest run first.

    It ends with `shown_run`, whose figures the page shows: a run just begun says nothing yet.
    """
    by_run: dict[str, list[float]] = {}
    for result in sorted(results, key=lambda found: found.started_at):
        measured = result.measurement(metric)
        if result.case.case_id == case_id and result.status is ResultStatus.COMPLETED and measured is not None:
            by_run.setdefault(result.run_id, []).append(median(measured.samples))
    last = list(by_run).index(shown_run) if shown_run in by_run else len(by_run)
    return [tuple(values) for values in by_run.values()][: last + 1]


def _place(case: Case) -> tuple[Any, ...]:
    """What models must share to stand in one ranking; each has its own input."""
    return (case.way, case.batch_size, case.is_tiny, case.new_tokens, case.workers)


def _setting(case: Case) -> tuple[Any, ...]:
    return (case.task, case.work)


def _one_per_model(summaries: Sequence[CaseSummary]) -> list[CaseSummary]:
    """Where a model was measured in several shapes, the commonest one."""
    models = dict.fromkeys(summary.case.model for summary in summaries)
    return [alike([s for s in summaries if s.case.model == model])[0] for model in models]


def _most(summaries: Sequence[CaseSummary], key: Callable[[CaseSummary], Value]) -> Value:
    """The commonest value, the first met among equals."""
    return Counter(key(summary) for summary in summaries).most_common(1)[0][0]
