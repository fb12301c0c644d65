"""The tables of results and summaries, from the same rows that `--json` prints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from statistics import median
from typing import Any

from engine.cli.option_column import IDENTITY, OptionColumn, options_of
from engine.cli.output import print_line, print_rows
from engine.domain.case import Workload
from engine.domain.measurement import Metric
from engine.domain.model import Size
from engine.domain.summary import Verdict
from engine.domain.workload_metrics import METRICS
from engine.formatting import MISSING, format_number, format_time, format_value, scale_for

Row = Mapping[str, Any]

_HEADLINES = METRICS[Workload.INFERENCE][:3]
"""What a table of no results shows."""
_CASE_HEADINGS = ("Model", "Size", "Backend", "Precision", "Batch", "Type")
"""Of IDENTITY."""
_PLAIN_HEADINGS = (
    "result_id",
    "run_id",
    "model_type",
    *IDENTITY,
    "sequence_length",
    "image_size",
    "new_tokens",
    "workers",
    "threads",
    "compiled",
    "attention",
    "cold",
    "checkpoint",
    "status",
    "failure",
    "actual_device",
    "provenance",
    "environment",
    "measured_at",
    "is_noisy",
)


def print_results(rows: Sequence[Row], style: str) -> None:
    """One line per result: for people a table for each workload, with units and the few columns that fit, else every
    column in SI units."""
    if style == "table":
        for same in _by_workload(rows) or [list(rows)]:
            _print_table(same)
        return
    names = [metric.label for metric in Metric]
    print_rows([*_PLAIN_HEADINGS, *names], _plain_rows(rows), style, numeric=names)


def _by_workload(rows: Iterable[Row]) -> list[list[Row]]:
    """Each workload has metrics of its own; in the order of the closed list."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(str(row["workload"]), []).append(row)
    return [found[workload] for workload in Workload if workload in found]


def _print_table(rows: Sequence[Row]) -> None:
    metrics = _metrics_of(rows)
    options = OptionColumn.of(rows)
    headings = ["Run", *_CASE_HEADINGS, *options.heading, "Status"]
    titles = [metric.title for metric in metrics]
    lines = (
        [
            row["run_id"],
            *(row[name] for name in IDENTITY),
            *options.cell(row),
            _status(row),
            *(_shown(row, metric) for metric in metrics),
            format_time(datetime.fromisoformat(row["measured_at"])),
        ]
        for row in rows
    )
    print_rows([*headings, *titles, "Measured"], lines, "table", numeric=("Batch", *titles))


def print_run_summary(rows: Iterable[Row]) -> None:
    """One line per case: the median over its processes with the smallest and largest, or why there is none.

    A table for each workload. Nothing is printed of a run that ended before its first result.
    """
    for same in _by_workload(rows):
        _print_cases(same)


def _print_cases(rows: Sequence[Row]) -> None:
    cases: dict[str, list[Row]] = {}
    for row in rows:
        cases.setdefault(row["case_id"], []).append(row)
    ordered = sorted(cases.values(), key=lambda group: _reading_order(group[0]))
    options = OptionColumn.of(rows)
    metrics = _metrics_of(rows)
    titles = [metric.title for metric in metrics]
    lines = (
        [
            *(group[0][name] for name in IDENTITY),
            *options.cell(group[0]),
            *(_spread(group, metric) for metric in metrics),
            _group_status(group),
        ]
        for group in ordered
    )
    headings = [*_CASE_HEADINGS, *options.heading, *titles, "Outcome"]
    print_rows(headings, lines, "table", numeric=("Batch", *titles))


def _reading_order(row: Row) -> tuple[Any, ...]:
    return (*(row[name] for name in IDENTITY), options_of(row), row["sequence_length"] or 0)


def print_pairs(rows: Sequence[Row]) -> None:
    """The verdicts of a run in pairs, one line per case and metric; nothing of any other run."""
    if not rows:
        return
    headings = ["Case", "Metric", "New / base", "Ratio", "95 % interval", "p", "q", "Pairs", "Verdict", "Resolves"]
    lines = (
        [
            _case_of(row),
            Metric.named(row["metric"]).title,
            f"{row['new']} / {row['base']}",
            format_number(row["ratio"]),
            MISSING if row["low"] is None else f"{format_number(row['low'])} to {format_number(row['high'])}",
            format_number(row["p_value"], 2),
            format_number(row["q_value"], 2),
            row["pairs"],
            _verdict(row),
            _resolves(row["resolution"]),
        ]
        for row in rows
    )
    print_rows(headings, lines, "table", numeric=("Ratio", "p", "q", "Pairs"))
    among = max(row["comparisons"] for row in rows)
    if among > 1:
        print_line(f"Verdicts and what they resolve are corrected for {among} comparisons.")


def _case_of(row: Row) -> str:
    """Like "bert tiny cpu fp32 batch 1", with what else tells it apart."""
    parts = (
        row["model"],
        row["size"] if row["size"] == Size.TINY else "",
        row["backend"],
        row["precision"],
        *options_of(row),
        f"batch {row['batch_size']}",
        row["workload"] if row["workload"] != Workload.INFERENCE else "",
    )
    return " ".join(part for part in parts if part)


def _verdict(row: Row) -> str:
    if row["verdict"] != Verdict.UNDECIDED:
        return str(row["verdict"])
    needed = row["pairs_to_decide"]
    return f"undecided (about {needed} would decide)" if needed is not None else "undecided"


def _resolves(words: str) -> str:
    """Without what the headings and the line below say: "±3.5 %", or "8 pairs: ±3.5 %"."""
    return words.removeprefix("resolves ").partition(" among ")[0].replace(" would resolve", ":")


def _plain_rows(rows: Iterable[Row]) -> Iterator[list[Any]]:
    for row in rows:
        flat = {**row, "failure": row["failure"]["reason"] if row["failure"] else None}
        yield [flat[name] for name in _PLAIN_HEADINGS] + [_median(row, metric) for metric in Metric]


def _metrics_of(rows: Sequence[Row]) -> list[Metric]:
    """The metrics that any of these rows of one workload carries, headline first; the usual ones when none does."""
    present = {name for row in rows for name in row["metrics"]}
    ordered = dict.fromkeys((*METRICS[Workload(rows[0]["workload"])], *Metric)) if rows else ()
    return [metric for metric in ordered if metric.label in present] or list(_HEADLINES)


def _median(row: Row, metric: Metric) -> float | None:
    found = row["metrics"].get(metric.label)
    return None if found is None else found["median"]


def _shown(row: Row, metric: Metric) -> str:
    return format_value(_median(row, metric), metric)


def _status(row: Row) -> str:
    return f"{row['status']}: {row['failure']['reason']}" if row["failure"] else str(row["status"])


def _spread(group: Sequence[Row], metric: Metric) -> str:
    values = [value for row in group if (value := _median(row, metric)) is not None]
    if not values:
        return format_value(None, metric)
    middle = format_value(median(values), metric)
    if len(values) == 1:
        return middle
    if metric.unit.endswith("/s"):  # too long to be said three times
        scale = scale_for([median(values)], metric)
        return f"{middle} ({format_number(scale.of(min(values)))} to {format_number(scale.of(max(values)))})"
    return f"{middle} ({format_value(min(values), metric)} to {format_value(max(values), metric)})"


def _group_status(group: Sequence[Row]) -> str:
    failures = [_status(row) for row in group if row["failure"]]
    completed = sum(row["status"] == "completed" for row in group)
    counts = f"{completed} of {len(group)} completed"
    return f"{counts}; {failures[0]}" if failures else counts
