"""Who may talk to the server, and what browsers may do with its pages.

Listening on loopback does not keep web pages out: a page may point its own host name at 127.0.0.1 (DNS rebinding), or
send a form here from another site. Hence the checks of Host and Origin, also where keys are demanded. No page of
another origin may read an answer, except of origins that the server was told of at its start.
"""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import urlencode

from flask import Flask, Response, g, redirect, request
from werkzeug.exceptions import Forbidden
from werkzeug.wrappers import Response as AnyResponse

from app.access import EXTENSION, Access, access
from app.access_rules import LOOPBACK_NAMES, AccessRules, is_everywhere
from app.authentication import CSRF_HEADER, STRANGER, check_csrf_token, client_address, identify, identity, is_socket
from app.authorization import READING, SIGNING_IN, check_role, is_open_to_strangers
from app.problems import PROBES
from app.rate_limits import network_of
from app.unread_requests import LINE_BYTES

API_BODY_BYTES = 1 << 20
"""Largest request body under /api."""
CALLBACK_BODY_BYTES = 16 << 20
"""Largest body elsewhere: a callback may send back what its tab holds."""
SIGNING_IN_BODY_BYTES = 16 << 10
"""Largest form of the login page: it holds one key."""
PREFLIGHT_HEADERS = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
    "Access-Control-Allow-Headers": f"Authorization, Content-Type, Idempotency-Key, {CSRF_HEADER}",
    "Access-Control-Max-Age": "600",
}
EXPOSED_HEADERS = "Idempotent-Replayed, Location, Retry-After, WWW-Authenticate"
"""What pages of allowed origins may read of an answer, beside its body."""

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
REPORT_POLICY = (
    "sandbox allow-scripts allow-downloads; default-src 'none'; script-src 'unsafe-inline'; "
    "style-src 'unsafe-inline'; img-src data: blob:; font-src data:"
)
"""For a report opened in the browser: it carries its own scripts and runs in an origin of its own."""


def page_policy(script_hashes: Sequence[str] = (), *, forms: bool = False) -> str:
    """The content security policy of the dashboard; `forms` for a page that sends one to this server.

    Scripts come from this server or are known by their hash; nothing is evaluated from text. Styles keep
    'unsafe-inline' because Plotly and AG Grid write style elements and attributes; images allow data: and blob:
    because Plotly draws pictures of charts through them.
    """
    return "; ".join(
        (
            "default-src 'none'",
            " ".join(("script-src 'self'", *script_hashes)),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "base-uri 'none'",
            "form-action 'self'" if forms else "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


def guard(app: Flask, rules: AccessRules, *, policy: str) -> None:
    """Check every request of `app` and add the protective headers to every answer.

    The order matters: what another site may have sent is refused before anybody is asked who they are, and who they
    are is known before it is counted how often they ask.
    """
    app.extensions[EXTENSION] = Access.under(rules)
    app.config["MAX_CONTENT_LENGTH"] = CALLBACK_BODY_BYTES

    @app.before_request
    def check_sender() -> AnyResponse | None:
        here = access()
        if request.path.startswith("/api/"):
            request.max_content_length = API_BODY_BYTES
        elif request.path in SIGNING_IN:
            request.max_content_length = SIGNING_IN_BODY_BYTES
        _check_host(here.rules)
        if _is_preflight(here.rules):
            return Response(status=HTTPStatus.NO_CONTENT, headers=PREFLIGHT_HEADERS)
        is_change = request.method not in READING
        if is_change or is_socket():
            _check_origin(here.rules)
        g.identity = identify()
        here.limits.count_request(identity().key_id or network_of(client_address()), client_address())
        if identity() is STRANGER and not is_open_to_strangers() and _is_page():
            return redirect(_login_page(), HTTPStatus.SEE_OTHER)
        if is_change and request.path != "/login":
            check_csrf_token()
        check_role()
        return None

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Content-Security-Policy", policy)
        _open_to_allowed_origins(response, access().rules)
        if g.get("forgets_cookie"):
            response.delete_cookie(access().cookie("session"), samesite="Strict", httponly=True)
        return response


def _login_page() -> str:
    """That leads back here afterwards; without what was chosen here where that would make too long an address."""
    whole = f"/login?{urlencode({'next': request.full_path.rstrip('?')})}"
    return whole if len(whole) < LINE_BYTES - len("GET  HTTP/1.1") else f"/login?{urlencode({'next': request.path})}"


def _is_page() -> bool:
    """Whether a person waits for a page rather than a program for an answer."""
    path = request.path
    is_for_programs = path == "/api" or path in PROBES or path.startswith(("/api/", "/_"))
    return request.method in ("GET", "HEAD") and not is_for_programs


def _check_host(rules: AccessRules) -> None:
    host = request.headers.get("Host", "")
    name, port = _split(host)
    if rules.knows_host(name, port):
        return
    if port is not None and rules.port is not None and rules.knows_host(name, None):
        raise Forbidden(f"Host {host!r} names another port; this server listens on port {rules.port}.")
    own = LOOPBACK_NAMES[0] if is_everywhere(rules.host) else rules.own_name
    raise Forbidden(
        f"Host {host!r} is not this server's; use http://{own}{f':{rules.port}' if rules.port else ''}, or start the "
        "server with --allow-host and this name."
    )


def _is_preflight(rules: AccessRules) -> bool:
    """A browser asks whether a page of an allowed origin may send what it wants to; any other is answered as usual."""
    asks = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
    return asks and request.headers.get("Origin") in rules.origins


def _open_to_allowed_origins(response: Response, rules: AccessRules) -> None:
    """Pages of an allowed origin may read the answer; they say who they are with a key, never with our cookie."""
    if not rules.origins:
        return
    response.vary.add("Origin")
    origin = request.headers.get("Origin")
    if origin in rules.origins:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = EXPOSED_HEADERS


def _check_origin(rules: AccessRules) -> None:
    origin = request.headers.get("Origin")
    if origin in rules.origins:
        return
    if origin is None:
        if request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            raise Forbidden("Another site sent this request; only this server's own pages may change anything.")
        return
    own = f"{request.scheme}://{request.headers.get('Host', '')}"
    if origin != own:
        raise Forbidden(f"Origin {origin!r} may not change anything here; only {own} may.")


def _split(host: str) -> tuple[str, int | None]:
    """Name and port of a Host header; None where some clients leave it out, -1 where it is no number."""
    name, colon, port = host.lower().rpartition(":")
    if not colon or port.endswith("]"):
        return host.lower(), None
    return name, int(port) if port.isascii() and port.isdigit() else -1
