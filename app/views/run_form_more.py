"""What few runs need, below the start form's other fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from app import ids
from app.run_options import COMPILED, PINNED, SIDE_BY_SIDE, RunOptions
from app.views.against_choice import ATTENTION
from app.views.form_fields import field, menu, number, switches, text
from engine.domain.against import PAIRS
from engine.domain.run import NEW_TOKENS, WORKERS, Protocol

_USUAL_PROCESSES = f"{Protocol().processes}, or {PAIRS} pairs"
"""Of a run that compares against another way."""
_COMPILING = "torch.compile before the first pass; a compiled model has a name, a line and a verdict of its own."
_PINNING = (
    "Each process on as many physical cores as it has threads, where that leaves a choice; never concurrent workers. "
    "Each result's notes say what it was bound to, or why it was not."
)
_SIDE_BY_SIDE = (
    "With a number of threads: as many cases at once as have physical cores of their own, each bound to its own. "
    "Quicker, and not quite what a case alone would show: caches and memory bandwidth are shared."
)


def more_options(options: RunOptions, kept: Mapping[str, Any]) -> Component:
    """Opened where one of them is chosen."""
    unusual = (
        *(options.processes, options.sequence_length, options.threads, options.budget, options.new_tokens),
        *(options.workers, options.checkpoint, options.attention, options.more_switches, options.title),
    )
    return html.Details(
        [
            html.Summary("More options"),
            html.Div(
                [
                    field("Processes per case", number(ids.FORM_PROCESSES, options.processes, _USUAL_PROCESSES, kept)),
                    field(
                        "Sequence length",
                        number(ids.FORM_SEQUENCE_LENGTH, options.sequence_length, "each type's own", kept),
                    ),
                    field("Threads", number(ids.FORM_THREADS, options.threads, "all cores", kept)),
                ],
                className="form-row form-row-3",
            ),
            html.Div(
                [
                    field(
                        "New tokens, of generation", number(ids.FORM_NEW_TOKENS, options.new_tokens, NEW_TOKENS, kept)
                    ),
                    field("Workers, of concurrency", number(ids.FORM_WORKERS, options.workers, WORKERS, kept)),
                ],
                className="form-row",
            ),
            html.Div(
                [
                    field("Time budget", text(ids.FORM_BUDGET, options.budget, "none; or 90s, 30m, 2h", kept)),
                    field(
                        "Attention",
                        menu(
                            ids.FORM_ATTENTION,
                            [{"value": name, "label": name} for name in ATTENTION],
                            options.attention,
                            kept,
                            usual="the library's choice",
                        ),
                    ),
                ],
                className="form-row",
            ),
            switches(
                ids.FORM_MORE_SWITCHES,
                [
                    (COMPILED, "Compiled (torch.compile)", _COMPILING),
                    (PINNED, "Bound to cores", _PINNING),
                    (SIDE_BY_SIDE, "Side by side", _SIDE_BY_SIDE),
                ],
                options.more_switches,
                kept,
            ),
            field(
                "Checkpoint, instead of models",
                text(
                    ids.FORM_CHECKPOINT, options.checkpoint or None, "hub id in this machine's cache, or folder", kept
                ),
            ),
            field("Title", text(ids.FORM_TITLE, options.title or None, "none; a name to find the run by", kept)),
        ],
        className="run-form-more",
        open=any(value not in (None, "", ()) and value != [] for value in unusual),
    )
