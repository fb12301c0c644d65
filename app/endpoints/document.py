"""/api/openapi.json, and /api/docs: the same to read and to try."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, jsonify

from app.api_document import Document, api_document
from app.documented import documented
from engine.config import resource_folder

document = Blueprint("document", __name__, url_prefix="/api")
_KEPT = "modeldyno-api-document"
_PAGE = """<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>ModelDyno API</title>
    <link rel="icon" type="image/svg+xml" href="{favicon}">
    <script src="{theme}"></script>
    <link rel="stylesheet" href="{style}">
  </head>
  <body>
    <main id="api-docs"></main>
    <noscript>This page needs JavaScript; <a href="/api/openapi.json">the document itself</a> does not.</noscript>
    <script src="{bundle}"></script>
    <script src="{start}"></script>
  </body>
</html>
"""
_PLACES = {
    "favicon": "favicon.svg",
    "theme": "theme.js",
    "style": "vendor/swagger-ui/swagger-ui.css",
    "bundle": "vendor/swagger-ui/swagger-ui-bundle.js",
    "start": "api/docs.js",
}


@document.get("/openapi.json")
@documented("document", ok=dict)
def openapi_document() -> Response:
    """This document."""
    return jsonify(_document())


@document.get("/docs")
@documented("document", ok="text/html")
def documentation_page() -> Response:
    """This document as a page to read, from which requests can be sent."""
    assets = resource_folder("assets")
    places = {name: f"/assets/{file}?m={(assets / file).stat().st_mtime}" for name, file in _PLACES.items()}
    return Response(_PAGE.format(**places), mimetype="text/html")


def _document() -> Document:
    """Made once: routes do not change while the server runs."""
    kept: Document | None = current_app.extensions.get(_KEPT)
    if kept is None:
        kept = current_app.extensions[_KEPT] = api_document(current_app)
    return kept
