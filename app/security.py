"""Who may talk to the server, and what browsers may do with its pages.

The server listens on loopback only. That alone does not keep web pages out: a page may point its own host name at
127.0.0.1 (DNS rebinding), or send a form here from another site. Hence the two checks; there is no CORS header at all.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from flask import Flask, Response, request
from werkzeug.exceptions import Forbidden

from engine.errors import InvalidValue

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
API_BODY_BYTES = 1 << 20
"""Largest request body under /api."""
CALLBACK_BODY_BYTES = 16 << 20
"""Largest body elsewhere: a callback may send back what its tab holds."""
_READING = frozenset({"GET", "HEAD", "OPTIONS"})

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


def page_policy(script_hashes: Sequence[str]) -> str:
    """The content security policy of the dashboard.

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
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


def check_bind_host(host: str) -> None:
    """Refuse to listen where other machines could connect."""
    name = host.strip("[]")
    try:
        is_loopback = ipaddress.ip_address(name).is_loopback
    except ValueError:
        is_loopback = name == "localhost"
    if not is_loopback:
        raise InvalidValue(
            f"The server listens on loopback only, and {host!r} could be reached from other machines. "
            "Use --host 127.0.0.1, and an SSH tunnel to see the dashboard from elsewhere.",
            field="host",
        )


def guard(app: Flask, *, port: int | None, policy: str, host: str = "127.0.0.1") -> None:
    """Check every request of `app` and add the protective headers to every answer.

    `host` and `port` are where the server listens; a port of None accepts any (tests, where nothing listens).
    """
    own_name = f"[{host}]" if ":" in host else host
    app.config["MAX_CONTENT_LENGTH"] = CALLBACK_BODY_BYTES

    @app.before_request
    def check_sender() -> None:
        _check_host(request.headers.get("Host", ""), own_name, port)
        if request.method not in _READING or request.headers.get("Upgrade", "").lower() == "websocket":
            _check_origin()
        if request.path.startswith("/api/"):
            request.max_content_length = API_BODY_BYTES

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Content-Security-Policy", policy)
        return response


def _check_host(host: str, own_name: str, port: int | None) -> None:
    name, given_port = _split(host)
    if name not in (*LOOPBACK_NAMES, own_name):
        raise Forbidden(f"Host {host!r} is not this server's; use http://{own_name}{f':{port}' if port else ''}.")
    if port is not None and given_port not in (None, port):
        raise Forbidden(f"Host {host!r} names another port; this server listens on port {port}.")


def _check_origin() -> None:
    origin = request.headers.get("Origin")
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
