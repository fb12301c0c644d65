"""Where a server is."""

from __future__ import annotations

import httpx

from engine.errors import InvalidValue


def server_address(text: str) -> str:
    """`text` without a slash at its end; raises InvalidValue for what can be no server's address."""
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        url = httpx.URL()
    has_more = url.query or url.fragment  # what is asked for would be part of it
    if url.scheme not in ("http", "https") or not url.host or not 0 < (url.port or 80) < 65536 or has_more:
        raise InvalidValue(f"{text!r} is not a server's address; write it like http://127.0.0.1:8050.", field="server")
    scheme, _, rest = text.partition(":")
    return f"{scheme.lower()}:{rest}".rstrip("/")


def socket_address(url: str, path: str) -> str:
    """The same server's WebSocket at `path`."""
    return f"ws{url.removeprefix('http')}{path}"
