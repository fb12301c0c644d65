"""modeldyno import"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from engine.cli.open_workbench import open_workbench
from engine.cli.options import Common, local_options
from engine.cli.output import print_json, print_rows, say
from engine.formatting import counted
from engine.workflows.import_measurements import Format, ImportOutcome, import_measurements


@click.group("import")
def import_command() -> None:
    """Bring in what others measured, with its source."""


@import_command.command("measurements")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--format",
    "form",
    default=Format.AUTO.value,
    show_default=True,
    type=click.Choice([form.value for form in Format]),
    help="auto: by the name's ending and, for JSON, by what is in it.",
)
@click.option(
    "--source", metavar="TEXT", help="Who measured, such as a paper or a colleague. [default: the file's name]"
)
@click.option(
    "--map",
    "mapping",
    multiple=True,
    metavar="COLUMN=FIELD",
    help="Which field a column of another name is; FIELD ignore leaves it out. May be repeated.",
)
@click.option(
    "--set",
    "constants",
    multiple=True,
    metavar="FIELD=VALUE",
    help="A field that the file lacks and every row has, such as precision=fp32. May be repeated.",
)
@click.option(
    "--models",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help='JSON that tells the type of names in the file: {"my-bert": {"model_type": "bert"}}, or whole configurations.',
)
@click.option("--dry-run", is_flag=True, help="Check everything, store nothing.")
@local_options
def measurements(
    common: Common,
    file: Path,
    form: str,
    source: str | None,
    mapping: tuple[str, ...],
    constants: tuple[str, ...],
    models: Path | None,
    dry_run: bool,
) -> int:
    """Results from CSV, Parquet or JSON, or from the JSON of optimum-benchmark or pytest-benchmark.

    One row is one result. A fault in any row refuses the whole file, by line. docs/importing.md lists the columns.

    \b
    modeldyno import measurements latency.csv --source "NeuSight, ASPLOS 2025" --models model_configs.json
    modeldyno import measurements benchmark.json --dry-run
    """
    common.refuse_server("import measurements")
    with open_workbench(common) as workbench:
        outcome = import_measurements(
            workbench,
            file,
            format=Format(form),
            source=source,
            mapping=_pairs(mapping, "--map"),
            constants=_pairs(constants, "--set"),
            models=models,
            dry_run=dry_run,
        )
    if common.as_json:
        print_json(_object(outcome))
        return 0
    told = "would be stored" if dry_run else "stored"
    say(
        f"{counted(outcome.file.results, 'result')} of {file.name} ({outcome.file.format}) from {outcome.file.source} "
        f"{told}; sha256 {outcome.file.file_sha256[:12]}",
        quiet=common.quiet,
    )
    for remark in outcome.remarks:
        say(remark, quiet=common.quiet)
    rows = (
        (
            "-" if run.number is None else str(run.number),
            run.environment.label,
            str(run.results),
            run.environment.environment_id,
        )
        for run in outcome.runs
    )
    print_rows(("Run", "Machine", "Results", "Environment"), rows, "table", numeric=("Run", "Results"))
    return 0


def _pairs(texts: tuple[str, ...], option: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name.strip() and equals and value.strip()):
            raise click.UsageError(f"{option} {text!r} is no pair; write it NAME=VALUE.")
        if name.strip() in found:
            raise click.UsageError(f"{option} names {name.strip()} twice.")
        found[name.strip()] = value.strip()
    return found


def _object(outcome: ImportOutcome) -> dict[str, Any]:
    return {
        "file": outcome.file.file_name,
        "sha256": outcome.file.file_sha256,
        "format": outcome.file.format,
        "source": outcome.file.source,
        "results": outcome.file.results,
        "is_stored": outcome.is_stored,
        "remarks": list(outcome.remarks),
        "runs": [
            {
                "run_id": run.run_id,
                "number": run.number,
                "environment": run.environment.environment_id,
                "machine": run.environment.label,
                "results": run.results,
            }
            for run in outcome.runs
        ],
    }
