"""Live Runs: start a run, watch it to its end, stop it, and look back at those that ended."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import dash_bootstrap_components as dbc
from dash import ALL, Input, Output, State, callback, ctx, dcc, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate
from engine.workflows.plan_run import plan_run

from app import data, ids
from app.run_options import RunOptions
from app.views.card import card
from app.views.controls import button, copy_button, link_button, segmented
from app.views.error_notice import error_notice
from app.views.finished_runs import finished_runs, finished_title, queue_title, run_queue
from app.views.marks import status_mark
from app.views.report_list import download_link
from app.views.run_card import (
    machine_note,
    no_run,
    run_body,
    run_failures,
    run_sentence,
    run_subtitle,
)
from app.views.run_form import (
    backend_options,
    model_options,
    plan_preview,
    plan_problem,
    precision_options,
    run_form,
    start_label,
    tier_options,
)
from engine.domain.result import ResultFilter
from engine.domain.run import Run, RunProgress, RunStatus
from engine.errors import EngineError
from engine.reports.command import benchmark_command
from engine.storage import results, runs
from engine.workflows.make_report import make_report

FINISHED_SHOWN = 30
_FINAL = tuple(status for status in RunStatus if status.is_final)
_QUERY_LISTS = {"models": "models", "backends": "backends", "precisions": "precisions", "workloads": "workloads"}
_QUERY_TEXTS = {"tier": "tier", "batch_sizes": "batch_sizes", "size": "size", "sequence_length": "sequence_length"}
_FORM = (
    Input(ids.FORM_MODELS, "value"),
    Input(ids.FORM_TIER, "value"),
    Input(ids.FORM_BACKENDS, "value"),
    Input(ids.FORM_PRECISIONS, "value"),
    Input(ids.FORM_BATCH_SIZES, "value"),
    Input(ids.FORM_WORKLOADS, "value"),
    Input(ids.FORM_SIZE, "value"),
    Input(ids.FORM_SWITCHES, "value"),
    Input(ids.FORM_PROCESSES, "value"),
    Input(ids.FORM_SEQUENCE_LENGTH, "value"),
    Input(ids.FORM_THREADS, "value"),
)
_FORM_STATE = tuple(State(part.component_id, part.component_property) for part in _FORM)


def layout(search: str) -> Component:
    """`?run=12` shows that run; `?models=bert,gpt2&batch_sizes=1,8 ...` fills the form."""
    query = {name: values[-1] for name, values in parse_qs(search.lstrip("?")).items()}
    rows = segmented(
        ids.RUN_ROWS,
        [("around", "Around the running case"), ("all", "All"), ("failed", "Failed")],
        "around",
        "Which cases are listed",
    )
    run_card = html.Section(
        [
            html.Header(
                [
                    html.Div(
                        [
                            html.H2(
                                [html.Span(id=ids.RUN_MARK), html.Span(id=ids.RUN_SENTENCE, className="run-sentence")],
                                className="card-title run-title",
                            ),
                            html.P(id=ids.RUN_SUBTITLE, className="card-subtitle"),
                        ],
                        className="card-heading",
                    ),
                    html.Div(id=ids.RUN_TOOLS, className="run-tools"),
                ],
                className="card-head run-head",
            ),
            html.Div(id=ids.RUN_MESSAGE, className="run-message"),
            html.Div(id=ids.RUN_BODY, hidden=True),
            html.Div(className="card-content run-body", **{"data-steady-of": ids.RUN_BODY}),
            html.Div(rows, className="run-rows"),
            html.Div(id=ids.RUN_FAILURES, className="run-failures stack"),
        ],
        className="dyno-card run-card",
        **{"aria-label": "Run"},
    )
    return html.Div(
        [
            dcc.Store(id=ids.RUN_SHOWN, data=query.get("run")),
            dcc.Store(id=ids.RUN_SEEN),
            dcc.Store(id=ids.CANCEL_TARGET),
            dcc.Store(id=ids.QUEUE_SEEN),
            html.H1("Live Runs", className="visually-hidden"),
            html.Div(
                [
                    html.Div(
                        [
                            run_form(options_from_query(query)),
                            html.Div(id=ids.RUN_QUEUE),
                        ],
                        className="span-4 stack run-start",
                    ),
                    html.Div(run_card, className="span-8 run-watch"),
                ],
                className="grid-12 live-runs",
            ),
            html.Div(id=ids.FINISHED_MESSAGE, className="run-message"),
            html.Div(finished_card(), id=ids.FINISHED_RUNS),
            cancel_dialog(),
        ],
        className="page",
    )


def options_from_query(query: Mapping[str, str]) -> RunOptions:
    """The form's first state; names that the address does not know are ignored."""
    lists = {
        name: [part for part in query[key].split(",") if part] for key, name in _QUERY_LISTS.items() if key in query
    }
    texts = {name: query[key] for key, name in _QUERY_TEXTS.items() if key in query}
    return RunOptions(**{**lists, **texts})  # type: ignore[arg-type]


def cancel_dialog() -> Component:
    return dbc.Modal(
        [
            dbc.ModalHeader(dbc.ModalTitle("Cancel this run?")),
            dbc.ModalBody(id=ids.CANCEL_TEXT),
            dbc.ModalFooter(
                [
                    button("Keep running", id=ids.CANCEL_KEEP),
                    button("Cancel run", id=ids.CANCEL_CONFIRM, kind="danger", drawing="status-cancelled"),
                ]
            ),
        ],
        id=ids.CANCEL_DIALOG,
        is_open=False,
        centered=True,
    )


@callback(
    Output(ids.FORM_MODELS, "options"),
    Output(ids.FORM_TIER, "options"),
    Input(ids.FORM_MODELS, "id"),
)
def fill_models(_: str) -> tuple[Any, Any]:
    models = list(data.workbench().catalog.types.values())
    return model_options(models), tier_options(models)


@callback(
    Output(ids.FORM_BACKENDS, "options"),
    Output(ids.FORM_PRECISIONS, "options"),
    Input(ids.FORM_BACKENDS, "value"),
)
def fill_backends(chosen: list[str] | None) -> tuple[Any, Any]:
    statuses = data.workbench().backends()
    return backend_options(statuses), precision_options(statuses, chosen or [])


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
        return plan_problem(error.message), start, True, no_update
    with workbench.database.cursor() as cursor:
        past = results.count(cursor, ResultFilter())
    waiting = len(workbench.supervisor.active())
    label = button(start_label(plan, waiting=waiting > 0), drawing="play").children
    preview = plan_preview(plan, past_results=past, waiting=waiting)
    return preview, label, not plan.planned, copy_button(benchmark_command(request), "Copy command")


@callback(
    Output(ids.START_MESSAGE, "children"),
    Output(ids.RUN_SHOWN, "data"),
    Output(ids.URL, "search", allow_duplicate=True),
    Output(ids.ACTIVE_RUNS, "data", allow_duplicate=True),
    Input(ids.START_RUN, "n_clicks"),
    *_FORM_STATE,
    prevent_initial_call=True,
    running=[(Output(ids.START_RUN, "disabled"), True, False)],
)
def start_run(clicks: int | None, *values: Any) -> tuple[Any, Any, Any, Any]:
    if not clicks:
        raise PreventUpdate
    workbench = data.workbench()
    try:
        workbench.supervisor.submit(options_from_form(*values).request())
    except EngineError as error:
        return error_notice(error.title, error.message), no_update, no_update, no_update
    active = [progress.run.run_id for progress in workbench.supervisor.active()]
    return None, None, "", active


@callback(
    Output(ids.RUN_MARK, "children"),
    Output(ids.RUN_SENTENCE, "children"),
    Output(ids.RUN_SUBTITLE, "children"),
    Output(ids.RUN_TOOLS, "children"),
    Output(ids.RUN_BODY, "children"),
    Output(ids.RUN_FAILURES, "children"),
    Output(ids.RUN_SEEN, "data"),
    Input(ids.LIVE, "data"),
    Input(ids.CLOCK, "n_intervals"),
    Input(ids.RUN_SHOWN, "data"),
    Input(ids.RUN_ROWS, "value"),
    State(ids.RUN_SEEN, "data"),
)
def show_run(_: Any, __: Any, shown: str | None, rows: str, seen: dict[str, Any] | None) -> tuple[Any, ...]:
    """The card as it is now; parts that stay the same are left alone, so that focus and open logs stay."""
    seen = seen or {}
    found = run_to_show(shown, seen.get("run_id"))
    if isinstance(found, EngineError):
        state = {"problem": found.message}
        if seen == state:
            raise PreventUpdate
        return None, "No such run", None, None, error_notice(found.title, found.message), None, state
    if found is None:
        if seen == {"none": True}:
            raise PreventUpdate
        return None, None, None, None, no_run(), None, {"none": True}
    run = found.run
    state = {
        "run_id": run.run_id,
        "number": run.number,
        "status": run.status.value,
        "tools": tools_kind(run),
        "failed": run.failed,
        "done": run.done,
        "sequence": found.sequence,
        "rows": rows,
    }
    if state == seen and run.status.is_final:
        raise PreventUpdate
    now = datetime.now(UTC)
    with data.workbench().database.cursor() as cursor:
        rows_so_far = results.of_run(cursor, run.run_id)
    same = {name: state[name] == seen.get(name) for name in ("run_id", "status", "tools", "failed")}
    return (
        no_update if same["status"] else status_mark(run.status, ""),
        run_sentence(found),
        run_subtitle(run, now),
        no_update if same["run_id"] and same["tools"] else run_tools(run),
        run_body(found, now, rows=rows, machine=machine_note(rows_so_far)),
        no_update if same["run_id"] and same["failed"] and same["tools"] else run_failures(run, rows_so_far),
        state,
    )


@callback(
    Output(ids.RUN_QUEUE, "children"),
    Output(ids.QUEUE_SEEN, "data"),
    Input(ids.ACTIVE_RUNS, "data"),
    Input(ids.CLOCK, "n_intervals"),
    State(ids.QUEUE_SEEN, "data"),
)
def show_queue(_: Any, __: Any, seen: list[Any] | None) -> tuple[Any, Any]:
    active = data.workbench().supervisor.active()
    waiting = [progress for progress in active if progress.run.status in (RunStatus.INITIALIZING, RunStatus.QUEUED)]
    if len(waiting) == len(active):
        waiting = waiting[1:]  # nothing measures yet: the first one stands in the card
    state = [[progress.run.run_id, progress.run.status.value] for progress in waiting]
    if state == seen:
        raise PreventUpdate
    if not waiting:
        return None, state
    why = "One case at a time on a device, so that nothing disturbs a measurement"
    return card(queue_title(waiting), *run_queue(waiting), subtitle=why), state


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
    return card(
        finished_title(ended),
        finished_runs(ended, datetime.now(UTC)),
        subtitle="Newest first · a run's number shows its cases, failures and log above",
        class_name="finished-card",
    )


@callback(
    Output(ids.CANCEL_DIALOG, "is_open"),
    Output(ids.CANCEL_TEXT, "children"),
    Output(ids.CANCEL_TARGET, "data"),
    Input(ids.CANCEL_BUTTON, "n_clicks"),
    Input(ids.CANCEL_KEEP, "n_clicks"),
    Input(ids.CANCEL_CONFIRM, "n_clicks"),
    State(ids.RUN_SEEN, "data"),
    prevent_initial_call=True,
)
def ask_to_cancel(opened: int | None, _: Any, __: Any, seen: dict[str, Any] | None) -> tuple[bool, Any, Any]:
    if ctx.triggered_id != ids.CANCEL_BUTTON or not opened or not seen:
        return False, no_update, no_update
    kept = "Every finished result is kept; the case under way is stopped and lost. The run can be resumed later."
    return True, f"Run {seen['number']}: {kept}", seen["run_id"]


@callback(
    Output(ids.RUN_MESSAGE, "children"),
    Input(ids.CANCEL_CONFIRM, "n_clicks"),
    State(ids.CANCEL_TARGET, "data"),
    prevent_initial_call=True,
)
def cancel_run(clicks: int | None, run_id: str | None) -> Any:
    if not clicks or not run_id:
        raise PreventUpdate
    try:
        data.workbench().supervisor.cancel(run_id)
    except EngineError as error:
        return error_notice(error.title, error.message)
    return None


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


def options_from_form(
    models: list[str] | None,
    tier: str | None,
    backends: list[str] | None,
    precisions: list[str] | None,
    batch_sizes: str | None,
    workloads: list[str] | None,
    size: str | None,
    switches: list[str] | None,
    processes: str | None,
    sequence_length: str | None,
    threads: str | None,
) -> RunOptions:
    """In the order of `_FORM`; what a browser sends as nothing is left to the defaults."""
    usual = RunOptions()
    return RunOptions(
        models=models or (),
        tier=tier or usual.tier,
        backends=backends or (),
        precisions=precisions or (),
        batch_sizes=batch_sizes or "",
        workloads=workloads or (),
        size=size or usual.size,
        switches=switches or (),
        processes=processes,
        sequence_length=sequence_length,
        threads=threads,
    )


def run_to_show(named: str | None, seen: str | None) -> RunProgress | EngineError | None:
    """The run that the address names, else the one under way, else the one seen last, else the newest."""
    workbench = data.workbench()
    try:
        if named:
            with workbench.database.cursor() as cursor:
                return workbench.supervisor.progress(runs.get(cursor, named).run_id)
        active = workbench.supervisor.active()
        under_way = [progress for progress in active if progress.run.status is not RunStatus.QUEUED] or active
        if under_way:
            return under_way[0]
        if seen:
            return workbench.supervisor.progress(seen)
        with workbench.database.cursor() as cursor:
            newest = runs.recent(cursor, limit=1)
        return workbench.supervisor.progress(newest[0].run_id) if newest else None
    except EngineError as error:
        return error


def tools_kind(run: Run) -> str:
    """What decides which tools there are: planning, waiting and running have the same, so focus stays on them."""
    if run.status.is_final:
        return "ended with results" if run.completed else "ended"
    return "cancelling" if run.status is RunStatus.CANCELLING else "under way"


def run_tools(run: Run) -> list[Component]:
    """What can be done with a run in its present state."""
    tools: list[Component] = [copy_button(benchmark_command(run.request), "Command")]
    if run.status is RunStatus.CANCELLING:
        tools.append(button("Cancelling", kind="danger", drawing="status-cancelled", disabled=True))
    elif not run.status.is_final:
        tools.append(button("Cancel run", id=ids.CANCEL_BUTTON, kind="danger", drawing="status-cancelled"))
    elif run.completed:
        tools.append(link_button("Report", f"/reports?run={run.number}", drawing="reports"))
        models = run.request.models
        tools.append(link_button("Results", f"/?model={models[0]}" if len(models) == 1 else "/comparison"))
    return tools
