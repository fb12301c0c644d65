"""What a person sees when a callback raises: a notice where the answer would have been, never a silent gap."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from dash import ctx, set_props
from dash.development.base_component import Component

from app import ids
from app.views.error_notice import error_notice
from engine.errors import EngineError

log = logging.getLogger(__name__)


def failure_notice(error: Exception, *, what: str) -> Component:
    """An engine error speaks for itself; anything else is a fault of ours, and says where the details are."""
    if isinstance(error, EngineError):
        return error_notice(error.title, error.message)
    return error_notice(
        what,
        f"{type(error).__name__}: {error}" if str(error) else type(error).__name__,
        detail="The rest of the page goes on. The server's log has the details.",
    )


def answer_failed_callback(error: Exception) -> None:
    """Dash's on_error: the outputs stay as they are, except that the first one that holds content holds the notice."""
    log_failure(error, f"Callback {ctx.callback_id if hasattr(ctx, 'callback_id') else ctx.triggered_id!r}")
    place = next((output["id"] for output in _outputs(ctx.outputs_list) if output["property"] == "children"), None)
    notice = failure_notice(error, what="This part could not be updated")
    set_props(place if place is not None else ids.NOTICES, {"children": notice})


def answer_failed_shell_callback(error: Exception) -> None:
    """For callbacks whose outputs are too small to hold a notice."""
    log_failure(error, "The shell")
    set_props(ids.NOTICES, {"children": failure_notice(error, what="The page could not be updated")})


def log_failure(error: Exception, place: str) -> None:
    """A refusal is worth a line; a fault of ours is worth its traceback."""
    if isinstance(error, EngineError):
        log.warning("%s: %s", place, error.message)
    else:
        log.error("%s failed", place, exc_info=error)


def _outputs(listed: Any) -> Iterator[dict[str, Any]]:
    """The outputs of a callback, flat: Dash nests them when a wildcard stands for several."""
    if isinstance(listed, dict):
        yield listed
    elif isinstance(listed, list | tuple):
        for part in listed:
            yield from _outputs(part)
