"""The server: Flask with the endpoints, and Dash inside it."""

from __future__ import annotations

import threading

from dash import Dash
from flask import Flask, Response, request
from flask_compress import Compress

from app import audit_trail, data, problems, security
from app.access import cookie_name
from app.access_rules import AccessRules
from app.authentication import CSRF_HEADER
from app.endpoints import live, metrics
from app.endpoints.audit import audit
from app.endpoints.benchmark import benchmark
from app.endpoints.calibration import calibration
from app.endpoints.document import document
from app.endpoints.generator import generator
from app.endpoints.health import STOPPING, health
from app.endpoints.keys import keys
from app.endpoints.lookups import lookups
from app.endpoints.reports import reports
from app.endpoints.session import session
from app.endpoints.skillset_tests import skillset_tests
from app.failed_callbacks import answer_failed_callback
from app.index_page import FOLDERS_LOADED_BY_PAGE, LOADED_BY_PAGE, index_page
from app.problems import PROBES
from app.shell import shell_layout
from app.signing_in import signing_in
from app.tabs import PAGES
from engine.config import resource_folder
from engine.workflows.workbench import Workbench

_FOR_EVER = "public, max-age=31536000, immutable"
_A_WHILE = "public, max-age=300"


def create_app(workbench: Workbench, *, rules: AccessRules | None = None, max_sockets: int = live.MAX_SOCKETS) -> Flask:
    """The whole dashboard over `workbench`, which the caller opens and closes.

    `rules` say where it will listen and who gets in; without them it is for loopback, and any port is right.
    """
    rules = rules or AccessRules()
    app = Flask("modeldyno", static_folder=None)
    app.url_map.merge_slashes = False  # werkzeug would redirect //api//... to another host
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.config["COMPRESS_LEVEL"] = 1  # on loopback time is dear and bytes are cheap
    Compress(app)
    metrics.register(app)
    app.extensions[data.EXTENSION] = workbench
    app.extensions[STOPPING] = threading.Event()
    for blueprint in (
        *(
            health,
            signing_in,
            benchmark,
            calibration,
            reports,
            generator,
            skillset_tests,
            lookups,
            keys,
            session,
            audit,
            document,
        ),
    ):
        app.register_blueprint(blueprint)
    live.register(app, live.LiveSockets(max_sockets))
    dash = _dashboard(app, rules)
    security.guard(app, rules, policy=security.page_policy(dash.csp_hashes()))
    audit_trail.keep(app)
    _set_caching(app)
    problems.register(app)
    return app


def _dashboard(app: Flask, rules: AccessRules) -> Dash:
    assets = resource_folder("assets")
    dash = Dash(
        "modeldyno",
        server=app,
        assets_folder=str(assets),
        assets_ignore=LOADED_BY_PAGE,
        assets_path_ignore=FOLDERS_LOADED_BY_PAGE,
        index_string=index_page(assets),
        serve_locally=True,
        compress=False,
        suppress_callback_exceptions=True,
        title="ModelDyno",
        update_title=None,
        on_error=answer_failed_callback,
        add_log_handler=False,
        enable_mcp=False,
        csrf_token_name=cookie_name("csrf", rules.port),
        csrf_header_name=CSRF_HEADER,
    )
    dash.layout = shell_layout(signs_in=rules.demands_keys)
    return dash


def _is_page(path: str) -> bool:
    return (path.rstrip("/") or "/") in {page.path for page in PAGES}


def _is_anybodys_path() -> bool:
    """Whether Dash answers with its page because no other rule fits."""
    return request.url_rule is not None and request.url_rule.rule == "/<path:path>"


def _set_caching(app: Flask) -> None:
    """Files whose address holds a fingerprint are kept for ever; numbers are never kept."""

    @app.after_request
    def set_caching(response: Response) -> Response:
        if request.path.startswith(("/api", *PROBES, "/_dash-update-component")):
            response.headers.setdefault("Cache-Control", "no-store")
        elif request.path.startswith("/assets/") and response.status_code == 200:
            response.headers["Cache-Control"] = _FOR_EVER if "m" in request.args else _A_WHILE
        elif request.path.startswith("/_dash-component-suites/") and response.cache_control.max_age:
            response.headers["Cache-Control"] = _FOR_EVER
        elif response.status_code == 200 and _is_anybodys_path() and not _is_page(request.path):
            response.status_code = 404  # the page says so too, in words
        response.headers.setdefault("Cache-Control", "no-cache")
        return response
