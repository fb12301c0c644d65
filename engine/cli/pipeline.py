"""modeldyno pipeline"""

from __future__ import annotations

import time
from typing import Any

import click

from engine.cli.exit_status import GOOD
from engine.cli.generate import generate_with, print_outcomes
from engine.cli.local_run import carry_out, report_outcome, run_status
from engine.cli.options import Common, common_options
from engine.cli.output import print_json, say
from engine.cli.run_options import make_request, run_options
from engine.cli.tables import print_run_summary
from engine.domain.result import ResultFilter
from engine.workflows.make_report import make_report
from engine.workflows.result_rows import result_rows
from engine.workflows.workbench import Workbench


@click.command()
@run_options
@click.option("--force", is_flag=True, help="Overwrite modules that were edited by hand.")
@click.option("--generate-only", is_flag=True, help="Stop after the skillsets.")
@common_options
def pipeline(common: Common, force: bool, generate_only: bool, **given: Any) -> int:
    """Generate skillsets, measure them, store the results and make a report, in one go.

    A model type whose skillset fails is measured nowhere and does not stop the others; the exit status is then 1.

    \b
    modeldyno pipeline --priority critical
    modeldyno pipeline --model bert --model vit --batch-sizes 1,8 --json
    """
    common.refuse_server("pipeline")
    request = make_request(**given)
    began = time.monotonic()
    with Workbench.open(common.settings()) as workbench:
        outcomes, seconds, generated = generate_with(
            workbench, request.models, tier=request.tier, quiet=common.quiet, force=force
        )
        if generate_only:
            print_outcomes(outcomes, seconds, as_json=common.as_json)
            return generated
        run = carry_out(workbench, request, quiet=common.quiet)
        report_outcome(run, quiet=common.quiet)
        if run.completed and run.status.is_final:
            report = make_report(workbench, run.run_id)
            say(f"Report: {workbench.settings.report_dir / report.filename}", quiet=common.quiet)
        rows = result_rows(workbench, ResultFilter(run_id=run.run_id))
        status = run_status(workbench, run)
    if common.as_json:
        counts = {"completed": run.completed, "failed": run.failed, "skipped": run.skipped}
        print_json({"run_id": run.run_id, **counts, "seconds": round(time.monotonic() - began, 3)})
    else:
        print_run_summary(rows)
    return status if status != GOOD else generated
