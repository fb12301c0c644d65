"""modeldyno pipeline"""

from __future__ import annotations

import time
from typing import Any

import click

from engine.cli.generate import generate_with, print_outcomes
from engine.cli.local_run import carry_out, report_on
from engine.cli.open_workbench import open_workbench
from engine.cli.options import Common, local_options
from engine.cli.output import print_json, say
from engine.cli.run_end import end_of_run, status_of_run, tell_end
from engine.cli.run_options import make_request, run_options
from engine.cli.tables import print_pairs, print_run_summary
from engine.domain.result import ResultFilter
from engine.workflows.check_request import check_request
from engine.workflows.choose_models import fetch_checkpoint, with_type
from engine.workflows.paired import paired_rows
from engine.workflows.result_rows import result_rows


@click.command()
@run_options
@click.option("--force", is_flag=True, help="Overwrite modules edited by hand, and their skillset_base.py.")
@click.option("--generate-only", is_flag=True, help="Stop after the skillsets.")
@click.option("--report", is_flag=True, expose_value=False, help="Always made; accepted as `benchmark` knows it.")
@local_options
def pipeline(common: Common, force: bool, generate_only: bool, **given: Any) -> int:
    """Generate, measure, store and report, in one go.

    A model type whose skillset fails is measured nowhere and does not stop the others; the exit status is then 1.

    \b
    modeldyno pipeline --priority critical
    modeldyno pipeline --model bert --model vit --batch-sizes 1,8 --json
    """
    common.refuse_server("pipeline")
    request = make_request(**given)
    began = time.monotonic()
    with open_workbench(common) as workbench:
        fetch_checkpoint(request, lambda line: say(line, quiet=common.quiet))
        request = with_type(workbench, request)
        if not generate_only:
            check_request(workbench, request)  # before minutes are spent on skillsets that nothing could measure
        outcomes, seconds, generated = generate_with(
            workbench, request.models, tier=request.tier, quiet=common.quiet, force=force
        )
        if generate_only:
            print_outcomes(outcomes, seconds, as_json=common.as_json)
            return generated
        run = carry_out(workbench, request, quiet=common.quiet)
        end = end_of_run(run)
        tell_end(end, quiet=common.quiet)
        rows = result_rows(workbench, ResultFilter(run_id=run.run_id))
        pairs = paired_rows(workbench, run)
        _, reported = report_on(workbench, run, quiet=common.quiet)
    if common.as_json:
        counts = {"completed": run.completed, "failed": run.failed, "skipped": run.skipped}
        print_json({"run_id": run.run_id, **counts, "seconds": round(time.monotonic() - began, 3)})
    else:
        print_run_summary(rows)
        print_pairs(pairs)
    return status_of_run(end, rows) or generated or reported
