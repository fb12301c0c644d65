"""A report of one run, kept in the report folder and in the database."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from engine.analysis.paired import paired_cases
from engine.analysis.summarise import summarise
from engine.analysis.tails import tails_of
from engine.domain.report import StoredReport
from engine.errors import DiskFull, NotFinished, ReportUnwritable, StorageError
from engine.reports.answers import report_summary, report_title
from engine.reports.content import build_content
from engine.reports.html import render_html
from engine.storage import calibrations, environments, reports, results, runs

if TYPE_CHECKING:
    from engine.workflows.workbench import Workbench

_NO_ROOM = (28, 122)
"""ENOSPC and EDQUOT."""


def make_report(workbench: Workbench, run_id: str) -> StoredReport:
    """Write the self-contained HTML report of a run that has ended. Raises NotFound, NotFinished or StorageError."""
    with workbench.database.cursor() as cursor:
        run = runs.get(cursor, run_id)
        if not run.status.is_final:
            raise NotFinished(
                f"Run {run.number} is {run.status} with {run.done} of {run.total} executions done; "
                "a report is made once it has ended."
            )
        environment = environments.get(cursor, run.environment_id)
        rows = results.of_run(cursor, run.run_id)
        calibration = calibrations.counting(cursor, run.environment_id)
    created_at = datetime.now(UTC)
    report_id = uuid4().hex[:12]
    summaries = summarise(rows, {environment.environment_id: environment})
    content = build_content(
        run,
        environment,
        summaries,
        rows,
        report_id=report_id,
        created_at=created_at,
        pairs=[] if run.request.against is None else paired_cases(run.request.against, rows),
        calibration=calibration,
        tails={summary.case.case_id: tails_of(summary, rows) for summary in summaries},
    )
    document = render_html(content)
    filename = f"modeldyno-run-{run.number}-{created_at:%Y%m%dT%H%M%SZ}-{report_id[:4]}.html"
    path = workbench.settings.report_dir / filename
    _write(path, document)
    report = StoredReport(
        report_id=report_id,
        run_id=run.run_id,
        title=report_title(content),
        summary=report_summary(content),
        format="html",
        filename=filename,
        size_bytes=len(document),
        created_at=created_at,
    )
    try:
        workbench.database.write(lambda cursor: reports.save(cursor, report))
    except StorageError:
        path.unlink(missing_ok=True)  # no list would ever name it
        raise
    return report


def _write(path: Path, document: bytes) -> None:
    """All of the file or nothing of it."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(document)
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):  # the folder itself may be what is wrong
            draft.unlink()
        kind = DiskFull if error.errno in _NO_ROOM else ReportUnwritable
        raise kind(
            f"The report could not be written to {path}: {error.strerror}. Free some room or change the folder's "
            "permissions, then make it again."
        ) from error
