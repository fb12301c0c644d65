"""/login and /logout: a browser trades an API key for a session. Plain pages, which need no script."""

from __future__ import annotations

from functools import cache
from http import HTTPStatus

from flask import Blueprint, Response, g, redirect, request
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from werkzeug.exceptions import HTTPException, TooManyRequests, Unauthorized
from werkzeug.wrappers import Response as AnyResponse

from app.access import access
from app.authentication import AT_THIS_MACHINE, CSRF_FIELD, Identity, identity, verified
from app.index_page import asset_address
from app.security import page_policy
from app.sessions import Session
from engine.config import resource_folder
from engine.errors import Overloaded

signing_in = Blueprint("signing_in", __name__)

_STYLES = ("vendor/bootstrap.min.css", "tokens.css", "layout.css", "components.css", "icons.css", "login.css")


@signing_in.get("/login")
def show_login() -> AnyResponse:
    """The form; who is signed in, for whoever is; no page where nobody needs to sign in."""
    if identity() is AT_THIS_MACHINE:
        return redirect(_wanted(), HTTPStatus.SEE_OTHER)
    return _page(HTTPStatus.OK)


@signing_in.post("/login")
def sign_in() -> AnyResponse:
    """A session under an id that nobody knew before; one that the browser had ends."""
    try:
        key = verified(request.form.get("key", "").strip())
    except (Unauthorized, TooManyRequests) as error:
        return _refused(error)
    except Overloaded as error:
        return _page(HTTPStatus.SERVICE_UNAVAILABLE, problem=error.message)
    here = access()
    if (before := identity().session) is not None:
        here.sessions.end(before)
    session_id, session = here.sessions.open(key.key_id)
    g.forgets_cookie = False  # one that opens nothing makes way for the new one
    answer = redirect(_wanted(), HTTPStatus.SEE_OTHER)
    _keep(answer, "session", session_id, readable=False)
    _keep(answer, "csrf", session.csrf_token, readable=True)
    return answer


@signing_in.post("/logout")
def sign_out() -> AnyResponse:
    """The session ends here, not only in the browser."""
    session: Session | None = identity().session
    if session is not None:
        access().sessions.end(session)
    answer = redirect("/login", HTTPStatus.SEE_OTHER)
    for purpose in ("session", "csrf"):
        answer.delete_cookie(access().cookie(purpose), samesite="Strict")
    return answer


def _keep(answer: AnyResponse, purpose: str, value: str, *, readable: bool) -> None:
    """For this browser and this site alone, until the browser is closed."""
    answer.set_cookie(
        access().cookie(purpose),
        value,
        secure=request.is_secure,
        httponly=not readable,
        samesite="Strict",
    )


def _refused(error: HTTPException) -> Response:
    answer = _page(error.code or HTTPStatus.UNAUTHORIZED, problem=error.description or "")
    for name, value in error.get_headers():
        if name in ("WWW-Authenticate", "Retry-After"):
            answer.headers[name] = value
    return answer


def _page(status: int, *, problem: str | None = None) -> Response:
    who: Identity = identity()
    assets = resource_folder("assets")
    text = _template().render(
        theme=asset_address(assets, "theme.js"),
        favicon=asset_address(assets, "favicon.svg"),
        styles=[asset_address(assets, name) for name in _STYLES],
        who=who if who.role is not None else None,
        csrf_field=CSRF_FIELD,
        csrf_token=who.session.csrf_token if who.session is not None else None,
        wanted=_wanted(),
        problem=problem,
    )
    answer = Response(text, status=status)
    answer.headers["Content-Security-Policy"] = page_policy(forms=True)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _wanted() -> str:
    """Where a visitor was going: a path of this server and nothing else, whatever the address says."""
    path = request.values.get("next", "/")
    is_here = path.startswith("/") and not path.startswith(("//", "/\\", "/login", "/logout")) and path.isprintable()
    return path if is_here else "/"


@cache
def _template() -> Template:
    templates = Environment(
        loader=FileSystemLoader(resource_folder("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return templates.get_template("dashboard/login.html.j2")
