"""A generated module and what became of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from engine.domain.model import Family

SHARED_MODULE = "skillset_base"
"""Name of the module that the skillsets of a folder share."""


def module_name(model_type: str) -> str:
    """`hf_<type>`, with every sign that a module name cannot have as `_`: two types may come to one name."""
    return f"hf_{re.sub(r'[^0-9A-Za-z_]', '_', model_type)}"


class GenerationStatus(StrEnum):
    VERIFIED = "verified"
    """Imported and run in a fresh process, with finite outputs."""
    RENDERED = "rendered"
    """Written, not run, because verification was not asked for."""
    FAILED = "failed"
    REFUSED = "refused"
    """Nothing was written: no recipe, or a hand-edited file would have been lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skillset:
    """One generated module on disk."""

    model_type: str
    family: Family
    path: str
    checksum: str
    """SHA-256 of the module's text below its header, and of the file's that it shares with others."""
    generator_version: str
    transformers_version: str
    status: GenerationStatus
    reason: str | None
    generated_at: datetime

    @property
    def is_verified(self) -> bool:
        return self.status is GenerationStatus.VERIFIED


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationOutcome:
    """What one model type came to in one generation."""

    model_type: str
    family: Family | None
    path: str | None
    status: GenerationStatus
    reason: str | None
    seconds: float
    skillset: Skillset | None = None
