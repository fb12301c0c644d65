"""Everything that the house knows of one model type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.contract.overview import ConformanceRow, KnownModel
from engine.domain.conformance import Conformance
from engine.domain.model import ModelType
from engine.domain.result import ResultFilter
from engine.storage import conformance, skillsets
from engine.workflows.case_rows import case_row
from engine.workflows.case_summaries import case_summaries
from engine.workflows.model_rows import model_row
from engine.workflows.skillset_rows import skillset_row

if TYPE_CHECKING:
    from engine.workflows.workbench import Workbench


def known_model(workbench: Workbench, model: ModelType) -> KnownModel:
    """What is catalogued, generated, examined and measured of it; its checkpoints' cases among them."""
    with workbench.database.cursor() as cursor:
        generated = [found for found in skillsets.latest(cursor) if found.model_type == model.name]
        examined = conformance.newest(cursor, model_types=[model.name])
    summaries = [found for found in case_summaries(workbench, ResultFilter()) if found.case.model_type == model.name]
    return {
        "model": model_row(model),
        "skillset": skillset_row(generated[0]) if generated else None,
        "conformance": [_conformance_row(found) for found in examined],
        "cases": [case_row(summary) for summary in summaries],
        "runs": list(dict.fromkeys(summary.last_run_id for summary in summaries)),
    }


def _conformance_row(found: Conformance) -> ConformanceRow:
    return {
        "backend": found.backend,
        "precision": found.precision,
        "verdict": found.verdict,
        "library": found.library,
        "library_version": found.library_version,
        "environment": found.environment_id,
        "examined_at": found.examined_at.isoformat(),
        "checks": [
            {
                "check": outcome.check,
                "verdict": outcome.verdict,
                "reason": outcome.reason,
                "seconds": outcome.seconds,
            }
            for outcome in found.outcomes
        ],
    }
