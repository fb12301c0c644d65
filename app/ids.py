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

# Overview and Comparison

PAGE_IS_NARROW = "page-is-narrow"
"""dcc.Store, True on a phone: figures have a narrow variant. Filled by assets/components.js."""
PAGE_WIDTH_KNOWN = "page-width-known"

# Overview

OVERVIEW_MODEL = "overview-model"
OVERVIEW_FAMILY = "overview-family"
OVERVIEW_BACKEND = "overview-backend"
OVERVIEW_PRECISION = "overview-precision"
OVERVIEW_BATCH = "overview-batch"
OVERVIEW_WORKLOAD = "overview-workload"
OVERVIEW_SIZE = "overview-size"
OVERVIEW_MACHINE = "overview-machine"
OVERVIEW_METRIC = "overview-metric"
OVERVIEW_HEAD = "overview-head"
OVERVIEW_BODY = "overview-body"
OVERVIEW_COUNT = "overview-count"
OVERVIEW_SEEN = "overview-seen"
"""dcc.Store: how many results the page was drawn from."""
OVERVIEW_RELOAD = "overview-reload"
"""The chip "12 new results, load"."""
OVERVIEW_COMPARISON_CHART = "overview-comparison-chart"
OVERVIEW_SCALING_CHART = "overview-scaling-chart"
OVERVIEW_TOP_CHART = "overview-top-chart"

# Coverage

COVERAGE_FAMILY = "coverage-family"
COVERAGE_VERDICT = "coverage-verdict"
COVERAGE_CHECK = "coverage-check"
COVERAGE_BACKEND = "coverage-backend"
COVERAGE_PRECISION = "coverage-precision"
COVERAGE_TEXT = "coverage-text"
COVERAGE_SINCE = "coverage-since"
COVERAGE_HEAD = "coverage-head"
COVERAGE_COUNT = "coverage-count"
COVERAGE_LEGEND = "coverage-legend"
COVERAGE_FRAME = "coverage-frame"
COVERAGE_GRID = "coverage-grid"
COVERAGE_CHOSEN = "coverage-chosen"
"""dcc.Store {"model", "check"}: whose examination is open, and the check that was clicked; None: closed."""
COVERAGE_DETAILS = "coverage-details"
COVERAGE_CLOSE = "coverage-close"
COVERAGE_CHANGES = "coverage-changes"
COVERAGE_CSV = "coverage-csv"
COVERAGE_JSON = "coverage-json"
COVERAGE_FILE = "coverage-file"

# Trust

TRUST_HEAD = "trust-head"
TRUST_BODY = "trust-body"
TRUST_RESOLUTION = "trust-resolution"
TRUST_SEEN = "trust-seen"
"""dcc.Store: id of the calibration that the page shows; None before the first."""
TRUST_MODE = "trust-mode"
TRUST_START = "trust-start"
TRUST_CANCEL = "trust-cancel"
TRUST_PROGRESS = "trust-progress"
TRUST_MESSAGE = "trust-message"

# Comparison

COMPARISON_FAMILY = "comparison-family"
COMPARISON_MODEL = "comparison-model"
COMPARISON_BACKEND = "comparison-backend"
COMPARISON_PRECISION = "comparison-precision"
COMPARISON_BATCH = "comparison-batch"
COMPARISON_WORKLOAD = "comparison-workload"
COMPARISON_SIZE = "comparison-size"
COMPARISON_MACHINE = "comparison-machine"
COMPARISON_METRIC = "comparison-metric"
COMPARISON_ROWS = "comparison-rows"
COMPARISON_MODE = "comparison-mode"
COMPARISON_HEAD = "comparison-head"
COMPARISON_STRIP = "comparison-strip"
COMPARISON_BODY = "comparison-body"
COMPARISON_COUNT = "comparison-count"
COMPARISON_SEEN = "comparison-seen"
COMPARISON_RELOAD = "comparison-reload"
COMPARISON_CASE = "comparison-case"
"""dcc.Store: id of the case whose details are open."""
COMPARISON_HEATMAP = "comparison-heatmap"
COMPARISON_GRID = "comparison-grid"
COMPARISON_COLUMNS = "comparison-columns"
COMPARISON_CSV_BUTTON = "comparison-csv-button"
COMPARISON_CSV = "comparison-csv"
COMPARISON_DETAILS = "comparison-details"

# Live Runs

RUN_SHOWN = "run-shown"
"""dcc.Store: id of the run in the card as the address names it; None follows whatever is under way."""

RUN_SEEN = "run-seen"
"""dcc.Store: what the card shows by now, so that only what changed is sent again."""

RUN_MARK = "run-mark"
RUN_SENTENCE = "run-sentence"
RUN_SUBTITLE = "run-subtitle"
RUN_TOOLS = "run-tools"
RUN_BODY = "run-body"
"""Hidden: assets/steady.js shows it without building anew what stays the same."""

RUN_FAILURES = "run-failures"
RUN_ROWS = "run-rows"
RUN_QUEUE = "run-queue"
QUEUE_SEEN = "queue-seen"
"""dcc.Store: which runs the queue shows, so that it is left alone while they are the same."""

RUN_MESSAGE = "run-message"
CANCEL_BUTTON = "cancel-button"
CANCEL_DIALOG = "cancel-dialog"
CANCEL_TARGET = "cancel-target"
"""dcc.Store: id of the run that the open dialog speaks of; the card may show another one by the time of the answer."""
CANCEL_TEXT = "cancel-text"
CANCEL_CONFIRM = "cancel-confirm"
CANCEL_KEEP = "cancel-keep"
RESUME_BUTTON = "resume-button"
"""Pattern {"type": RESUME_BUTTON, "run": run_id}."""
FORM_MODELS = "form-models"
FORM_TIER = "form-tier"
FORM_BACKENDS = "form-backends"
FORM_PRECISIONS = "form-precisions"
FORM_BATCH_SIZES = "form-batch-sizes"
FORM_WORKLOADS = "form-workloads"
FORM_SIZE = "form-size"
FORM_SWITCHES = "form-switches"
FORM_PROCESSES = "form-processes"
FORM_SEQUENCE_LENGTH = "form-sequence-length"
FORM_THREADS = "form-threads"
FORM_BUDGET = "form-budget"
FORM_AGAINST = "form-against"
FORM_NEW_TOKENS = "form-new-tokens"
FORM_WORKERS = "form-workers"
FORM_CHECKPOINT = "form-checkpoint"
FORM_READY = "form-ready"
"""dcc.Store: True once the models and backends of this machine are known."""
PLAN_PREVIEW = "plan-preview"
START_RUN = "start-run"
START_MESSAGE = "start-message"
COPY_COMMAND = "copy-command"
FINISHED_RUNS = "finished-runs"
FINISHED_MESSAGE = "finished-message"
REPORT_BUTTON = "report-button"
"""Pattern {"type": REPORT_BUTTON, "run": run_id}."""

# Reports

REPORT_RUN = "report-run"
REPORT_FACTS = "report-facts"
REPORT_MAKE = "report-make"
REPORT_MESSAGE = "report-message"
REPORT_LIST = "report-list"
SQL_EDITOR = "sql-editor"
SQL_EXAMPLE = "sql-example"
"""Pattern {"type": SQL_EXAMPLE, "index": position}."""
SQL_SCHEMA = "sql-schema"
SQL_SCHEMA_FILTER = "sql-schema-filter"
SQL_RUN = "sql-run"
SQL_OUTCOME = "sql-outcome"
SQL_GRID = "sql-grid"
SQL_CSV = "sql-csv"
SQL_ANSWER = "sql-answer"

# Predict

PREDICT_MODEL = "predict-model"
PREDICT_SIZE = "predict-size"
PREDICT_BACKEND = "predict-backend"
PREDICT_PRECISION = "predict-precision"
PREDICT_BATCH_SIZE = "predict-batch-size"
PREDICT_METRIC = "predict-metric"
PREDICT_BUTTON = "predict-button"
PREDICT_ASKED = "predict-asked"
"""dcc.Store: the case that the answer on the screen is about, as the address names it."""
PREDICT_ANSWER = "predict-answer"
PREDICT_FORM_MESSAGE = "predict-form-message"
PREDICT_MEASURE = "predict-measure"
PREDICT_MEASURE_MESSAGE = "predict-measure-message"
