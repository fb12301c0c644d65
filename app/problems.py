"""Errors as answers: RFC 9457 problem details for every error under /api, whoever raised it."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, json, request
from gunicorn.http.errors import ParseException
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule, WebsocketMismatch
from wsproto.utilities import ProtocolError

from app.authentication import is_socket
from engine import errors
from engine.domain.key_secret import without_secrets

_SOCKET_ONLY = "is a WebSocket: connect with ws://, or poll /api/benchmark/status/RUN_ID instead."
_OWN_HEADERS = ("WWW-Authenticate", "Retry-After")
"""Of werkzeug's errors: they are part of what the status says."""
_SAID_TO_PROGRAMS = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS)
_NO_SOCKET = "is no WebSocket: ask over http://."
PROBES = ("/healthz", "/readyz", "/metrics")
"""What programs that watch this one ask; it is answered like the interface under /api."""

log = logging.getLogger(__name__)

STATUS_OF: dict[type[errors.EngineError], HTTPStatus] = {
    errors.InvalidValue: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.UnknownName: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.BackendUnavailable: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.KeyRefused: HTTPStatus.UNAUTHORIZED,
    errors.RoleNeeded: HTTPStatus.FORBIDDEN,
    errors.Overloaded: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.NotFinished: HTTPStatus.CONFLICT,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.Ending: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.NotEnoughData: HTTPStatus.CONFLICT,
    errors.QueryRefused: HTTPStatus.FORBIDDEN,
    errors.TooManyQueries: HTTPStatus.TOO_MANY_REQUESTS,
    errors.QueryFailed: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.SkillsetFailure: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.LauncherFailure: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.DiskFull: HTTPStatus.INSUFFICIENT_STORAGE,
    errors.StorageError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.EngineError: HTTPStatus.INTERNAL_SERVER_ERROR,
}
"""An error's status is that of its own class, else of its nearest base."""


def status_of(error: errors.EngineError) -> HTTPStatus:
    return next(STATUS_OF[kind] for kind in type(error).__mro__ if kind in STATUS_OF)


def problem(status: int, title: str, detail: str, **members: Any) -> Response:
    """One problem document; members that are None are left out."""
    document = {"type": "about:blank", "title": title, "status": status, "detail": detail, "instance": request.path}
    document |= {name: value for name, value in members.items() if value is not None}
    text = without_secrets(json.dumps(document))  # a path or a value that is quoted may hold a key
    return Response(text + "\n", status=status, mimetype="application/problem+json")


def register(app: Flask) -> None:
    """Answer every error of `app`; call it when all routes exist."""
    app.register_error_handler(errors.EngineError, _answer_engine_error)
    app.register_error_handler(ValidationError, _answer_validation_error)
    app.register_error_handler(HTTPException, _answer_http_error)
    app.register_error_handler(ParseException, _answer_broken_request)
    app.register_error_handler(ProtocolError, _answer_broken_request)
    app.register_error_handler(Exception, _answer_unexpected)
    api_routes = Map(
        [_same_rule(rule) for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/")], merge_slashes=False
    )

    @app.before_request
    def refuse_unknown_api_paths() -> Response | None:
        """Dash answers GET of any path with its page; below /api that would pass a typing error off as success, and
        OPTIONS would promise GET where there is none."""
        if request.path != "/api" and not request.path.startswith("/api/"):
            return None
        method = "GET" if request.method == "HEAD" else request.method
        here = api_routes.bind("")
        here.match(request.path, method, websocket=is_socket())
        if method != "OPTIONS":
            return None
        return Response(
            status=HTTPStatus.NO_CONTENT, headers={"Allow": ", ".join(sorted(here.allowed_methods(request.path)))}
        )


def _same_rule(rule: Rule) -> Rule:
    """A copy for another map; werkzeug's own leaves out whether a rule is for WebSockets."""
    copy = rule.empty()
    copy.websocket = rule.websocket
    return copy


def _answer_engine_error(error: errors.EngineError) -> Response:
    status = status_of(error)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR and not isinstance(error, errors.Ending):
        log.error("%s %s: %s", request.method, request.path, error.message, exc_info=error)
    nearest = list(error.nearest) if isinstance(error, errors.UnknownName) and error.nearest else None
    role = error.needed if isinstance(error, errors.RoleNeeded) else None
    answer = problem(status, error.title, error.message, field=error.field, nearest=nearest, role=role)
    if isinstance(error, errors.Overloaded | errors.Ending):
        answer.headers["Retry-After"] = "5"
    return answer


def _answer_validation_error(error: ValidationError) -> Response:
    """One line for each value at fault, with the value, so that a person can act on it."""
    faults = [
        {
            "field": str(fault["loc"][0]) if fault["loc"] else None,
            "pointer": "#/" + "/".join(str(part) for part in fault["loc"]),
            "message": fault["msg"],
            **({} if fault["type"] == "missing" else {"value": fault["input"]}),
        }
        for fault in error.errors(include_url=False, include_context=False)
    ]
    detail = " ".join(_sentence(fault) for fault in faults)
    title = errors.InvalidValue.title
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, title, detail, field=faults[0]["field"], errors=faults)


def _answer_http_error(error: HTTPException) -> Response | HTTPException:
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    if status < HTTPStatus.BAD_REQUEST or not _wants_problem(status):
        return error
    members = {}
    if methods := getattr(error, "valid_methods", None):
        members["allowed"] = sorted(set(methods) - {"OPTIONS"})
    detail = error.description or HTTPStatus(status).description
    if status == HTTPStatus.NOT_FOUND:
        detail = f"Nothing lives at {request.path}."
    elif status == HTTPStatus.METHOD_NOT_ALLOWED and members:
        detail = f"{request.path} does not take {request.method}; use {' or '.join(members['allowed'])}."
    elif isinstance(error, WebsocketMismatch):
        detail = f"{request.path} {_NO_SOCKET if is_socket() else _SOCKET_ONLY}"
    elif status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        detail = f"The body is larger than {request.max_content_length or 0:,} bytes."
    answer = problem(status, HTTPStatus(status).phrase, detail, **members)
    if members:
        answer.headers["Allow"] = ", ".join(members["allowed"])
    for name, value in error.get_headers():
        if name in _OWN_HEADERS:
            answer.headers[name] = value
    return answer


def _answer_broken_request(error: Exception) -> Response:
    """What is no HTTP, or no handshake of a WebSocket, once its head was read."""
    status = HTTPStatus.BAD_REQUEST
    return problem(status, status.phrase, f"The request is broken: {type(error).__name__}: {error}"[:500])


def _answer_unexpected(error: Exception) -> Response | tuple[str, int]:
    log.error("%s %s failed", request.method, request.path, exc_info=error)
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    said = f"{type(error).__name__} while answering; the server's log has the details."
    if _wants_problem(status):
        return problem(status, status.phrase, said)
    return said, status


def _wants_problem(status: int) -> bool:
    return request.path.startswith(("/api", *PROBES)) or status in _SAID_TO_PROGRAMS


def _sentence(fault: dict[str, Any]) -> str:
    given = f" {fault['value']!r}" if "value" in fault and not isinstance(fault["value"], dict | list) else ""
    place = fault["pointer"].removeprefix("#/") or "body"
    return f"{place}{given}: {fault['message']}."
