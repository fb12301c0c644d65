"""The Coverage page's rows as a file: exactly the types that pass its filters, below what they are."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.coverage_choice import way_of
from app.coverage_state import CoverageState, write_state
from engine import __version__
from engine.domain.coverage import CoverageEntry
from engine.formatting import counted, format_time_iso
from engine.reports.coverage_rows import COLUMNS, coverage_row, flat_row
from engine.reports.coverage_words import way_words
from engine.workflows.coverage import Coverage


def coverage_download(
    found: Coverage, state: CoverageState, shown: Sequence[CoverageEntry], *, kind: str, at: datetime
) -> dict[str, str]:
    """What dcc.Download takes; `kind` is csv or json."""
    header = [
        f"ModelDyno {__version__}, made {format_time_iso(at)}",
        f"library versions: {', '.join(version.label for version in found.current)}",
        f"filters: {write_state(state).lstrip('?')}",
        f"{counted(len(shown), 'model type')} on {way_words(*way_of(state))}; seconds, operations and bytes",
    ]
    text = _json_text(shown, header) if kind == "json" else _csv_text(shown, header)
    media_type = "application/json" if kind == "json" else "text/csv"
    return {"content": text, "filename": f"modeldyno-coverage-{at:%Y%m%d-%H%M}.{kind}", "type": media_type}


def _csv_text(entries: Sequence[CoverageEntry], header: Sequence[str]) -> str:
    text = io.StringIO()
    for line in header:
        text.write("# " + " ".join(line.split()) + "\r\n")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for entry in entries:
        writer.writerow([_csv_value(value) for value in flat_row(coverage_row(entry))])
    return text.getvalue()


def _json_text(entries: Sequence[CoverageEntry], header: Sequence[str]) -> str:
    return json.dumps({"about": list(header), "rows": [coverage_row(entry) for entry in entries]}, indent=1)


def _csv_value(value: Any) -> Any:
    """Text that a spreadsheet would run as a formula is kept from it."""
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@") else value
