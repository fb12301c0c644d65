"""Reports that were made; the files themselves lie in the report folder."""

from __future__ import annotations

from typing import Any

from duckdb import DuckDBPyConnection

from engine.domain.report import StoredReport
from engine.errors import NotFound
from engine.storage.values import time_of

_SAVE = """
    insert into report
    values ($report_id, $run_id, $title, $summary, $format, $filename, $size_bytes, $created_at)
"""

_SELECT = """
    select report_id, run_id, title, summary, format, filename, size_bytes, epoch_us(created_at) from report
"""


def save(cursor: DuckDBPyConnection, report: StoredReport) -> None:
    cursor.execute(
        _SAVE,
        {
            "report_id": report.report_id,
            "run_id": report.run_id,
            "title": report.title,
            "summary": report.summary,
            "format": report.format,
            "filename": report.filename,
            "size_bytes": report.size_bytes,
            "created_at": report.created_at,
        },
    )


def recent(cursor: DuckDBPyConnection, *, limit: int = 50) -> list[StoredReport]:
    """The newest reports, newest first."""
    rows = cursor.execute(f"{_SELECT} order by created_at desc, report_id limit $limit", {"limit": limit}).fetchall()
    return [_report(row) for row in rows]


def count(cursor: DuckDBPyConnection) -> int:
    row = cursor.execute("select count(*) from report").fetchone()
    return int(row[0]) if row else 0


def get(cursor: DuckDBPyConnection, report_id: str) -> StoredReport:
    row = cursor.execute(f"{_SELECT} where report_id = $id", {"id": report_id}).fetchone()
    if row is None:
        raise NotFound(f"No report {report_id!r}; make one with `modeldyno export report`.", field="report_id")
    return _report(row)


def _report(row: tuple[Any, ...]) -> StoredReport:
    return StoredReport(
        report_id=row[0],
        run_id=row[1],
        title=row[2],
        summary=row[3],
        format=row[4],
        filename=row[5],
        size_bytes=row[6],
        created_at=time_of(row[7]),
    )
