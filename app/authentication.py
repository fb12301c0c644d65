"""Who sent a request: the holder of a key, a browser that signed in, or on loopback whoever is at this machine."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import cast

from flask import g, request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, Unauthorized

from app import data
from app.access import Access, access
from app.sessions import Session
from app.socket_tickets import ticket_among
from engine.domain.api_key import ApiKey, Role
from engine.errors import EngineError, KeyRefused
from engine.workflows.manage_keys import KeyRing

CSRF_HEADER = "X-CSRF-Token"
CSRF_FIELD = "csrf_token"
_SCHEME = "bearer "


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who asks. It holds for one request: whether a key is still good is asked anew each time."""

    name: str
    role: Role | None
    """None for a stranger, who may see the login page."""
    key_id: str | None = None
    """None for a stranger, and on loopback for whoever is at this machine."""
    session: Session | None = None
    """The browser's, where a cookie said who it is."""


AT_THIS_MACHINE = Identity(name="this machine, without a key", role=Role.ADMIN)
STRANGER = Identity(name="nobody known", role=None)


def identity() -> Identity:
    """Who sent this request, as the guard found."""
    return cast(Identity, g.identity)


def identify() -> Identity:
    """Whoever the request's credentials belong to. Raises Unauthorized for any that are not good, and TooManyRequests.

    A cookie that opens nothing (any longer) counts as none where keys are demanded, for a browser cannot be asked to
    leave it out; `g.forgets_cookie` has it deleted.
    """
    here = access()
    header = request.headers.get("Authorization")
    if header is not None:
        return identity_of(verified(_bearer_secret(header)))
    if is_socket() and (ticket := ticket_among(_protocols())) is not None:
        return _of_ticket(ticket)
    session_id = request.cookies.get(here.cookie("session"))
    if session_id is not None:
        session = here.sessions.find(session_id)
        key = data.workbench().keys.active(session.key_id) if session is not None else None
        if key is not None:
            return identity_of(key, session)
        g.forgets_cookie = True
        return STRANGER
    return STRANGER if here.rules.demands_keys else AT_THIS_MACHINE


def verified(secret: str) -> ApiKey:
    """The key that `secret` is of. Raises Unauthorized, TooManyRequests after too many wrong ones, and Overloaded."""
    keys, limits, address = data.workbench().keys, access().limits, client_address()

    def verify() -> ApiKey:
        limits.begin_attempt(address)
        try:
            key = keys.authenticate(secret)
        except KeyRefused as error:
            raise unauthorized(error.message, error="invalid_token") from None
        except EngineError:
            limits.attempt_was_right(address)  # nobody found out whether it was
            raise
        limits.attempt_was_right(address)
        return key

    return keys.recognise(secret) or access().verifications.share(address, secret, verify)


def unauthorized(detail: str, *, error: str | None = None) -> Unauthorized:
    """A refusal that says which credentials are understood here (RFC 6750)."""
    values: dict[str, str | None] = {"realm": "ModelDyno API"}
    if error is not None:
        values["error"] = error
    return Unauthorized(detail, www_authenticate=WWWAuthenticate("bearer", values))


def check_csrf_token() -> None:
    """A change that only a cookie vouches for must carry what no other site can read. Raises Forbidden."""
    session = identity().session
    if session is None:
        return
    given = request.headers.get(CSRF_HEADER) or request.form.get(CSRF_FIELD, "")
    if not hmac.compare_digest(given.encode("utf-8", "replace"), session.csrf_token.encode()):
        raise Forbidden(f"The header {CSRF_HEADER} does not hold this session's token; reload the page and try again.")


def still_good() -> Callable[[], bool]:
    """A question to ask long after this request: whether who sent it would be let in again."""
    return partial(_would_be_let_in, access(), data.workbench().keys, identity())


def is_socket() -> bool:
    """Whether the request asks for a WebSocket."""
    asked = request.headers.get("Upgrade", "").lower() == "websocket"
    return asked and "upgrade" in request.headers.get("Connection", "").lower()


def client_address() -> str:
    return request.remote_addr or "unknown"


def _would_be_let_in(here: Access, keys: KeyRing, who: Identity) -> bool:
    if who.key_id is None:
        return True
    return keys.active(who.key_id) is not None and (who.session is None or here.sessions.is_open(who.session))


def identity_of(key: ApiKey, session: Session | None = None) -> Identity:
    """Whoever holds `key`, or the browser that signed in with it."""
    return Identity(name=key.name, role=key.role, key_id=key.key_id, session=session)


def _of_ticket(text: str) -> Identity:
    """Whoever fetched it, as long as they would be let in themselves."""
    here = access()
    ticket = here.tickets.take(text, origin=request.headers.get("Origin"))
    if ticket is not None and ticket.key_id is None and not here.rules.demands_keys:
        return AT_THIS_MACHINE
    key = data.workbench().keys.active(ticket.key_id) if ticket is not None and ticket.key_id is not None else None
    if ticket is None or key is None or (ticket.session is not None and not here.sessions.is_open(ticket.session)):
        raise unauthorized(
            "The ticket opens no socket: it was used before, is too old, or was fetched by another page; fetch "
            "another one from POST /api/socket-ticket.",
            error="invalid_token",
        )
    return identity_of(key, ticket.session)


def _protocols() -> list[str]:
    """Those that a WebSocket offers to speak."""
    return [name.strip() for name in request.headers.get("Sec-WebSocket-Protocol", "").split(",")]


def _bearer_secret(header: str) -> str:
    if header[: len(_SCHEME)].lower() != _SCHEME:
        raise unauthorized("The Authorization header is not of the form 'Bearer mdk_...'.", error="invalid_request")
    return header[len(_SCHEME) :].strip()
