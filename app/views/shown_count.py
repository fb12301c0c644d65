"""How much a page shows, whose figures these are, and the way to those that were measured elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from app.url_state import ViewState, address
from app.views.marks import provenance_mark
from engine.domain.result import Provenance
from engine.domain.summary import CaseSummary
from engine.formatting import counted


def shown_count(
    text: str, shown: Sequence[CaseSummary], everything: Sequence[CaseSummary], here: str, path: str
) -> list[Any]:
    """`text`, then whose figures these are when they are not of the environment `here`, and how many are hidden.

    The hidden ones open as a list of their machines, each a link to `path` with that machine.
    """
    parts: list[Any] = [text]
    if shown and shown[0].provenance is Provenance.IMPORTED:
        parts += [" ", provenance_mark(Provenance.IMPORTED), html.Span(f", {shown[0].machine_label}")]
    elif shown and shown[0].environment_id != here:
        parts.append(
            html.Span(
                " on another machine or version",
                title=f"Nothing was measured here yet. These figures come from {shown[0].machine_label}.",
            )
        )
    hidden = len(everything) - len(shown)
    if hidden:
        parts += [" · ", _hidden(hidden, shown, everything, path)]
    return parts


def _hidden(count: int, shown: Sequence[CaseSummary], everything: Sequence[CaseSummary], path: str) -> Component:
    """Figures of different machines never share a page; each machine is one link away."""
    present = {summary.environment_id for summary in shown}
    others = [summary for summary in everything if summary.environment_id not in present]
    counts = Counter(summary.environment_id for summary in others)
    one_of = {summary.environment_id: summary for summary in reversed(others)}
    links = [
        html.Li(
            [
                dcc.Link(
                    one_of[machine].machine_label or machine,
                    href=address(path, ViewState(machine=machine)),
                    title="Show the figures of this machine",
                ),
                f" {counted(cases, 'case')}",
            ]
        )
        for machine, cases in counts.most_common()
    ]
    return html.Details(
        [html.Summary(f"{counted(count, 'case')} hidden"), html.Ul(links, className="other-machines")],
        className="hidden-cases",
        title="Measured on other machines or with other library versions, which never share a page.",
    )
