"""modeldyno benchmark"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from engine.cli.exit_status import GOOD
from engine.cli.generate import print_outcomes, run_generation
from engine.cli.local_run import carry_out, report_on
from engine.cli.open_workbench import open_workbench
from engine.cli.options import Common, common_options
from engine.cli.output import print_json, say
from engine.cli.plan_table import tell_plan
from engine.cli.remote_run import carry_out_remotely
from engine.cli.run_end import RunEnd, end_of_run, status_of_run, tell_end
from engine.cli.run_options import make_request, run_options
from engine.cli.tables import Row, print_pairs, print_run_summary
from engine.client import ApiClient
from engine.domain.result import ResultFilter
from engine.workflows.choose_models import fetch_checkpoint
from engine.workflows.paired import paired_rows
from engine.workflows.plan_run import plan_run
from engine.workflows.result_rows import result_rows


@click.command()
@run_options
@click.option("--report", "with_report", is_flag=True, help="Make an HTML report of the run.")
@click.option("--plan", "only_plan", is_flag=True, help="Print what would run, with time and memory, and run nothing.")
@click.option("--generate-only", is_flag=True, help="Only generate the skillsets that the run needs.")
@common_options
def benchmark(common: Common, with_report: bool, only_plan: bool, generate_only: bool, **given: Any) -> int:
    """Measure model types on backends and store every sample.

    Each result comes from a process of its own; a case that fails, runs out of memory or takes too long becomes a row
    with its reason and the run goes on. Ctrl-C cancels; what has finished is kept.

    \b
    modeldyno benchmark --model bert --model vit --batch-sizes 1,8
    modeldyno benchmark --priority high --hardware cpu --precision fp32,bf16 --report
    modeldyno benchmark --priority high --budget 30m --plan
    modeldyno benchmark --model bert --batch-sizes 1 --against precision=bf16
    """
    request = make_request(**given)
    if generate_only and request.checkpoint is not None:
        raise click.UsageError("--generate-only makes the module of a model type; name it with --model instead.")
    if generate_only:
        common.refuse_server("benchmark --generate-only")
        outcomes, seconds, status = run_generation(common, request.models, tier=request.tier)
        print_outcomes(outcomes, seconds, as_json=common.as_json)
        return status
    if only_plan:
        common.refuse_server("benchmark --plan")
        with open_workbench(common) as workbench:
            tell_plan(plan_run(workbench, request), request, as_json=common.as_json, quiet=common.quiet)
        return GOOD
    report: Path | None = None
    reported = GOOD
    if common.server is not None:
        if with_report:
            raise click.UsageError(
                "--report with --server is not possible; afterwards, `modeldyno export report --server URL` makes it."
            )
        if request.allow_pickle:
            raise click.UsageError("--allow-pickle with --server is not possible: a server opens no pickles.")
        with ApiClient(common.server) as client:
            end = carry_out_remotely(client, request, quiet=common.quiet)
            tell_end(end, quiet=common.quiet)
            answer = client.get(f"/api/benchmark/results/{end.run_id}")
            rows: Sequence[Row] = answer["results"]
            pairs: Sequence[Row] = answer["pairs"]
    else:
        with open_workbench(common) as workbench:
            fetch_checkpoint(request, lambda line: say(line, quiet=common.quiet))
            run = carry_out(workbench, request, quiet=common.quiet)
            end = end_of_run(run)
            tell_end(end, quiet=common.quiet)
            rows = result_rows(workbench, ResultFilter(run_id=run.run_id))
            pairs = paired_rows(workbench, run)
            if with_report:
                report, reported = report_on(workbench, run, quiet=common.quiet)
    if common.as_json:
        print_json(_object(end) | {"report": report, "results": rows, "pairs": pairs})
    else:
        print_run_summary(rows)
        print_pairs(pairs)
    return status_of_run(end, rows) or reported


def _object(end: RunEnd) -> dict[str, Any]:
    return {"run_id": end.run_id, "number": end.number, "status": end.status.value, **end.counts}
