"""modeldyno query"""

from __future__ import annotations

import click

from engine.cli.open_workbench import open_workbench
from engine.cli.options import Common, local_options
from engine.cli.output import FORMATS, print_json, print_rows, say
from engine.workflows.run_query import run_query


@click.command()
@click.argument("sql")
@click.option(
    "--format", "style", default="table", show_default=True, type=click.Choice(FORMATS), help="How rows are written."
)
@local_options
def query(common: Common, sql: str, style: str) -> int:
    """Run one SELECT on a copy of what is stored.

    It runs in a sandbox: no files, no network, limited time and memory. The views to ask are results, measurements,
    failures, runs, environments, compatibility and conformance; every number is in SI units.

    \b
    modeldyno query "select model_type, median(latency_seconds) from results group by all"
    """
    common.refuse_server("query", "The server's Reports page has a console for SQL.")
    with open_workbench(common, only_reads=True) as workbench:
        table = run_query(workbench, sql)
    if common.as_json or style == "json":
        print_json(
            {
                "columns": table.columns,
                "types": table.types,
                "rows": table.rows,
                "truncated": table.truncated,
                "seconds": table.seconds,
            }
        )
    else:
        print_rows(table.columns, table.rows, style)
    if table.truncated:
        say(f"Only the first {len(table.rows)} rows are shown; add a LIMIT or a WHERE.")
    return 0
