"""modeldyno results"""

from __future__ import annotations

from typing import Any

import click

from engine.backends import BACKENDS
from engine.cli.open_workbench import open_workbench
from engine.cli.options import (
    BACKEND_LIST,
    BATCH_SIZE_LIST,
    PRECISION_LIST,
    WORKLOAD_LIST,
    Common,
    common_options,
)
from engine.cli.output import FORMATS, print_json, say
from engine.cli.tables import print_results
from engine.client import ApiClient
from engine.contract.results import ResultRow
from engine.domain.case import Precision, Workload
from engine.domain.result import ResultFilter, ResultStatus
from engine.errors import UnknownName
from engine.storage import results as stored
from engine.storage import runs
from engine.workflows.result_rows import result_rows
from engine.workflows.workbench import Workbench

_STATUSES = [status.value for status in ResultStatus]


@click.command()
@click.option("--model", "models", multiple=True, metavar="TYPE", help="Only this model type; may be repeated.")
@click.option("--run", "run_id", metavar="ID", help="Only this run, by number or id.")
@click.option("--hardware", type=BACKEND_LIST, default=(), help="Only these backends.")
@click.option("--precision", "precisions", type=PRECISION_LIST, default=(), help="Only these precisions.")
@click.option("--batch-sizes", type=BATCH_SIZE_LIST, default=(), help="Only these batch sizes.")
@click.option("--type", "workloads", type=WORKLOAD_LIST, default=(), help="Only these workloads.")
@click.option("--status", "statuses", multiple=True, type=click.Choice(_STATUSES), help="Only these outcomes.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 1_000_000), help="Newest so many.")
@click.option(
    "--format", "style", default="table", show_default=True, type=click.Choice(FORMATS), help="How rows are written."
)
@common_options
def results(common: Common, style: str, limit: int, **wanted: Any) -> int:
    """List stored results, newest first: one line per process.

    Tables have units; CSV, Markdown and JSON are in SI units (seconds, bytes).
    """
    if common.as_json:
        style = "json"
    rows = _stored(common, limit, **wanted) if common.server is None else _from_server(common.server, limit, **wanted)
    if style == "json":
        print_json(rows)
    elif rows or style != "table":
        print_results(rows, style)
    else:
        say("No results match. `modeldyno benchmark --model bert` measures a first one.", quiet=common.quiet)
    if len(rows) == limit:
        say(f"The list ends at --limit {limit}; older results may follow.", quiet=common.quiet)
    return 0


def _stored(
    common: Common,
    limit: int,
    *,
    models: tuple[str, ...],
    run_id: str | None,
    hardware: tuple[str, ...],
    precisions: tuple[Precision, ...],
    batch_sizes: tuple[int, ...],
    workloads: tuple[Workload, ...],
    statuses: tuple[str, ...],
) -> list[ResultRow]:
    with open_workbench(common, only_reads=True) as workbench:
        if run_id is not None:
            with workbench.database.cursor() as cursor:
                run_id = runs.get(cursor, run_id).run_id
        return result_rows(
            workbench,
            ResultFilter(
                models=tuple(_known_name(workbench, name) for name in models),
                backends=tuple(BACKENDS.get(name, field="hardware").name for name in hardware),
                precisions=precisions,
                batch_sizes=batch_sizes,
                workloads=workloads,
                statuses=tuple(ResultStatus(status) for status in statuses),
                run_id=run_id,
                limit=limit,
            ),
        )


def _known_name(workbench: Workbench, name: str) -> str:
    """A type or checkpoint of the catalogue, or a name that imported results brought along; raises UnknownName."""
    try:
        return workbench.catalog.choose_one(name).name
    except UnknownName:
        with workbench.database.cursor() as cursor:
            if stored.count(cursor, ResultFilter(models=(name,))):
                return name
        raise


def _from_server(
    url: str,
    limit: int,
    *,
    models: tuple[str, ...],
    run_id: str | None,
    hardware: tuple[str, ...],
    precisions: tuple[Precision, ...],
    batch_sizes: tuple[int, ...],
    workloads: tuple[Workload, ...],
    statuses: tuple[str, ...],
) -> list[ResultRow]:
    if workloads or statuses:
        raise click.UsageError("--type and --status cannot be asked of a server; leave them out, or filter the JSON.")
    wanted = {
        "model": ",".join(models),
        "hardware": ",".join(hardware),
        "precision": ",".join(precisions),
        "batch_size": ",".join(str(batch_size) for batch_size in batch_sizes),
        "run_id": run_id,
        "limit": limit,
    }
    with ApiClient(url) as client:
        answer = client.get("/api/benchmark/query", {name: value for name, value in wanted.items() if value})
    rows: list[ResultRow] = answer["results"]
    return rows
