"""Requests that cannot be read as HTTP: what is said to those who send them, as problem details (RFC 9457)."""

from __future__ import annotations

import json
from http import HTTPStatus

from gunicorn.http import errors

LINE_BYTES = 8190
"""The longest request line, which is the address and its method; more is not to be had of gunicorn."""

_STATUS = {
    errors.LimitRequestLine: HTTPStatus.REQUEST_URI_TOO_LONG,
    errors.LimitRequestHeaders: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    errors.ForbiddenProxyRequest: HTTPStatus.FORBIDDEN,
    errors.ExpectationFailed: HTTPStatus.EXPECTATION_FAILED,
    errors.UnsupportedTransferCoding: HTTPStatus.NOT_IMPLEMENTED,
}
"""Of what else cannot be read it is 400."""


def is_unreadable(error: Exception) -> bool:
    """Whether the client is at fault: an answer that cannot be sent is ours, and so is how the server was set up."""
    ours = (errors.InvalidResponseHeader, errors.InvalidResponseHeaderName, errors.ConfigurationProblem)
    return isinstance(error, errors.ParseException) and not isinstance(error, ours)


def answer(error: Exception) -> bytes:
    """The whole answer, after which the connection ends."""
    status = _STATUS.get(type(error), HTTPStatus.BAD_REQUEST)
    document = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": _detail(error)}
    body = json.dumps(document).encode() + b"\n"
    head = (
        f"HTTP/1.1 {int(status)} {status.phrase}\r\n"
        "Connection: close\r\n"
        "Content-Type: application/problem+json\r\n"
        f"Content-Length: {len(body)}\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "\r\n"
    )
    return head.encode("ascii") + body


def _detail(error: Exception) -> str:
    if isinstance(error, errors.LimitRequestLine):
        return (
            f"The first line of the request, with the address, is longer than {LINE_BYTES:,} bytes; ask for less at "
            "once, or send a list in the body of a POST where the interface has one."
        )
    if isinstance(error, errors.LimitRequestHeaders):
        return "The request's headers are too many or too long; a cookie of another program may be among them."
    return f"The request is no HTTP that can be read: {type(error).__name__}."  # without a quotation: it may hold a key
