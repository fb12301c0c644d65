"""modeldyno export"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import click

from engine.cli.open_workbench import open_workbench
from engine.cli.options import Common, common_options
from engine.cli.output import print_json, print_line
from engine.client import ApiClient
from engine.domain.run import RunStatus
from engine.errors import NotFound, ReportUnwritable
from engine.storage import runs
from engine.workflows.make_report import make_report

_NO_RUN = "No run has ended yet. `modeldyno benchmark --model bert` makes a first one."
_LOOKED_AT = 100
_FINAL = tuple(status for status in RunStatus if status.is_final)


@click.group()
def export() -> None:
    """Write what is stored to files for others."""


@export.command()
@click.option("--run", "run_id", metavar="ID", help="Number or id of the run. [default: the newest with results]")
@click.option("--output", type=click.Path(path_type=Path), help="File or folder to write to. [default: report folder]")
@common_options
def report(common: Common, run_id: str | None, output: Path | None) -> int:
    """Make a self-contained HTML report of a run.

    It is one file that opens offline. Prints its path. With --server the server makes it, and it is saved in the
    present folder unless --output names another place.
    """
    if common.server is not None:
        with ApiClient(common.server) as client:
            report_id, run_id, path = _from_server(client, run_id, output or Path())
        return _tell(common, report_id, run_id, path)
    with open_workbench(common, only_reads=True) as workbench:
        if run_id is None:
            with workbench.database.cursor() as cursor:
                ended = runs.recent(cursor, limit=_LOOKED_AT, statuses=_FINAL)
            run_id = _newest([(run.run_id, run.completed) for run in ended])
        made = make_report(workbench, run_id)
        path = workbench.settings.report_dir / made.filename
    if output is not None:
        path = _copy(path, output)
    return _tell(common, made.report_id, made.run_id, path)


def _newest(ended: Sequence[tuple[str, int]]) -> str:
    """Of run ids with the number of their results, newest first: one that has any, else the first."""
    if not ended:
        raise NotFound(_NO_RUN)
    return next((run_id for run_id, completed in ended if completed), ended[0][0])


def _tell(common: Common, report_id: str, run_id: str, path: Path) -> int:
    if common.as_json:
        print_json({"report_id": report_id, "run_id": run_id, "format": "html", "path": path})
    else:
        print_line(str(path))
    return 0


def _from_server(client: ApiClient, run_id: str | None, output: Path) -> tuple[str, str, Path]:
    """Id of the report, id of its run, and where the file was saved."""
    if run_id is None:
        ended = ",".join(status.value for status in _FINAL)
        found = client.get("/api/benchmark/runs", {"status": ended, "limit": _LOOKED_AT})["runs"]
        run_id = _newest([(run["run_id"], run["cases"]["completed"]) for run in found])
    made = client.post("/api/benchmark/reports", {"run_id": run_id})
    content = client.download(made["download"])
    path = output / Path(made["filename"]).name if output.is_dir() else output
    try:
        path.write_bytes(content)
    except OSError as error:
        raise ReportUnwritable(
            f"The server made the report, but it could not be written to {path}: {error.strerror or error}."
        ) from error
    return made["report_id"], made["run_id"], path.resolve()


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
