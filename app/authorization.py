"""What who asks may do: reading is for every role, changing for some, and each place that changes says for whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import current_app, g, has_request_context, request

from app.authentication import STRANGER, identity, unauthorized
from engine.domain.api_key import Role
from engine.errors import RoleNeeded

READING = frozenset({"GET", "HEAD", "OPTIONS"})
CALLBACKS = "/_dash-update-component"
"""Where the dashboard asks for everything it shows, with POST; callbacks that change something call `require`."""
SIGNING_IN = ("/login", "/logout")
TOKEN_PATH = "/api/session"
_ONLY_READS = "only_reads"
_OPEN_TO_STRANGERS = ("/healthz", "/readyz", "/_favicon.ico")


View = TypeVar("View", bound=Callable[..., Any])


def only_reads(view: View) -> View:
    """For an endpoint that takes its question as a body, and so with POST, and changes nothing."""
    setattr(view, _ONLY_READS, True)
    return view


def is_reading() -> bool:
    """Whether the request can change nothing, or is the dashboard's, whose callbacks say for themselves."""
    if request.method in READING or request.path == CALLBACKS:
        return True
    view = current_app.view_functions.get(request.endpoint or "")
    return getattr(view, _ONLY_READS, False)


def is_open_to_strangers() -> bool:
    """Whether the request is for what everybody may see: the login page, its looks, and that the server lives.

    Or brings credentials of its own: a key to sign in with, or the one-time token.
    """
    if request.path == "/login" or (request.path in ("/logout", TOKEN_PATH) and request.method == "POST"):
        return True
    is_shipped = request.path.startswith("/assets/") or request.path in _OPEN_TO_STRANGERS
    return is_shipped and request.method in READING


def check_role() -> None:
    """The least that any request takes: a viewer reads, an operator changes. Raises RoleNeeded or Unauthorized."""
    if is_open_to_strangers():
        return
    if identity() is STRANGER:
        raise unauthorized(
            "This server demands an API key: send it as 'Authorization: Bearer mdk_...', or sign in at /login."
        )
    if is_reading():
        _check(Role.VIEWER, to=f"read {request.path}")
    else:
        _check(Role.OPERATOR, to=f"{request.method} {request.path}")


def require(needed: Role, *, to: str) -> None:
    """For endpoints that take more than `check_role` asks for, and for callbacks that change something.

    `to` says in words what is asked for: it enters the audit, and the refusal. Raises RoleNeeded. Nobody is asked
    where no request is under way: then it is this program itself that acts.
    """
    if has_request_context():
        g.action = to
        _check(needed, to=to)


def _check(needed: Role, *, to: str) -> None:
    who = identity()
    if who.role is None or not who.role.may(needed):
        g.was_refused = True
        has = f"{who.name!r} has the role {who.role}" if who.role is not None else "nobody is signed in"
        raise RoleNeeded(f"To {to} takes the role {needed}, and {has}.", needed=needed.value)
