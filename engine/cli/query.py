"""modeldyno query"""

from __future__ import annotations

import click

from engine.cli.open_workbench import open_workbench
from engine.cli.options import Common, common_options
from engine.cli.output import FORMATS, print_json, print_rows, say
from engine.client import ApiClient
from engine.contract.sql import MAX_ROWS, SqlRows
from engine.workflows.run_query import run_query, sql_rows


@click.command()
@click.argument("sql")
@click.option(
    "--format", "style", default="table", show_default=True, type=click.Choice(FORMATS), help="How rows are written."
)
@common_options
def query(common: Common, sql: str, style: str) -> int:
    """Run one SELECT on a copy of what is stored.

    It runs in a sandbox: no files, no network, limited time and memory. The views to ask are results, measurements,
    failures, runs, environments, compatibility and conformance; every number is in SI units.

    \b
    modeldyno query "select model_type, median(latency_seconds) from results group by all"
    """
    found = _from_server(common.server, sql) if common.server is not None else _found_here(common, sql)
    if common.as_json or style == "json":
        print_json(found)
    else:
        print_rows(found["columns"], found["rows"], style)
    if found["truncated"]:
        say(f"Only the first {len(found['rows'])} rows are shown; add a LIMIT or a WHERE.")
    return 0


def _found_here(common: Common, sql: str) -> SqlRows:
    with open_workbench(common, only_reads=True) as workbench:
        return sql_rows(run_query(workbench, sql))


def _from_server(url: str, sql: str) -> SqlRows:
    with ApiClient(url) as client:
        return client.query(sql, max_rows=MAX_ROWS)
