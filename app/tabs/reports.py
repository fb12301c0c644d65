"""Reports: make one of a run, find the earlier ones, and ask the database directly."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from dash import ALL, Input, Output, State, callback, ctx, dcc, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from app import data, ids
from app.authorization import require
from app.views.card import card
from app.views.controls import button, link_button
from app.views.empty_state import empty_state
from app.views.error_notice import error_notice
from app.views.report_list import download_link, report_facts, report_list, report_list_title, run_option
from app.views.sql_console import EXAMPLES, limits_text, sql_console, sql_grid, sql_outcome, sql_problem, sql_schema
from engine.domain.api_key import Role
from engine.domain.run import Run, RunStatus
from engine.errors import EngineError, NotEnoughData, NotFinished
from engine.storage import reports as stored_reports
from engine.storage import runs, sandbox
from engine.workflows.make_report import make_report
from engine.workflows.run_query import run_query

RUNS_OFFERED = 50
LIMIT_SECONDS = 10.0
LIMIT_ROWS = 100_000
_ENDED = tuple(status for status in RunStatus if status.is_final)


def layout(search: str) -> Component:
    """`?run=12` chooses that run for the next report."""
    query = {name: values[-1] for name, values in parse_qs(search.lstrip("?")).items()}
    offered = reportable_runs()
    named = named_run(query["run"]) if "run" in query else None
    if isinstance(named, Run) and named.run_id not in {run.run_id for run in offered}:
        offered = [*offered, named]
    return html.Div(
        [
            html.H1("Reports", className="visually-hidden"),
            html.Div(
                [
                    html.Div(made_reports(), id=ids.REPORT_LIST, className="span-8 report-list-place"),
                    html.Div(make_form(offered, named), className="span-4"),
                ],
                className="grid-12 reports",
            ),
            card(
                "Ask the database",
                sql_console(EXAMPLES[0][1]),
                subtitle=limits_text(LIMIT_SECONDS, LIMIT_ROWS),
                class_name="sql-card",
            ),
        ],
        className="page",
    )


def named_run(name: str) -> Run | EngineError:
    """The run of that number or id, or why no report can be made of it."""
    try:
        with data.workbench().database.cursor() as cursor:
            run = runs.get(cursor, name)
    except EngineError as error:
        return error
    if run.status.is_final and run.done:
        return run
    if run.status.is_final:
        return NotEnoughData(f"Run {run.number} ended without a result; choose another one.")
    return NotFinished(f"Run {run.number} is {run.status.value}; a report needs a run that has ended.")


def make_form(offered: list[Run], named: Run | EngineError | None) -> Component:
    """`named` is chosen; where it cannot be, the form says why and chooses nothing in its place."""
    if not offered:
        return card(
            "Make a report",
            empty_state(
                "No run has results yet",
                "Measure something first; a tiny model takes a few seconds.",
                link_button("Start a run", "/live-runs", kind="primary", drawing="play"),
            ),
        )
    chosen = named if isinstance(named, Run) else None if named else _first_measured(offered)
    problem = error_notice(named.title, named.message) if isinstance(named, EngineError) else None
    now = datetime.now(UTC)
    return card(
        "Make a report",
        html.Label("Run", htmlFor=ids.REPORT_RUN, className="form-label"),
        dcc.Dropdown(
            id=ids.REPORT_RUN,
            options=[run_option(run, now) for run in offered],
            value=chosen.run_id if chosen else None,
            placeholder="Choose a run",
            clearable=False,
            className="form-menu",
        ),
        html.Div(report_facts(chosen), id=ids.REPORT_FACTS, className="plan-preview"),
        html.Div(button("Make report", id=ids.REPORT_MAKE, kind="primary"), className="action-row"),
        html.Div(problem, id=ids.REPORT_MESSAGE, className="run-message"),
        subtitle="One HTML file of a run, for a colleague or an archive",
        class_name="report-form",
    )


def _first_measured(offered: list[Run]) -> Run:
    """The newest with a figure in it; the newest of all where none has one."""
    return next((run for run in offered if run.completed), offered[0])


def reportable_runs() -> list[Run]:
    """Ended runs with at least one row, newest first."""
    with data.workbench().database.cursor() as cursor:
        return [run for run in runs.recent(cursor, limit=RUNS_OFFERED, statuses=_ENDED) if run.done]


@callback(Output(ids.REPORT_FACTS, "children"), Input(ids.REPORT_RUN, "value"), prevent_initial_call=True)
def show_facts(run_id: str | None) -> Any:
    if not run_id:
        return report_facts(None)
    with data.workbench().database.cursor() as cursor:
        return report_facts(runs.get(cursor, run_id))


@callback(
    Output(ids.REPORT_MESSAGE, "children"),
    Input(ids.REPORT_MAKE, "n_clicks"),
    State(ids.REPORT_RUN, "value"),
    prevent_initial_call=True,
    running=[(Output(ids.REPORT_MAKE, "disabled"), True, False)],
)
def make(clicks: int | None, run_id: str | None) -> Any:
    if not clicks or not run_id:
        raise PreventUpdate
    try:
        require(Role.OPERATOR, to="make a report")
        report = make_report(data.workbench(), run_id)
    except EngineError as error:
        return error_notice(error.title, error.message)
    return html.Div(
        [html.Div([html.B("The report is ready.")], className="report-ready-text"), download_link(report)],
        className="report-ready",
        role="status",
    )


@callback(Output(ids.REPORT_LIST, "children"), Input(ids.REPORT_MESSAGE, "children"), prevent_initial_call=True)
def show_reports(_: Any) -> Any:
    return made_reports()


def made_reports() -> Component:
    with data.workbench().database.cursor() as cursor:
        made = stored_reports.recent(cursor)
        total = stored_reports.count(cursor)
        folder = data.workbench().settings.report_dir
        gone = {report.report_id for report in made if not (folder / report.filename).is_file()}
        numbers = {run.run_id: run.number for run in runs.recent(cursor, limit=1000)}
    return card(
        report_list_title(len(made), total),
        report_list(made, numbers, datetime.now(UTC), gone=gone),
        subtitle="Newest first · a file never changes after it is made",
        class_name="report-list-card",
    )


@callback(Output(ids.SQL_SCHEMA, "children"), Input(ids.SQL_SCHEMA_FILTER, "value"))
def show_schema(wanted: str | None) -> Any:
    return sql_schema(sandbox.schema(data.workbench().database), wanted or "")


@callback(
    Output(ids.SQL_EDITOR, "value"),
    Input({"type": ids.SQL_EXAMPLE, "index": ALL}, "n_clicks"),
    prevent_initial_call=True,
)
def use_example(clicks: list[int | None]) -> Any:
    if not any(clicks) or not isinstance(ctx.triggered_id, dict):
        raise PreventUpdate
    return EXAMPLES[int(ctx.triggered_id["index"])][1]


@callback(
    Output(ids.SQL_ANSWER, "children"),
    Output(ids.SQL_ANSWER, "className"),
    Output(ids.SQL_OUTCOME, "children"),
    Output(ids.SQL_CSV, "disabled"),
    Input(ids.SQL_RUN, "n_clicks"),
    State(ids.SQL_EDITOR, "value"),
    prevent_initial_call=True,
    running=[
        (Output(ids.SQL_RUN, "disabled"), True, False),
        (Output(ids.SQL_ANSWER, "data-running"), "true", "false"),
    ],
)
def answer(clicks: int | None, statement: str | None) -> tuple[Any, Any, Any, bool]:
    """Errors stand where the answer would."""
    if not clicks:
        raise PreventUpdate
    try:
        table = run_query(data.workbench(), statement if isinstance(statement, str) else "", client=data.client())
    except EngineError as error:
        return sql_problem(error.title, error.message), "sql-answer", None, True
    grid = sql_grid(table.columns, table.types, table.rows)
    outcome = sql_outcome(len(table.rows), table.seconds, truncated=table.truncated)
    return grid, "sql-answer", outcome, not table.rows


@callback(
    Output(ids.SQL_GRID, "exportDataAsCsv"),
    Input(ids.SQL_CSV, "n_clicks"),
    prevent_initial_call=True,
)
def save_csv(clicks: int | None) -> Any:
    """Exactly the rows and order that the grid shows."""
    return True if clicks else no_update
