"""Trust, the Overview's third page: what the meters of this machine are worth, and which change a verdict resolves."""

from __future__ import annotations

from typing import Any

from dash import Input, Output, State, callback, ctx, dcc, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from app import data, ids
from app.authorization import require
from app.views.calibrate_card import FULL, TRIALS, calibrate_card, progress_parts
from app.views.error_notice import error_notice
from app.views.overview_switch import overview_switch
from app.views.trust_cards import resolution_card, trust_cards, trust_head
from engine.domain.api_key import Role
from engine.domain.calibration import Calibration
from engine.errors import EngineError
from engine.workflows.calibrate import counting_calibration, newest_calibration

PATH = "/trust"


def layout(_: str) -> Component:
    workbench = data.workbench()
    found, newest = counting_calibration(workbench), newest_calibration(workbench)
    state = workbench.calibration.state
    return html.Div(
        [
            dcc.Store(id=ids.TRUST_SEEN, data=_identity(newest)),
            html.Div(
                [html.Div(trust_head(found, newest, workbench.environment), id=ids.TRUST_HEAD), overview_switch(PATH)],
                className="page-head",
            ),
            html.Div(
                [
                    html.Div(trust_cards(found), id=ids.TRUST_BODY, className="span-8 stack"),
                    html.Div(
                        [
                            calibrate_card(state.progress, is_cancelling=state.is_cancelling),
                            html.Div(resolution_card(found), id=ids.TRUST_RESOLUTION),
                        ],
                        className="span-4 stack",
                    ),
                ],
                className="grid-12 trust-grid",
            ),
        ],
        className="page",
    )


@callback(
    Output(ids.TRUST_PROGRESS, "children"),
    Output(ids.TRUST_START, "hidden"),
    Output(ids.TRUST_CANCEL, "hidden"),
    Output(ids.TRUST_MESSAGE, "children"),
    Output(ids.TRUST_SEEN, "data"),
    Input(ids.CLOCK, "n_intervals"),
    Input(ids.TRUST_START, "n_clicks"),
    Input(ids.TRUST_CANCEL, "n_clicks"),
    State(ids.TRUST_MODE, "value"),
    State(ids.TRUST_SEEN, "data"),
    State(ids.TRUST_START, "hidden"),
    prevent_initial_call=True,
)
def follow_calibration(
    _: int | None, starts: int | None, cancels: int | None, mode: str | None, seen: str | None, was_running: bool | None
) -> tuple[Any, ...]:
    """Do what was pressed, and show how far the calibration has come; left alone while nothing happens."""
    workbench = data.workbench()
    job, message = workbench.calibration, no_update
    pressed = ctx.triggered_id if ctx.triggered_id in (ids.TRUST_START, ids.TRUST_CANCEL) else None
    try:
        if pressed == ids.TRUST_START and starts:
            message = None
            require(Role.OPERATOR, to="start a calibration")
            job.start(groups=TRIALS[mode or FULL])
        if pressed == ids.TRUST_CANCEL and cancels:
            require(Role.OPERATOR, to="cancel a calibration")
            job.cancel()
    except EngineError as error:
        message = error_notice(error.title, error.message)
    state = job.state
    identity = _identity(newest_calibration(workbench))
    if state.progress is None and not was_running and pressed is None and identity == seen:
        raise PreventUpdate
    if state.progress is None and was_running and state.error is not None:
        message = error_notice("The calibration came to nothing", state.error)
    is_running = state.progress is not None
    return (
        progress_parts(state.progress, is_cancelling=state.is_cancelling),
        is_running,
        not is_running,
        message,
        no_update if identity == seen else identity,
    )


@callback(
    Output(ids.TRUST_HEAD, "children"),
    Output(ids.TRUST_BODY, "children"),
    Output(ids.TRUST_RESOLUTION, "children"),
    Input(ids.TRUST_SEEN, "data"),
    prevent_initial_call=True,
)
def show_calibration(_: str | None) -> tuple[Any, Any, Any]:
    """The calibration that counts, once there is a newer one than the page was opened with."""
    workbench = data.workbench()
    found, newest = counting_calibration(workbench), newest_calibration(workbench)
    return trust_head(found, newest, workbench.environment), trust_cards(found), resolution_card(found)


def _identity(found: Calibration | None) -> str | None:
    return found.calibration_id if found is not None else None
