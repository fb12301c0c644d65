"""A report that was made and can be downloaded again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReport:
    report_id: str
    run_id: str
    title: str
    summary: str
    format: str
    filename: str
    size_bytes: int
    created_at: datetime
