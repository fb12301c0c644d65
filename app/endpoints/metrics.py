"""/metrics: the figures of this server as Prometheus reads them."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, current_app, request
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from app.metric_families import ServerState
from app.request_meter import RequestMeter

EXTENSION = "modeldyno-metrics"

metrics = Blueprint("metrics", __name__)


def register(app: Flask) -> None:
    """Figures of this application alone; call it before anything else looks at its requests."""
    registry = CollectorRegistry()
    RequestMeter(registry).watch(app)
    registry.register(ServerState())
    app.extensions[EXTENSION] = registry
    app.register_blueprint(metrics)


@metrics.get("/metrics")
def read_metrics() -> Response:
    """In the format that the Accept header asks for: Prometheus's text, or OpenMetrics."""
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return Response(encode(current_app.extensions[EXTENSION]), content_type=content_type)
