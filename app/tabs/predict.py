"""Predict: what a case that nobody measured would cost, and how far to trust the answer."""

from __future__ import annotations

from dataclasses import asdict, fields, replace
from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode

from dash import Input, Output, State, callback, dcc, html, no_update
from dash.development.base_component import Component

from app import ids
from app.authorization import require
from app.data import workbench
from app.run_options import whole_number
from app.views.controls import link_button
from app.views.error_notice import error_notice
from app.views.prediction_answer import prediction_answer
from app.views.prediction_form import PREDICTED_METRICS, AskedCase, metric_switch, prediction_form, size_options
from engine.catalog.checkpoints import find_size, size_names
from engine.domain.api_key import Role
from engine.domain.case import Case, Precision
from engine.domain.measurement import Metric
from engine.domain.model import Size
from engine.domain.run import RunRequest, SizeChoice
from engine.errors import EngineError, InvalidValue, UnknownName
from engine.figures.tokens import Theme
from engine.workflows.predict_case import chosen_case, predict_case, predictable_backends

CURVE = "predict-curve"
Choice = TypeVar("Choice", bound=StrEnum)
_NAMES = tuple(field.name for field in fields(AskedCase))


def layout(search: str) -> Component:
    bench = workbench()
    asked = asked_in(search)
    return html.Div(
        [
            dcc.Store(id=ids.PREDICT_ASKED, data=asdict(asked)),
            html.Div(
                [
                    prediction_form(asked, bench.catalog.runnable, predictable_backends(bench)),
                    dcc.Loading(
                        html.Div(_awaited(), id=ids.PREDICT_ANSWER, **{"aria-live": "polite"}),
                        delay_show=300,
                        overlay_style={"visibility": "visible", "opacity": 0.5},
                        custom_spinner=html.Div(className="skeleton"),
                    ),
                ],
                className="predict-page",
            ),
        ],
        className="page",
    )


def _awaited() -> list[Component]:
    """Until the first answer is there."""
    return [
        html.Div(className="skeleton skeleton-title"),
        html.P("Fitting the predictor to what was measured; the first time takes some seconds.", className="run-note"),
        html.Div(className="skeleton skeleton-page"),
    ]


def asked_in(search: str) -> AskedCase:
    """The case that the address names; what it leaves out keeps its default."""
    given = {name: value for name, value in parse_qsl(search.lstrip("?")) if name in _NAMES}
    return _with_type(AskedCase(**given))


def _with_type(asked: AskedCase) -> AskedCase:
    """A checkpoint named as the model becomes the size of its type, as the form has it."""
    size = find_size(asked.model)
    if size is None or asked.model in workbench().catalog.types:
        return asked
    return replace(asked, model=size_names()[size].model_type, size=size)


@callback(
    Output(ids.PREDICT_ASKED, "data"),
    Output(ids.URL, "search", allow_duplicate=True),
    Input(ids.PREDICT_BUTTON, "n_clicks"),
    Input(ids.PREDICT_BATCH_SIZE, "n_submit"),
    State(ids.PREDICT_MODEL, "value"),
    State(ids.PREDICT_SIZE, "value"),
    State(ids.PREDICT_BACKEND, "value"),
    State(ids.PREDICT_PRECISION, "value"),
    State(ids.PREDICT_BATCH_SIZE, "value"),
    State(ids.PREDICT_ASKED, "data"),
    prevent_initial_call=True,
)
def ask(
    clicks: int | None,
    submitted: int | None,
    model: str | None,
    size: str | None,
    backend: str | None,
    precision: str | None,
    batch_size: str | None,
    before: dict[str, str],
) -> Any:
    """Take the form's case; the address names it, so that it can be shared."""
    if not clicks and not submitted:
        return no_update, no_update
    asked = AskedCase(
        model=model or "",
        size=size or "",
        backend=backend or "",
        precision=precision or "",
        batch_size=batch_size or "",
        metric=before["metric"],
    )
    return asdict(asked), "?" + urlencode(asdict(asked))


@callback(
    Output(ids.PREDICT_ASKED, "data", allow_duplicate=True),
    Output(ids.URL, "search", allow_duplicate=True),
    Input(ids.PREDICT_METRIC, "value"),
    State(ids.PREDICT_ASKED, "data"),
    prevent_initial_call=True,
)
def switch_metric(metric: str, before: dict[str, str]) -> Any:
    """Another curve of the same case."""
    if metric == before["metric"]:
        return no_update, no_update
    asked = {**before, "metric": metric}
    return asked, "?" + urlencode(asked)


@callback(
    Output(ids.PREDICT_SIZE, "options"),
    Output(ids.PREDICT_SIZE, "value"),
    Input(ids.PREDICT_MODEL, "value"),
    State(ids.PREDICT_SIZE, "value"),
    prevent_initial_call=True,
)
def offer_sizes(model: str | None, chosen: str | None) -> Any:
    """Those of the model; a checkpoint of another one gives way to the default."""
    options = size_options(workbench().catalog.types.get(model or ""))
    known = [option["value"] for option in options]
    return options, chosen if chosen in known else Size.DEFAULT.value


@callback(
    Output(ids.PREDICT_ANSWER, "children"),
    Input(ids.PREDICT_ASKED, "data"),
    Input(ids.THEME, "data"),
)
def show_answer(asked: dict[str, str], theme: Theme) -> Component:
    wanted = AskedCase(**asked)
    try:
        metric = _metric(wanted.metric)
        predicted = predict_case(workbench(), _case(wanted))
    except EngineError as error:
        return error_notice(error.title, error.message)
    return prediction_answer(predicted, metric, theme or "light", graph_id=CURVE, switch=metric_switch(wanted.metric))


@callback(
    Output(ids.PREDICT_MEASURE_MESSAGE, "children"),
    Input(ids.PREDICT_MEASURE, "n_clicks"),
    State(ids.PREDICT_MODEL, "value"),
    State(ids.PREDICT_SIZE, "value"),
    State(ids.PREDICT_BACKEND, "value"),
    State(ids.PREDICT_PRECISION, "value"),
    State(ids.PREDICT_BATCH_SIZE, "value"),
    prevent_initial_call=True,
)
def measure(
    clicks: int | None,
    model: str | None,
    size: str | None,
    backend: str | None,
    precision: str | None,
    batch_size: str | None,
) -> Any:
    """Queue the case as it stands in the form."""
    if not clicks:
        return no_update
    try:
        case = _case(AskedCase(model or "", size or "", backend or "", precision or "", batch_size or ""))
        require(Role.OPERATOR, to="start a run")
        run = workbench().supervisor.submit(
            RunRequest(
                models=(case.model,),
                backends=(case.backend,),
                precisions=(case.precision,),
                batch_sizes=(case.batch_size,),
                size=SizeChoice.leading_to(case.size),
            )
        )
    except EngineError as error:
        return error_notice(error.title, error.message)
    return html.P(
        [f"Run {run.number} is queued. ", link_button("Watch it", f"/live-runs?run={run.run_id}", kind="link")]
    )


def _case(asked: AskedCase) -> Case:
    batch_size = whole_number(asked.batch_size, "batch_sizes", "Batch size")
    if batch_size is None:
        raise InvalidValue("The batch size is empty; give a whole number such as 4.", field="batch_sizes")
    if not asked.model or not asked.backend:
        missing = "model" if not asked.model else "backend"
        raise InvalidValue(f"No {missing} is chosen; choose one in the form.", field=f"{missing}s")
    return chosen_case(
        workbench(),
        model=asked.model,
        size=asked.size,
        backend=asked.backend,
        precision=_choice(Precision, asked.precision, "precision"),
        batch_size=batch_size,
    )


def _metric(label: str) -> Metric:
    """One of the metrics that are predicted; UnknownName otherwise."""
    known = {metric.label: metric for metric in PREDICTED_METRICS}
    if label not in known:
        raise UnknownName("metric", label, known, field="metric")
    return known[label]


def _choice(kind: type[Choice], value: str, field: str) -> Choice:
    """The member of `kind` that the address or the form names; UnknownName otherwise."""
    try:
        return kind(value)
    except ValueError:
        raise UnknownName(field, value, [member.value for member in kind], field=field) from None
