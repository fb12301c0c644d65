"""The tabs in the order of the navigation; importing this package registers their callbacks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from dash.development.base_component import Component


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    name: str
    title: str
    path: str
    icon: str
    layout: Callable[[str], Component]
    """From the URL's query string to the page below the top bar."""


def _tab(name: str, title: str, path: str, icon: str) -> Tab:
    return Tab(name=name, title=title, path=path, icon=icon, layout=import_module(f"app.tabs.{name}").layout)


TABS: tuple[Tab, ...] = (
    _tab("overview", "Overview", "/", "overview"),
    _tab("comparison", "Comparison", "/comparison", "comparison"),
    _tab("live_runs", "Live Runs", "/live-runs", "live-runs"),
    _tab("reports", "Reports", "/reports", "reports"),
    _tab("predict", "Predict", "/predict", "predict"),
)

FURTHER_PAGES: tuple[Tab, ...] = (
    _tab("coverage", "Coverage", "/coverage", "overview"),
    _tab("trust", "Trust", "/trust", "overview"),
)
"""Pages that a tab leads to: they have addresses of their own and no place in the navigation; see navigation.js."""

PAGES: tuple[Tab, ...] = (*TABS, *FURTHER_PAGES)
