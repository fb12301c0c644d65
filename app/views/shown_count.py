"""How much a page shows, and what it leaves out because it was measured elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html

from engine.domain.summary import CaseSummary
from engine.formatting import counted


def shown_count(text: str, shown: Sequence[CaseSummary], everything: Sequence[CaseSummary], here: str) -> list[Any]:
    """`text`, then whose figures these are when they are not of the environment `here`, and how many are hidden."""
    parts: list[Any] = [text]
    if shown and shown[0].environment_id != here:
        parts.append(
            html.Span(
                " on another machine or version",
                title=f"Nothing was measured here yet. These figures come from {shown[0].machine_label}.",
            )
        )
    hidden = len(everything) - len(shown)
    if hidden:
        parts.append(
            html.Span(
                f" · {counted(hidden, 'case')} hidden",
                title="Measured on other machines or with other library versions, which never share a page.",
            )
        )
    return parts
