"""The verdicts of a run in pairs, and what resuming one has to measure anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.analysis.paired import paired_cases
from engine.contract.results import PairRow
from engine.domain.against import partner_of
from engine.domain.calibration import Resolution
from engine.domain.result import Result, ResultStatus
from engine.domain.run import Run, RunRequest
from engine.domain.summary import PairedCase
from engine.stats.resolution import resolution_in_pairs
from engine.storage import results
from engine.verdict_words import format_paired, format_resolution, resolution_grounds
from engine.workflows.calibrate import counting_calibration

if TYPE_CHECKING:
    from engine.workflows.workbench import Workbench


def verdicts_of(workbench: Workbench, run: Run) -> list[PairedCase]:
    """None for a run that is not in pairs, and for one under way: whoever looks before the end finds what is not."""
    if run.request.against is None or not run.status.is_final:
        return []
    with workbench.database.cursor() as cursor:
        return paired_cases(run.request.against, results.of_run(cursor, run.run_id))


def paired_rows(workbench: Workbench, run: Run) -> list[PairRow]:
    """One object per case and metric, the case as in the first configuration; ratios are new over base of the metric
    itself, missing values None."""
    verdicts = verdicts_of(workbench, run)
    if not verdicts:
        return []
    calibration = counting_calibration(workbench, run.environment_id)
    noise = calibration.noise if calibration is not None else None
    return [_row(found, resolution_in_pairs(found.found, noise)) for found in verdicts]


def whole_pairs(request: RunRequest, done: Sequence[Result]) -> list[Result]:
    """What need not be executed again: of a run in pairs, one without its partner is measured anew beside it."""
    against = request.against
    if against is None:
        return list(done)
    there = {(result.case, result.repetition) for result in done}
    cases = {result.case for result in done}
    return [
        result
        for result in done
        if result.status is ResultStatus.SKIPPED
        or ((partner := partner_of(against, result.case, cases)) is not None and (partner, result.repetition) in there)
    ]


def _row(paired: PairedCase, resolved: Resolution | None) -> PairRow:
    base, new, found = paired.base, paired.new, paired.found
    first, second = paired.words
    return {
        "model": base.model,
        "model_type": base.model_type,
        "size": str(base.size),
        "workload": base.workload,
        "backend": base.backend,
        "precision": base.precision,
        "batch_size": base.batch_size,
        "sequence_length": base.sequence_length,
        "threads": base.threads,
        "compiled": base.compiled,
        "attention": base.attention,
        "cold": base.cold,
        "base": first,
        "new": second,
        "base_case_id": base.case_id,
        "new_case_id": new.case_id,
        "metric": paired.metric.label,
        "unit": paired.metric.unit,
        "better": paired.metric.better,
        "ratio": found.ratio,
        "low": found.low,
        "high": found.high,
        "p_value": found.p_value,
        "q_value": found.q_value,
        "verdict": found.verdict,
        "pairs": found.pairs,
        "pairs_to_decide": found.to_decide,
        "comparisons": found.comparisons,
        "resolvable_change": resolved.change if resolved is not None else None,
        "resolution": format_resolution(resolved),
        "resolution_grounds": resolution_grounds(resolved),
        "reason": found.reason,
        "sentence": format_paired(paired),
    }
