"""Reports that were made: bodies and answers."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from engine.contract.answer import Moment, TypedDict, answer
from engine.contract.queries import WHOLE, Query
from engine.contract.run_body import Name

__all__ = ["ReportBody", "ReportQuery", "ReportRow", "Reports", "ReportsQuery"]

MAX_REPORTS = 1000
"""Most reports in one answer."""


class ReportBody(BaseModel):
    """Of which run a report is made."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    run_id: Name
    """Id or number of a run."""


class ReportsQuery(Query):
    limit: Annotated[int, Field(strict=True, ge=1, le=MAX_REPORTS), WHOLE] = 50


class ReportQuery(Query):
    inline: str | None = None
    """Whatever its value, the browser shows the report instead of saving it."""


@answer
class ReportRow(TypedDict):
    """A report and where to download it."""

    report_id: str
    run_id: str
    title: str
    summary: str
    format: str
    filename: str
    size_bytes: int
    created_at: Moment
    download: str


@answer
class Reports(TypedDict):
    """Newest first."""

    reports: list[ReportRow]
