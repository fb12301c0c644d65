"""Every component id of the dashboard, in one place: the shell's first, then one section per tab."""

from __future__ import annotations

# Shell: present on every page, so every tab may read these.

URL = "url"
"""dcc.Location. A tab writes its filters with Output(URL, "search"); that changes the address without rendering the
tab anew. Links, back and forward do render it anew: `layout(search)` is called with the new query string."""

NAVIGATION = "navigation"
"""dcc.Store {"path", "search", "count"}: grows at each navigation, never at a tab's own change of the query string."""

PAGE = "page"
"""<main>: holds the active tab's layout and nothing else."""

NOTICES = "notices"
"""Above the page: what went wrong in a callback that has no place of its own for it."""

THEME = "theme"
"""dcc.Store, "light" or "dark"; set before any tab is rendered. Every figure callback takes Input(THEME, "data")."""

CLOCK = "clock"
"""dcc.Interval, every two seconds: for what has to be looked at again (n_intervals)."""

ACTIVE_RUNS = "active-runs"
"""dcc.Store: ids of the runs that are queued or under way, oldest first; changes only when the set does."""

LIVE = "live"
"""dcc.Store {run_id: status}: newest status message of each active run, pushed through its WebSocket (see
assets/live.js), several changes a second coalesced. The objects are those of GET /api/benchmark/status/<run_id>.
Take it as Input to redraw live cards; a run that ends is pushed a last time with its final status."""

THEME_BUTTON = "theme-button"
HELP_BUTTON = "help-button"
HELP_DIALOG = "help-dialog"
LIVE_COUNT = "live-count"
SEARCH = "search"
SEARCH_RESULTS = "search-results"

# Overview

# Comparison

# Live Runs

# Reports

# Predict
