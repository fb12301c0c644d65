"""How many requests were answered, with what, and how long that took, for as long as the server runs."""

from __future__ import annotations

import time
from http import HTTPStatus

from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_OTHER = "other"
"""Stands for every method and path that nobody serves: whoever asks for them must not make memory grow."""
_SWITCHING_PROTOCOLS = "101"
_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class RequestMeter:
    """Labels are those of routes, such as /api/benchmark/status/<run_id>, and never of what a client wrote."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._answered = Counter(
            "modeldyno_http_requests",
            "Requests answered, by route and status; a socket counts as 101 once it has closed.",
            ("method", "route", "status"),
            registry=registry,
        )
        self._seconds = Histogram(
            "modeldyno_http_request_duration_seconds",
            "Time from a request until its answer was ready to be sent; sockets are left out.",
            ("method", "route"),
            buckets=_BOUNDS,
            registry=registry,
        )

    def watch(self, app: Flask) -> None:
        """Count what `app` answers; call it before anything else looks at its requests."""

        @app.before_request
        def start_clock() -> None:
            g.request_began = time.perf_counter()

        @app.after_request
        def count(response: Response) -> Response:
            rule = request.url_rule
            route = _OTHER if rule is None else rule.rule
            method = request.method if request.method in _METHODS else _OTHER
            is_socket = rule is not None and rule.websocket
            was_open = is_socket and response.status_code == HTTPStatus.OK  # whatever refuses one answers otherwise
            self._answered.labels(method, route, _SWITCHING_PROTOCOLS if was_open else str(response.status_code)).inc()
            if not is_socket:
                self._seconds.labels(method, route).observe(time.perf_counter() - g.request_began)
            return response
