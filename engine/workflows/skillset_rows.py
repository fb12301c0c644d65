"""Skillsets and what became of generating them, as plain rows."""

from __future__ import annotations

from engine.contract.generator import GenerationRow, SkillsetRow
from engine.domain.skillset import GenerationOutcome, Skillset


def skillset_row(found: Skillset) -> SkillsetRow:
    return {
        "model_type": found.model_type,
        "family": found.family,
        "status": found.status,
        "reason": found.reason,
        "path": found.path,
        "checksum": found.checksum,
        "generator_version": found.generator_version,
        "transformers_version": found.transformers_version,
        "generated_at": found.generated_at.isoformat(),
    }


def generation_row(outcome: GenerationOutcome) -> GenerationRow:
    return {
        "model_type": outcome.model_type,
        "family": outcome.family,
        "status": outcome.status,
        "reason": outcome.reason,
        "path": outcome.path,
        "seconds": round(outcome.seconds, 3),
    }
