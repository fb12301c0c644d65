"""What surrounds every tab: top bar, search, theme, help, and the place where the tab appears."""

from __future__ import annotations

from typing import Any

from dash import ClientsideFunction, Input, Output, State, callback, clientside_callback, dcc, html, no_update
from dash.development.base_component import Component

from app import data, ids
from app.failed_callbacks import answer_failed_shell_callback, failure_notice, log_failure
from app.search import Place, find_places
from app.tabs import PAGES, TABS, Tab
from app.views.controls import icon_button, link_button
from app.views.empty_state import empty_state
from app.views.icon import icon
from engine.storage import runs

CLOCK_MILLISECONDS = 2000
RECENT_RUNS = 200
"""How many of the newest runs the search box looks through."""

SHORTCUTS = (
    (("/",), "Find a model, case or run"),
    (("g", "o"), "Overview"),
    (("g", "c"), "Comparison"),
    (("g", "l"), "Live Runs"),
    (("g", "r"), "Reports"),
    (("g", "p"), "Predict"),
    (("t",), "Light or dark"),
    (("?",), "This help"),
    (("Esc",), "Close what is open"),
)


def shell_layout(*, signs_in: bool = False) -> Component:
    """The same for every address: the tab is filled in by `show_page`. `signs_in`: visitors hold keys."""
    return html.Div(
        [
            dcc.Location(id=ids.URL, refresh=False),
            dcc.Store(id=ids.NAVIGATION),
            dcc.Store(id=ids.THEME),
            dcc.Store(id=ids.ACTIVE_RUNS, data=[]),
            dcc.Store(id=ids.LIVE, data={}),
            dcc.Interval(id=ids.CLOCK, interval=CLOCK_MILLISECONDS),
            html.A("Skip to content", href=f"#{ids.PAGE}", className="skip-link"),
            _top_bar(signs_in=signs_in),
            html.Div(id=ids.NOTICES, className="notices"),
            html.Main(_loading(), id=ids.PAGE, tabIndex="-1"),
            _help_dialog(),
        ],
        className="shell",
    )


def _top_bar(*, signs_in: bool) -> Component:
    return html.Header(
        [
            dcc.Link([icon("logo"), html.Span("ModelDyno")], href="/", className="brand"),
            html.Nav([_tab_link(tab) for tab in TABS], className="tabs", **{"aria-label": "Tabs"}),
            html.Div(
                [
                    _search_box(),
                    html.Button(
                        [icon("moon"), icon("sun")],
                        id=ids.THEME_BUTTON,
                        type="button",
                        n_clicks=0,
                        className="icon-button theme-button",
                        title="Light or dark (t)",
                        **{"aria-label": "Switch between light and dark"},
                    ),
                    icon_button("help", "Keyboard shortcuts (?)", id=ids.HELP_BUTTON),
                    *([_account_link()] if signs_in else []),
                ],
                className="top-bar-end",
            ),
        ],
        className="top-bar",
    )


def _account_link() -> Component:
    """A page of the server's own: no callback is needed to leave."""
    label = {"title": "Who is signed in; sign out", "aria-label": "Who is signed in; sign out"}
    return html.A(icon("key"), href="/login", className="icon-button", **label)


def _tab_link(tab: Tab) -> Component:
    first, _, rest = tab.title.partition(" ")
    label = html.Span([first, html.Span(f" {rest}", className="tab-rest")]) if rest else html.Span(tab.title)
    count = [html.Span(id=ids.LIVE_COUNT, className="tab-count")] if tab.name == "live_runs" else []
    return dcc.Link([icon(tab.icon), label, *count], href=tab.path, className="tab-link", title=tab.title)


def _search_box() -> Component:
    return html.Div(
        [
            html.Label("Find a model, case or run", htmlFor=ids.SEARCH, className="visually-hidden"),
            icon("search"),
            dcc.Input(
                id=ids.SEARCH,
                type="text",
                value="",
                debounce=0.15,
                autoComplete="off",
                placeholder="Find a model, case or run",
                className="search-input",
            ),
            html.Kbd("/", className="search-key"),
            html.Div(id=ids.SEARCH_RESULTS, className="search-results", **{"aria-live": "polite"}),
        ],
        className="search",
        role="search",
    )


def _help_dialog() -> Component:
    rows = [html.Tr([html.Td([html.Kbd(key) for key in keys]), html.Td(meaning)]) for keys, meaning in SHORTCUTS]
    return html.Dialog(
        [
            html.Div(
                [
                    html.H2("Keyboard shortcuts", id="help-title"),
                    html.Button(
                        icon("close"),
                        type="button",
                        className="icon-button",
                        title="Close",
                        **{"aria-label": "Close", "data-close-dialog": "true"},
                    ),
                ],
                className="help-head",
            ),
            html.Table(html.Tbody(rows), className="help-keys"),
            html.P(
                "Every number is measured on this machine unless its mark says otherwise; intervals are 95 % unless "
                "a footnote says otherwise.",
                className="help-note",
            ),
        ],
        id=ids.HELP_DIALOG,
        className="help-dialog",
        **{"aria-labelledby": "help-title"},
    )


def _loading() -> Component:
    blocks = [html.Div(className="skeleton skeleton-title"), html.Div(className="skeleton skeleton-page")]
    return html.Div(blocks, className="page page-loading", **{"aria-busy": "true", "aria-label": "Loading"})


@callback(
    Output(ids.PAGE, "children"),
    Output(ids.NOTICES, "children"),
    Input(ids.NAVIGATION, "data"),
    prevent_initial_call=True,
    on_error=answer_failed_shell_callback,
)
def show_page(navigation: dict[str, Any] | None) -> tuple[Any, Any]:
    """The active tab, and no notice that belonged to the page before."""
    if navigation is None:
        return no_update, no_update
    return page_at(str(navigation["path"]), str(navigation["search"])), None


def page_at(path: str, search: str) -> Component:
    """The layout of the tab at `path`; a tab that fails is replaced by what went wrong."""
    tab = next((tab for tab in PAGES if tab.path == (path.rstrip("/") or "/")), None)
    if tab is None:
        return _not_found(path)
    try:
        return tab.layout(search)
    except Exception as error:
        log_failure(error, f"The tab {tab.title} at {path}{search}")
        notice = failure_notice(error, what=f"{tab.title} could not be shown")
        return html.Div(notice, className="page")


def _not_found(path: str) -> Component:
    notice = empty_state(
        f"There is no page at {path}",
        "The address may be misspelt, or come from another version of ModelDyno.",
        *(link_button(tab.title, tab.path, kind="primary" if tab.path == "/" else "") for tab in TABS),
    )
    return html.Div(notice, className="page")


@callback(
    Output(ids.ACTIVE_RUNS, "data"),
    Output(ids.LIVE_COUNT, "children"),
    Input(ids.CLOCK, "n_intervals"),
    State(ids.ACTIVE_RUNS, "data"),
    on_error=answer_failed_shell_callback,
)
def count_active_runs(ticks: int | None, known: list[str] | None) -> tuple[Any, Any]:
    """How many runs are queued or under way; leaves the store alone while the set stays the same."""
    active = [progress.run.run_id for progress in data.workbench().supervisor.active()]
    count = str(len(active)) if active else None
    return (no_update if active == known and ticks else active), count


@callback(
    Output(ids.SEARCH_RESULTS, "children"),
    Input(ids.SEARCH, "value"),
    prevent_initial_call=True,
)
def show_search_results(text: str | None) -> Any:
    if not (text or "").strip():
        return None
    workbench = data.workbench()
    with workbench.database.cursor() as cursor:
        recent = runs.recent(cursor, limit=RECENT_RUNS)
    cases = [summary.case for summary in data.shown_summaries() if summary.completed]
    found = find_places(text or "", models=workbench.catalog.types.values(), runs=recent, cases=cases)
    if not found:
        return html.P(f"Nothing here is called {(text or '').strip()!r}.", className="search-nothing")
    return html.Ul([html.Li(_hit(place)) for place in found])


def _hit(place: Place) -> Component:
    content = [
        html.Span(place.kind, className="search-kind"),
        html.B(place.label),
        html.Span(place.detail, className="search-detail"),
    ]
    return dcc.Link(content, href=place.href, className="search-hit")


clientside_callback(
    ClientsideFunction(namespace="navigation", function_name="follow"),
    Output(ids.NAVIGATION, "data"),
    Input(ids.URL, "href"),
    Input(ids.URL, "pathname"),
    Input(ids.URL, "search"),
)
clientside_callback(
    ClientsideFunction(namespace="theme", function_name="toggle"),
    Output(ids.THEME, "data"),
    Input(ids.THEME_BUTTON, "n_clicks"),
)
clientside_callback(
    ClientsideFunction(namespace="live", function_name="watch"),
    Output(ids.LIVE, "data"),
    Input(ids.ACTIVE_RUNS, "data"),
)
