"""The tables of coverage: every type in a line, one type check by check, and what changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.analysis.conformance_changes import ConformanceChange
from engine.cli.output import print_json, print_line, print_rows
from engine.domain.conformance import Check, CheckOutcome, Conformance, Verdict
from engine.domain.coverage import CoverageEntry
from engine.domain.hardware import Environment
from engine.formatting import format_bytes, format_count, format_duration, format_time
from engine.reports.coverage_rows import COLUMNS, coverage_row, flat_row
from engine.reports.coverage_words import CHECK_TITLES, VERDICT_TITLES, conformance_command, way_words


def print_coverage(entries: Sequence[CoverageEntry], style: str, *, with_detail: bool = False) -> None:
    """One line per entry: for people the verdict of each check and the first reason, else everything in SI units."""
    if style == "json":
        print_json([coverage_row(entry, with_detail=with_detail) for entry in entries])
        return
    if style == "table":
        headings = ["Model", "Backend", "Precision", *CHECK_TITLES.values(), "Reason"]
        lines = (
            [
                entry.model_type,
                entry.backend,
                entry.precision.value,
                *(_word(entry.outcome(check)) for check in Check),
                entry.first_reason,
            ]
            for entry in entries
        )
        print_rows(headings, lines, style)
        return
    numeric = ("seconds", "flops", "bytes_moved", "peak_rss_bytes")
    print_rows(COLUMNS, (flat_row(coverage_row(entry)) for entry in entries), style, numeric=numeric)


def print_type(entries: Sequence[CoverageEntry], environments: Mapping[str, Environment]) -> None:
    """One type on each way: its checks with their reasons, then the tracebacks."""
    for entry in entries:
        print_line(f"{entry.model_type} on {way_words(entry.backend, entry.precision)}: {_overall(entry)}")
        found = entry.conformance
        if found is not None:
            print_line(_source(found, environments.get(found.environment_id)))
            lines = (
                [CHECK_TITLES[o.check], VERDICT_TITLES[o.verdict], format_duration(o.seconds), o.reason]
                for o in found.outcomes
            )
            print_rows(("Check", "Verdict", "Took", "Reason"), lines, "table", numeric=("Took",))
            for outcome in found.outcomes:
                if outcome.detail:
                    print_line(f"{CHECK_TITLES[outcome.check]}:\n{outcome.detail.rstrip()}\n")
    print_line(f"Examine again: {conformance_command([entries[0].model_type])}")


def print_changes(changes: Sequence[ConformanceChange], style: str) -> None:
    names = ("kind", "model_type", "backend", "precision", "check", "before", "after", "reason")
    rows = [[getattr(change, name) for name in names] for change in changes]
    if style == "json":
        print_json([dict(zip(names, row, strict=True)) for row in rows])
    elif style == "table":
        print_rows(
            ("Change", "Model", "Backend", "Precision", "Check", "Before", "After", "Reason"),
            (
                [
                    *row[:4],
                    None if change.check is None else CHECK_TITLES[change.check],
                    *(None if verdict is None else VERDICT_TITLES[verdict] for verdict in row[5:7]),
                    change.reason,
                ]
                for row, change in zip(rows, changes, strict=True)
            ),
            style,
        )
    else:
        print_rows(names, rows, style)


def _word(outcome: CheckOutcome | None) -> str | None:
    """None for what was not tried: the table shows a dash."""
    return None if outcome is None or outcome.verdict is Verdict.NOT_TRIED else VERDICT_TITLES[outcome.verdict]


def _overall(entry: CoverageEntry) -> str:
    reason = f" ({entry.first_reason})" if entry.conformance is None and entry.first_reason else ""
    return f"{VERDICT_TITLES[entry.verdict]}{reason}"


def _source(found: Conformance, environment: Environment | None) -> str:
    parts = [
        f"{found.library} {found.library_version}, torch {found.torch_version}",
        format_time(found.examined_at),
        environment.label if environment is not None else found.environment_id,
        *([f"{format_count(found.flops)} operations"] if found.flops is not None else []),
        *([f"{format_bytes(found.bytes_moved)} moved"] if found.bytes_moved is not None else []),
        *([f"peak {format_bytes(found.peak_rss_bytes)}"] if found.peak_rss_bytes is not None else []),
        f"took {format_duration(found.seconds)}",
    ]
    return " · ".join(parts)
