"""Live Runs: start a run, watch it to its end, stop it, and look back at those that ended."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from dash import ALL, Input, Output, State, callback, ctx, dcc, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from app import data, ids
from app.authorization import require
from app.run_options import QUERY_LISTS, QUERY_TEXTS, RunOptions
from app.tabs.run_watch import run_card
from app.views.against_choice import against_options
from app.views.card import card
from app.views.controls import button, copy_button, link_button
from app.views.error_notice import error_notice
from app.views.finished_runs import finished_runs, finished_title
from app.views.form_fields import with_named
from app.views.plan_preview import plan_preview, plan_problem, start_label
from app.views.report_list import download_link
from app.views.run_form import (
    backend_options,
    model_options,
    no_command,
    precision_options,
    run_form,
    tier_options,
)
from engine.domain.api_key import Role
from engine.domain.result import ResultFilter
from engine.domain.run import RunStatus
from engine.errors import EngineError
from engine.reports.command import benchmark_command
from engine.storage import results, runs
from engine.workflows.make_report import make_report
from engine.workflows.plan_run import plan_run

FINISHED_SHOWN = 30
_FINAL = tuple(status for status in RunStatus if status.is_final)
FORM_FIELDS = {
    "models": ids.FORM_MODELS,
    "tier": ids.FORM_TIER,
    "backends": ids.FORM_BACKENDS,
    "precisions": ids.FORM_PRECISIONS,
    "batch_sizes": ids.FORM_BATCH_SIZES,
    "workloads": ids.FORM_WORKLOADS,
    "size": ids.FORM_SIZE,
    "switches": ids.FORM_SWITCHES,
    "processes": ids.FORM_PROCESSES,
    "sequence_length": ids.FORM_SEQUENCE_LENGTH,
    "threads": ids.FORM_THREADS,
    "budget": ids.FORM_BUDGET,
    "against": ids.FORM_AGAINST,
    "new_tokens": ids.FORM_NEW_TOKENS,
    "workers": ids.FORM_WORKERS,
    "checkpoint": ids.FORM_CHECKPOINT,
    "attention": ids.FORM_ATTENTION,
    "more_switches": ids.FORM_MORE_SWITCHES,
    "title": ids.FORM_TITLE,
}
"""Fields of RunOptions, each with the control that holds it."""
_FORM = tuple(Input(control, "value") for control in FORM_FIELDS.values())
_FORM_STATE = tuple(State(control, "value") for control in FORM_FIELDS.values())


def layout(search: str) -> Component:
    """`?run=12` shows that run; `?models=bert,gpt2&batch_sizes=1,8 ...` fills the form."""
    query = {name: values[-1] for name, values in parse_qs(search.lstrip("?"), keep_blank_values=True).items()}
    is_addressed = any(name in query for name in (*QUERY_LISTS, *QUERY_TEXTS))
    return html.Div(
        [
            dcc.Store(id=ids.RUN_SHOWN, data=query.get("run")),
            html.H1("Live Runs", className="visually-hidden"),
            html.Div(
                [
                    html.Div(
                        [
                            run_form(options_from_query(query), is_addressed=is_addressed),
                            html.Div(id=ids.RUN_QUEUE),
                        ],
                        className="span-4 stack run-start",
                    ),
                    html.Div(run_card(), className="span-8 run-watch"),
                ],
                className="grid-12 live-runs",
            ),
            html.Div(id=ids.FINISHED_MESSAGE, className="run-message"),
            html.Div(finished_card(), id=ids.FINISHED_RUNS),
        ],
        className="page",
    )


def options_from_query(query: Mapping[str, str]) -> RunOptions:
    """The form's first state; parameters that no field has are ignored."""
    lists = {name: [part for part in query[name].split(",") if part] for name in QUERY_LISTS if name in query}
    texts = {name: query[name] for name in QUERY_TEXTS if query.get(name)}
    return RunOptions(**{**lists, **texts})  # type: ignore[arg-type]


@callback(
    Output(ids.FORM_MODELS, "options"),
    Output(ids.FORM_TIER, "options"),
    Input(ids.FORM_MODELS, "id"),
    State(ids.FORM_MODELS, "value"),
    State(ids.FORM_TIER, "value"),
)
def fill_models(_: str, chosen: list[str] | None, tier: str | None) -> tuple[Any, Any]:
    models = list(data.workbench().catalog.types.values())
    return with_named(model_options(models), chosen or []), with_named(tier_options(models), [tier] if tier else [])


@callback(
    Output(ids.FORM_BACKENDS, "options"),
    Output(ids.FORM_PRECISIONS, "options"),
    Input(ids.FORM_BACKENDS, "value"),
    State(ids.FORM_PRECISIONS, "value"),
)
def fill_backends(chosen: list[str] | None, precisions: list[str] | None) -> tuple[Any, Any]:
    statuses = data.workbench().backends()
    return (
        with_named(backend_options(statuses), chosen or []),
        with_named(precision_options(statuses, chosen or []), precisions or []),
    )


@callback(
    Output(ids.FORM_AGAINST, "options"),
    Input(ids.FORM_BACKENDS, "value"),
    Input(ids.FORM_PRECISIONS, "value"),
    State(ids.FORM_AGAINST, "value"),
)
def fill_against(backends: list[str] | None, precisions: list[str] | None, chosen: str | None) -> Any:
    options = against_options(data.workbench().backends(), backends or ["cpu"], precisions or ["fp32"])
    return with_named(options, [chosen] if chosen else [])


@callback(
    Output(ids.PLAN_PREVIEW, "children"),
    Output(ids.START_RUN, "children"),
    Output(ids.START_RUN, "disabled"),
    Output(ids.COPY_COMMAND, "children"),
    *_FORM,
    Input(ids.ACTIVE_RUNS, "data"),
    running=[(Output(ids.PLAN_PREVIEW, "className"), "plan-preview is-planning", "plan-preview")],
)
def preview_plan(*values: Any) -> tuple[Any, Any, bool, Any]:
    """What pressing the button would do now."""
    workbench = data.workbench()
    start = button("Start").children
    try:
        request = options_from_form(*values[:-1]).request()
        plan = plan_run(workbench, request)
    except EngineError as error:
        return plan_problem(error.message), start, True, no_command()
    with workbench.database.cursor() as cursor:
        past = results.count(cursor, ResultFilter())
    waiting = len(workbench.supervisor.active())
    label = button(start_label(plan, waiting=waiting > 0), drawing="play").children
    anew = request.incremental and request.against is not None
    preview = plan_preview(plan, past_results=past, waiting=waiting, measures_pairs_anew=anew)
    return preview, label, not plan.planned, copy_button(benchmark_command(request), "Copy command")


@callback(
    Output(ids.START_MESSAGE, "children"),
    Output(ids.RUN_SHOWN, "data"),
    Output(ids.URL, "search", allow_duplicate=True),
    Output(ids.ACTIVE_RUNS, "data", allow_duplicate=True),
    Input(ids.START_RUN, "n_clicks"),
    *_FORM_STATE,
    prevent_initial_call=True,
    running=[(Output(ids.START_LOCK, "disabled"), True, False)],
)
def start_run(clicks: int | None, *values: Any) -> tuple[Any, Any, Any, Any]:
    if not clicks:
        raise PreventUpdate
    workbench = data.workbench()
    try:
        require(Role.OPERATOR, to="start a run")
        workbench.supervisor.submit(options_from_form(*values).request())
    except EngineError as error:
        return error_notice(error.title, error.message), no_update, no_update, no_update
    active = [progress.run.run_id for progress in workbench.supervisor.active()]
    return None, None, "", active


@callback(
    Output(ids.FINISHED_RUNS, "children"),
    Input(ids.ACTIVE_RUNS, "data"),
    Input(ids.RUN_SEEN, "data"),
    prevent_initial_call=True,
)
def show_finished(_: Any, seen: dict[str, Any] | None) -> Any:
    """Anew when a run begins or ends, not at each step of one."""
    if ctx.triggered_id == ids.RUN_SEEN and not (seen and RunStatus(seen.get("status", "running")).is_final):
        raise PreventUpdate
    return finished_card()


def finished_card() -> Component:
    with data.workbench().database.cursor() as cursor:
        ended = runs.recent(cursor, limit=FINISHED_SHOWN, statuses=_FINAL)
        total = runs.count(cursor, statuses=_FINAL)
    return card(
        finished_title(ended, total),
        finished_runs(ended, datetime.now(UTC)),
        subtitle="Newest first · a run's number shows its cases, failures and log above",
        class_name="finished-card",
    )


@callback(
    Output(ids.FINISHED_MESSAGE, "children"),
    Output(ids.RUN_SHOWN, "data", allow_duplicate=True),
    Output(ids.URL, "search", allow_duplicate=True),
    Output(ids.ACTIVE_RUNS, "data", allow_duplicate=True),
    Input({"type": ids.RESUME_BUTTON, "run": ALL}, "n_clicks"),
    prevent_initial_call=True,
)
def resume_run(clicks: list[int | None]) -> tuple[Any, Any, Any, Any]:
    """Executes what is left of a run, under the same number."""
    if not any(clicks) or not isinstance(ctx.triggered_id, dict):
        raise PreventUpdate
    workbench = data.workbench()
    try:
        require(Role.OPERATOR, to="resume a run")
        workbench.supervisor.resume(ctx.triggered_id["run"])
    except EngineError as error:
        return error_notice(error.title, error.message), no_update, no_update, no_update
    active = [progress.run.run_id for progress in workbench.supervisor.active()]
    return None, None, "", active


@callback(
    Output(ids.FINISHED_MESSAGE, "children", allow_duplicate=True),
    Input({"type": ids.REPORT_BUTTON, "run": ALL}, "n_clicks"),
    prevent_initial_call=True,
)
def report_run(clicks: list[int | None]) -> Any:
    if not any(clicks) or not isinstance(ctx.triggered_id, dict):
        raise PreventUpdate
    try:
        require(Role.OPERATOR, to="make a report")
        report = make_report(data.workbench(), ctx.triggered_id["run"])
    except EngineError as error:
        return error_notice(error.title, error.message)
    return html.Div(
        [
            html.Div([html.B("The report is ready. "), html.Span(report.title)], className="report-ready-text"),
            download_link(report),
            link_button("All reports", "/reports"),
        ],
        className="report-ready",
        role="status",
    )


def options_from_form(*values: Any) -> RunOptions:
    """In the order of FORM_FIELDS; what a browser sends as nothing is left to the defaults."""
    named = dict(zip(FORM_FIELDS, values, strict=True))
    lists = {name: named.pop(name) or () for name in QUERY_LISTS}
    return RunOptions(**lists, **{name: value for name, value in named.items() if value not in (None, "")})
