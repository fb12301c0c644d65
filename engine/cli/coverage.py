"""modeldyno coverage"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click
from click.core import ParameterSource

from engine.analysis.coverage import count
from engine.backends import BACKENDS
from engine.cli.coverage_tables import print_changes, print_coverage, print_type
from engine.cli.open_workbench import open_workbench
from engine.cli.options import BACKEND_LIST, PRECISION_LIST, Common, Listed, local_options
from engine.cli.output import FORMATS, OutputRefused, print_json, say
from engine.domain.case import Precision
from engine.domain.conformance import Check, Verdict
from engine.domain.coverage import CoverageEntry, CoverageFilter
from engine.domain.model import Family
from engine.reports.coverage_document import coverage_document
from engine.reports.coverage_words import change_counts, conformance_command, summary_line
from engine.workflows.coverage import Coverage, changes_since, coverage, examined_in_detail
from engine.workflows.workbench import Workbench

_LAST = "last"
_OF_ROWS = ("models", "families", "verdicts", "backends", "precisions", "check", "since", "style", "as_json")
"""Options that have no say in the document of --write."""
_NOTHING = (
    "No model type was examined yet. `modeldyno conformance --priority all` examines all of them; "
    "`modeldyno conformance --model bert` examines one."
)


def _verdict(text: str) -> Verdict:
    known = [verdict.value for verdict in Verdict]
    if text not in known:
        raise ValueError(f"Unknown verdict {text!r}. Choose from: {', '.join(known)}.")
    return Verdict(text)


@click.command(name="coverage")
@click.option(
    "--model", "models", multiple=True, metavar="NAME", help="Only this model type, or a checkpoint's; may be repeated."
)
@click.option(
    "--family", "families", multiple=True, type=click.Choice([f.value for f in Family]), help="Only this family."
)
@click.option(
    "--verdict",
    "verdicts",
    type=Listed("verdicts", _verdict),
    default=(),
    help="Only these: works, partial, fails, unavailable, not_applicable, not_tried. Of --check, else of the type.",
)
@click.option("--backend", "backends", type=BACKEND_LIST, default=(), help="Only these backends.")
@click.option("--precision", "precisions", type=PRECISION_LIST, default=(), help="Only these precisions.")
@click.option("--check", type=click.Choice([check.value for check in Check]), help="The check that --verdict is of.")
@click.option(
    "--changes",
    "since",
    is_flag=False,
    flag_value=_LAST,
    metavar="[VERSION]",
    help="What changed since the library version examined before the last one, or since VERSION; regressions first.",
)
@click.option("--write", "document", type=click.Path(path_type=Path), help="Write all of it as Markdown to this file.")
@click.option(
    "--format", "style", default="table", show_default=True, type=click.Choice(FORMATS), help="How rows are written."
)
@local_options
def coverage_command(
    common: Common,
    style: str,
    document: Path | None,
    since: str | None,
    models: tuple[str, ...],
    families: tuple[str, ...],
    verdicts: tuple[Verdict, ...],
    backends: tuple[str, ...],
    precisions: tuple[Precision, ...],
    check: str | None,
) -> int:
    """Show which model types work, check by check.

    One line per type, backend and precision, one column per check: what the newest examination by `modeldyno
    conformance` showed in the library version examined last. One type alone, with --model, is shown with all its
    reasons and tracebacks.
    """
    common.refuse_server("coverage", "The server's Overview has the same under Coverage.")
    if document is not None:
        _refuse_beside_write()
    style = "json" if common.as_json else style
    with open_workbench(common, only_reads=True) as workbench:
        found = coverage(workbench)
        wanted = CoverageFilter(
            model_types=tuple(_known(workbench, found, name, quiet=common.quiet) for name in models),
            families=tuple(Family(family) for family in families),
            verdicts=verdicts,
            check=None if check is None else Check(check),
            backends=tuple(BACKENDS.get(name, field="backend").name for name in backends),
            precisions=precisions,
        )
        if not found.entries:
            if style == "json":
                print_json([])
            say(_NOTHING, quiet=common.quiet)
            return 0
        if document is not None:
            return _write(found, document, common)
        if since is not None:
            return _changes(workbench, wanted, since, style, common)
        chosen = [entry for entry in found.entries if wanted.admits(entry)]
        is_one_type = len(wanted.model_types) == 1
        if is_one_type:
            chosen = _in_detail(workbench, chosen, wanted.model_types[0])
        if is_one_type and style == "table" and chosen:
            print_type(chosen, found.environments)
            return 0
    if chosen or style != "table":
        print_coverage(chosen, style, with_detail=is_one_type)
    _say_summary(found, wanted, len(chosen), quiet=common.quiet)
    return 0


def _refuse_beside_write() -> None:
    """Raises UsageError for options that choose what is shown or how: the document holds all of it, as Markdown."""
    context = click.get_current_context()
    given = [
        parameter.opts[0]
        for parameter in context.command.params
        if parameter.name in _OF_ROWS and context.get_parameter_source(parameter.name) is ParameterSource.COMMANDLINE
    ]
    if given:
        raise click.UsageError(
            f"--write writes all of it as Markdown and takes no {' or '.join(given)}; leave that out, or leave out "
            "--write and send chosen rows to a file, such as `--model bert --format csv > bert.csv`."
        )


def _known(workbench: Workbench, found: Coverage, name: str, *, quiet: bool) -> str:
    """The type that `name` stands for, as itself or as a checkpoint: one that the catalogue lists or that was examined.

    Raises UnknownName with the nearest, and InvalidValue as the catalogue does.
    """
    if any(entry.model_type == name for entry in found.entries):
        return name
    chosen = workbench.catalog.choose_one(name)
    if chosen.size is not None:
        say(f"{name} is a checkpoint of {chosen.model.name}; types are examined, and this one is shown.", quiet=quiet)
    return chosen.model.name


def _in_detail(workbench: Workbench, entries: Sequence[CoverageEntry], model_type: str) -> list[CoverageEntry]:
    """The same entries with tracebacks."""
    detailed = {(one.backend, one.precision): one for one in examined_in_detail(workbench, model_type)}
    return [replace(entry, conformance=detailed.get((entry.backend, entry.precision))) for entry in entries]


def _changes(workbench: Workbench, wanted: CoverageFilter, since: str, style: str, common: Common) -> int:
    before, after, changes = changes_since(workbench, None if since == _LAST else since)
    family_of = {entry.model_type: entry.family for entry in coverage(workbench).entries}
    chosen = [
        change
        for change in changes
        if (not wanted.model_types or change.model_type in wanted.model_types)
        and (not wanted.families or family_of.get(change.model_type) in wanted.families)
        and (not wanted.verdicts or change.after in wanted.verdicts)
        and (wanted.check is None or change.check is wanted.check)
        and (not wanted.backends or change.backend in wanted.backends)
        and (not wanted.precisions or change.precision in wanted.precisions)
    ]
    if chosen or style != "table":
        print_changes(chosen, style)
    told = change_counts(Counter(change.kind.value for change in chosen))
    say(f"From {before.label} to {after.label}: {told}.", quiet=common.quiet)
    return 0


def _write(found: Coverage, document: Path, common: Common) -> int:
    ways = [(count(entries), entries) for entries in (found.of_way(way) for way in found.ways)]
    text = coverage_document(ways, found.current, found.environments)
    try:
        document.parent.mkdir(parents=True, exist_ok=True)
        document.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputRefused(f"{document} could not be written: {error.strerror or error}.") from error
    click.echo(str(document))
    _say_summary(found, CoverageFilter(), len(found.entries), quiet=common.quiet)
    return 0


def _say_summary(found: Coverage, wanted: CoverageFilter, shown: int, *, quiet: bool) -> None:
    versions = ", ".join(version.label for version in found.current)
    for way in found.ways:
        if (not wanted.backends or way[0] in wanted.backends) and (
            not wanted.precisions or way[1] in wanted.precisions
        ):
            say(f"{versions}, {summary_line(count(found.of_way(way)), *way)}", quiet=quiet)
    if shown < len(found.entries):
        say(f"{shown:,} of {len(found.entries):,} lines pass the filters.", quiet=quiet)
    if not shown:
        say(f"Nothing matches. `{conformance_command(wanted.model_types)}` examines anew.", quiet=quiet)
