"""modeldyno export"""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from engine.cli.open_workbench import open_workbench
from engine.cli.options import Common, common_options
from engine.cli.output import print_json, print_line
from engine.domain.run import RunStatus
from engine.errors import NotFound, ReportUnwritable
from engine.storage import runs
from engine.workflows.make_report import make_report

_FINAL = tuple(status for status in RunStatus if status.is_final)


@click.group()
def export() -> None:
    """Write what is stored to files for others."""


@export.command()
@click.option("--run", "run_id", metavar="ID", help="Number or id of the run. [default: the newest that has ended]")
@click.option("--output", type=click.Path(path_type=Path), help="File or folder to write to. [default: report folder]")
@common_options
def report(common: Common, run_id: str | None, output: Path | None) -> int:
    """Make a self-contained HTML report of a run.

    It is one file that opens offline. Prints its path.
    """
    common.refuse_server("export report")
    with open_workbench(common) as workbench:
        if run_id is None:
            with workbench.database.cursor() as cursor:
                newest = runs.recent(cursor, limit=1, statuses=_FINAL)
            if not newest:
                raise NotFound("No run has ended yet. `modeldyno benchmark --model bert` makes a first one.")
            run_id = newest[0].run_id
        made = make_report(workbench, run_id)
        path = workbench.settings.report_dir / made.filename
    if output is not None:
        path = _copy(path, output)
    if common.as_json:
        print_json({"report_id": made.report_id, "run_id": made.run_id, "format": made.format, "path": path})
    else:
        print_line(str(path))
    return 0


def _copy(report_path: Path, output: Path) -> Path:
    """Where the report lies in the end: `output` may be a folder, the report folder included."""
    try:
        return Path(shutil.copy(report_path, output)).resolve()
    except shutil.SameFileError:
        return report_path
    except OSError as error:
        raise ReportUnwritable(
            f"The report is at {report_path}, but could not be copied to {output}: {error.strerror or error}."
        ) from error
