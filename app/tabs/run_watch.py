"""The run card of Live Runs: what is under way, how it goes, and stopping it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import dash_bootstrap_components as dbc
from dash import Input, Output, State, callback, ctx, dcc, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from app import data, ids
from app.authorization import require
from app.views.card import card
from app.views.controls import button, copy_button, link_button, segmented
from app.views.error_notice import error_notice
from app.views.finished_runs import queue_title, run_queue
from app.views.machine_note import Quietness, machine_note, quietness_of
from app.views.marks import run_outcome, status_mark
from app.views.run_card import no_run, run_body
from app.views.run_failures import run_failures
from app.views.run_words import run_sentence, run_subtitle
from engine.domain.api_key import Role
from engine.domain.run import Run, RunProgress, RunStatus
from engine.errors import EngineError
from engine.reports.command import benchmark_command
from engine.storage import results, runs
from engine.workflows.paired import verdicts_of


def run_card() -> Component:
    """Empty: `show_run` fills it; with the stores and the dialog that belong to it."""
    rows = segmented(
        ids.RUN_ROWS,
        [("around", "Excerpt"), ("all", "All"), ("failed", "Failed")],
        "around",
        "Which cases are listed",
    )
    shown = html.Section(
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
                    html.Div(id=ids.RUN_TOOLS, className="run-tools", **{"data-keeps-focus": ""}),
                ],
                className="card-head run-head",
            ),
            html.Div(id=ids.RUN_MESSAGE, className="run-message"),
            html.Div(className="card-content run-body", **{"data-steady-of": ids.RUN_BODY}),
            html.Div(id=ids.RUN_BODY, hidden=True),
            html.Div(rows, className="run-rows"),
            html.Div(id=ids.RUN_FAILURES, className="run-failures stack"),
        ],
        className="dyno-card run-card",
        **{"aria-label": "Run"},
    )
    stores = [dcc.Store(id=name) for name in (ids.RUN_SEEN, ids.CANCEL_TARGET, ids.QUEUE_SEEN)]
    return html.Div([shown, *stores, cancel_dialog()], className="run-card-place")


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
    Output(ids.RUN_MARK, "children"),
    Output(ids.RUN_SENTENCE, "children"),
    Output(ids.RUN_SUBTITLE, "children"),
    Output(ids.RUN_TOOLS, "children"),
    Output(ids.RUN_BODY, "children"),
    Output(ids.RUN_FAILURES, "children"),
    Output(ids.RUN_SEEN, "data"),
    Output(ids.RUN_MESSAGE, "children", allow_duplicate=True),
    Input(ids.LIVE, "data"),
    Input(ids.CLOCK, "n_intervals"),
    Input(ids.RUN_SHOWN, "data"),
    Input(ids.RUN_ROWS, "value"),
    State(ids.RUN_SEEN, "data"),
    prevent_initial_call="initial_duplicate",
)
def show_run(_: Any, __: Any, shown: str | None, rows: str, seen: dict[str, Any] | None) -> tuple[Any, ...]:
    """The card as it is now; parts that stay the same are left alone, so that focus and open logs stay."""
    seen = seen or {}
    found = run_to_show(shown, seen.get("run_id"))
    if isinstance(found, EngineError):
        state = {"problem": found.message}
        if seen == state:
            raise PreventUpdate
        return None, "No such run", None, None, error_notice(found.title, found.message), None, state, None
    if found is None:
        if seen == {"none": True}:
            raise PreventUpdate
        return None, None, None, None, no_run(), None, {"none": True}, None
    run, now = found.run, datetime.now(UTC)
    drawn_as, outcome = run_outcome(run)
    state = {
        "run_id": run.run_id,
        "number": run.number,
        "status": run.status.value,
        "outcome": outcome,
        "tools": tools_kind(run),
        "failed": run.failed,
        "done": run.done,
        "sequence": found.sequence,
        "rows": rows,
    }
    same = {name for name, value in state.items() if seen.get(name) == value}
    if run.status.is_final and len(same) == len(state):
        raise PreventUpdate
    is_same_run = "run_id" in same
    keeps_failures = same >= {"run_id", "failed", "tools"}
    if same >= {"run_id", "done"} and keeps_failures:
        quietness, failures = Quietness(**seen["quietness"]), no_update
    else:
        with data.workbench().database.cursor() as cursor:
            measured = results.of_run(cursor, run.run_id)
        quietness = quietness_of(measured)
        failures = no_update if keeps_failures else run_failures(run, measured)
    note = machine_note(quietness, has_ended=run.status.is_final, imported_from=run.imported_from)
    return (
        no_update if "outcome" in same else status_mark(drawn_as, ""),
        run_sentence(found),
        run_subtitle(run, now),
        no_update if is_same_run and "tools" in same else run_tools(run),
        run_body(
            found,
            now,
            rows=rows,
            machine=note,
            verdicts=verdicts_of(data.workbench(), run),
            noise=data.machine_noise(run.environment_id),
        ),
        failures,
        state | {"quietness": asdict(quietness)},
        no_update if is_same_run else None,
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
        require(Role.OPERATOR, to="cancel a run")
        data.workbench().supervisor.cancel(run_id)
    except EngineError as error:
        return error_notice(error.title, error.message)
    return None


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
    imported = run.imported_from is not None  # no command measures it here
    tools: list[Component] = [] if imported else [copy_button(benchmark_command(run.request), "Command")]
    if run.status is RunStatus.CANCELLING:
        tools.append(button("Cancelling", kind="danger", drawing="status-cancelled", disabled=True))
    elif not run.status.is_final:
        tools.append(button("Cancel run", id=ids.CANCEL_BUTTON, kind="danger", drawing="status-cancelled"))
    elif run.completed:
        tools.append(link_button("Report", f"/reports?run={run.number}", drawing="reports"))
        models = run.request.models
        there = f"/?model={models[0]}" if len(models) == 1 else "/comparison"
        tools.append(link_button("Results", f"/comparison?machine={run.environment_id}" if imported else there))
    return tools
