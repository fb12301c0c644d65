"""Every case in one table that sorts, filters and remembers its columns; and the same rows as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from engine.domain.case import Precision
from engine.domain.measurement import Metric
from engine.domain.model import Family
from engine.domain.summary import CaseSummary
from engine.figures.wording import size_of, way_options, way_order
from engine.formatting import MISSING, Scale, counted, format_estimate, format_time, format_time_iso, scale_for

METRICS: tuple[Metric, ...] = tuple(Metric)
COLUMNS: Mapping[str, str] = {
    "model": "Model",
    "family": "Family",
    "backend": "Backend",
    "precision": "Precision",
    "options": "Options",
    "size": "Size",
    "batch": "Batch",
    "input": "Input",
    "workload": "Workload",
    **{metric.label: metric.title for metric in METRICS},
    "n": "n",
    "status": "Status",
    "source": "Source",
    "device": "Ran on",
    "measured": "Measured",
}
"""Column -> its title, in order."""
USUAL = (
    "model",
    "family",
    "backend",
    "precision",
    "options",
    "size",
    "batch",
    "workload",
    "latency",
    "throughput",
    "inter_token_latency",
    "generation_throughput",
    "requests_per_second",
    "speedup",
    "peak_memory",
    "n",
    "status",
    "source",
    "measured",
)
"""What is shown until somebody chooses; metrics that no case has stay hidden."""
NARROW = ("model", "precision", "batch", "latency")
"""What fits a phone."""
_NUMERIC = frozenset({"batch", "n", *(metric.label for metric in METRICS)})


def scales(summaries: Sequence[CaseSummary]) -> dict[Metric, Scale]:
    """One unit per metric for the whole column; metrics that nobody measured are left out."""
    values = {
        metric: [summary.estimates[metric].value for summary in summaries if metric in summary.estimates]
        for metric in METRICS
    }
    return {metric: scale_for(found, metric) for metric, found in values.items() if found}


def grid_columns(
    units: Mapping[Metric, Scale], shown: Sequence[str], *, with_options: bool = False
) -> list[dict[str, Any]]:
    """Column definitions; those not in `shown` are hidden, and so are metrics, and options, without any value.

    Always all of them, so that the browser keeps their order when it remembers the columns.
    """
    by_label = {metric.label: metric for metric in METRICS}
    empty = {name for name, metric in by_label.items() if metric not in units}
    empty |= set() if with_options else {"options"}
    return [
        _column(name, by_label.get(name), units, hidden=name != "model" and (name not in shown or name in empty))
        for name in COLUMNS
    ]


def grid_rows(summaries: Sequence[CaseSummary], units: Mapping[Metric, Scale]) -> list[dict[str, Any]]:
    """One row per case, by family and name: values in the column's unit, and beside each the text that it supports."""
    return [_row(summary, units) for summary in sorted(summaries, key=_order)]


def csv_text(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], header: Sequence[str]) -> str:
    """`rows` as the grid shows them now, below `header` lines that say what they are.

    A metric becomes three columns: its median and both ends of its interval.
    """
    text = io.StringIO()
    for line in header:
        text.write("# " + " ".join(line.split()) + "\r\n")
    labels = {metric.label for metric in METRICS}
    fields = [field for name in columns for field in (_measured_fields(name) if name in labels else (name,))]
    writer = csv.writer(text)
    writer.writerow([_csv_title(field, rows) for field in fields])
    for row in rows:
        writer.writerow([_csv_value(row.get(_CSV_FIELDS.get(field, field))) for field in fields])
    return text.getvalue()


_LEAST_PIXELS = {"family": 100, "backend": 100, "options": 82, "workload": 98}
"""In which the usual words of a column stand whole."""
_CSV_FIELDS = {"measured": "measured_iso"}


def _measured_fields(name: str) -> tuple[str, str, str]:
    return name, f"{name}_low", f"{name}_high"


def _csv_title(field: str, rows: Sequence[Mapping[str, Any]]) -> str:
    base = field.removesuffix("_low").removesuffix("_high")
    unit = next((row[f"{base}_unit"] for row in rows if row.get(f"{base}_unit")), None)
    return f"{field} [{unit}]" if unit else field


def _csv_value(value: Any) -> Any:
    """Numbers as they are; text that a spreadsheet would run as a formula is kept from it."""
    if value is None:
        return ""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@") and value != MISSING:
        return f"'{value}"
    return value


def _order(summary: CaseSummary) -> tuple[Any, ...]:
    case = summary.case
    families, precisions = list(Family), list(Precision)
    return (
        families.index(case.family),
        case.model,
        case.workload.value,
        case.backend,
        precisions.index(case.precision),
        way_order(case),
        case.batch_size,
    )


def _column(name: str, metric: Metric | None, units: Mapping[Metric, Scale], *, hidden: bool) -> dict[str, Any]:
    title = f"{COLUMNS[name]}, {units[metric].unit}" if metric in units else COLUMNS[name]
    column: dict[str, Any] = {"field": name, "headerName": title, "hide": hidden, "flex": 1}
    column |= {"minWidth": _LEAST_PIXELS.get(name, 64)}
    if metric is not None:
        shown = {"function": f"params.data.{name}_text"}
        column |= {"valueFormatter": shown, "tooltipField": f"{name}_detail", "headerTooltip": metric.definition}
        column |= {"minWidth": max(92, round(len(title) * 6.2) + 24), "cellClass": "ag-right-aligned-cell grid-figure"}
    if name in _NUMERIC:
        column |= {"type": "rightAligned", "filter": "agNumberColumnFilter"}
    if name == "measured":
        column |= {"tooltipField": "measured_iso", "valueFormatter": {"function": "params.data.measured_text"}}
        column |= {"minWidth": 104}
    if name == "status":
        column |= {"tooltipField": "reason", "minWidth": 84}
        column |= {"cellClassRules": {"status-failed": "params.value != 'ok'", "status-ok": "params.value == 'ok'"}}
    if name == "source":
        column |= {"minWidth": 84, "cellClassRules": {"provenance-imported": "params.value == 'imported'"}}
    if name == "model":
        column |= {"pinned": "left", "flex": 0, "width": 118, "cellClass": "grid-name", "lockPinned": True}
    if name in ("n", "batch"):
        column |= {"minWidth": 62, "flex": 0, "width": 66}
    return column


def _row(summary: CaseSummary, units: Mapping[Metric, Scale]) -> dict[str, Any]:
    case = summary.case
    failure = summary.last_failure
    row: dict[str, Any] = {
        "case_id": case.case_id,
        "model": case.model,
        "family": case.family.label,
        "backend": case.backend,
        "precision": case.precision.value,
        "options": ", ".join(way_options(case)) or MISSING,
        "size": size_of(summary),
        "batch": case.batch_size,
        "input": _input(summary),
        "workload": case.workload.value,
        "n": summary.completed,
        "status": "ok" if summary.completed and not summary.failed else f"{summary.failed} failed",
        "reason": failure.reason if failure is not None else None,
        "source": summary.provenance.value,
        "device": summary.actual_device or MISSING,
        "measured": summary.measured_at.timestamp(),
        "measured_text": format_time(summary.measured_at),
        "measured_iso": format_time_iso(summary.measured_at),
    }
    for metric, scale in units.items():
        row |= _figures(summary, metric, scale)
    return row


def _input(summary: CaseSummary) -> str:
    case = summary.case
    parts = [f"{case.sequence_length}"] if case.sequence_length is not None else []
    if case.image_size is not None:
        parts.append(f"{case.image_size} px")
    if case.new_tokens is not None:
        parts.append(f"{case.new_tokens} new")
    if case.workers is not None:
        parts.append(counted(case.workers, "worker"))
    return ", ".join(parts) or MISSING


def _figures(summary: CaseSummary, metric: Metric, scale: Scale) -> dict[str, Any]:
    name, estimate = metric.label, summary.estimates.get(metric)
    if estimate is None:
        return {name: None, f"{name}_text": MISSING}
    text = format_estimate(estimate, metric, scale=scale)
    return {
        name: scale.of(estimate.value),
        f"{name}_low": None if estimate.low is None else scale.of(estimate.low),
        f"{name}_high": None if estimate.high is None else scale.of(estimate.high),
        f"{name}_unit": scale.unit,
        f"{name}_text": text.value,
        f"{name}_detail": f"{text.full}, {text.n}, {estimate.method}",
    }
