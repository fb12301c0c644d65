"""modeldyno benchmark"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from engine.cli.client import Client
from engine.cli.generate import print_outcomes, run_generation
from engine.cli.local_run import carry_out, report_outcome, run_status
from engine.cli.options import Common, common_options
from engine.cli.output import print_json, say
from engine.cli.remote_run import carry_out_remotely, remote_status
from engine.cli.run_options import make_request, run_options
from engine.cli.tables import print_run_summary
from engine.domain.result import ResultFilter
from engine.domain.run import RunRequest
from engine.workflows.make_report import make_report
from engine.workflows.result_rows import result_rows
from engine.workflows.workbench import Workbench


@click.command()
@run_options
@click.option("--report", "with_report", is_flag=True, help="Make an HTML report of the run.")
@click.option("--generate-only", is_flag=True, help="Only generate the skillsets that the run needs.")
@click.option("--title", help="A name for the run.")
@common_options
def benchmark(common: Common, with_report: bool, generate_only: bool, title: str | None, **given: Any) -> int:
    """Measure model types on backends and store every sample.

    Each result comes from a process of its own; a case that fails, runs out of memory or takes too long becomes a row
    with its reason and the run goes on. Ctrl-C cancels; what has finished is kept.

    \b
    modeldyno benchmark --model bert --model vit --batch-sizes 1,8
    modeldyno benchmark --priority high --hardware cpu --precision fp32,bf16 --report
    """
    request = replace(make_request(**given), title=title)
    if generate_only:
        common.refuse_server("benchmark --generate-only")
        outcomes, seconds, status = run_generation(common, request.models, tier=request.tier)
        print_outcomes(outcomes, seconds, as_json=common.as_json)
        return status
    if common.server is not None:
        if with_report:
            raise click.UsageError("--report with --server is not possible; make it on the server's Reports page.")
        return _on_server(common, common.server, request)
    with Workbench.open(common.settings()) as workbench:
        run = carry_out(workbench, request, quiet=common.quiet)
        report_outcome(run, quiet=common.quiet)
        rows = result_rows(workbench, ResultFilter(run_id=run.run_id))
        status = run_status(workbench, run)
        path: Path | None = None
        if with_report and run.completed and run.status.is_final:
            path = workbench.settings.report_dir / make_report(workbench, run.run_id).filename
            say(f"Report: {path}", quiet=common.quiet)
    if common.as_json:
        counts = {"completed": run.completed, "failed": run.failed, "skipped": run.skipped, "cancelled": run.cancelled}
        answer = {"run_id": run.run_id, "number": run.number, "status": run.status.value, **counts}
        print_json(answer | {"report": path, "results": rows})
    else:
        print_run_summary(rows)
    return status


def _on_server(common: Common, url: str, request: RunRequest) -> int:
    with Client(url) as client:
        final = carry_out_remotely(client, request, quiet=common.quiet)
        rows = client.get(f"/api/benchmark/results/{final['run_id']}")["results"]
    if final["error"]:
        say(final["error"])
    if common.as_json:
        counts = {name: final["cases"][name] for name in ("completed", "failed", "skipped", "cancelled")}
        answer = {"run_id": final["run_id"], "number": final["number"], "status": final["status"], **counts}
        print_json(answer | {"report": None, "results": rows})
    else:
        print_run_summary(rows)
    return remote_status(final, rows)
