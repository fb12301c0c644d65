"""The OpenAPI 3.1 document of everything under /api, made from the routes, the views and the types they declare."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from flask import Flask
from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode
from werkzeug.routing import Rule

from app.documented import Operation, operation_of
from engine import __version__
from engine.contract.problem import Problem
from engine.contract.repeated import HEADER, KEY_PATTERN

Document = dict[str, Any]
PREFIXES = ("/api/", "/healthz", "/readyz")
_PROBLEM_TYPE = "application/problem+json"
_REF = "#/components/schemas/{model}"
_READING = ("GET", "HEAD", "OPTIONS")
_ALWAYS = (
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
_WITH_BODY = (HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNPROCESSABLE_ENTITY)
_WITH_QUERY = (HTTPStatus.UNPROCESSABLE_ENTITY,)
_WITH_NAME = (HTTPStatus.NOT_FOUND,)
_NAMES_IN_PATHS: Mapping[str, str] = {
    "run_id": "Id or number of a run.",
    "report_id": "Id of a report.",
    "operation_id": "Id of an operation, as its start answered it.",
    "model": "Name of a model type.",
    "key_id": "Id of an API key.",
}
_KEY: Document = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "Names this request: sent again under the same key, it is answered as before and starts nothing.",
    "schema": {"type": "string", "pattern": f"^{KEY_PATTERN}$"},
}
_SECURITY: Document = {
    "key": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key, as `modeldyno keys create` prints it once. Not needed where no keys are demanded.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "modeldyno_session",
        "description": "A browser that signed in at /login; changes also need the header X-CSRF-Token.",
    },
}
_DESCRIPTION = """\
ModelDyno over HTTP. Times are seconds, moments ISO 8601 with zone, other figures SI units; shares are 0..1.

Every error is answered with problem details (RFC 9457, `application/problem+json`), whose `detail` says what to do and
whose `field` names the part of the request that is at fault.

What takes long is an operation: its `POST` answers 202 with an id and where to follow it; `status` tells how far it is,
`results` what came of it (409 until it has ended), `cancel` stops it. Each can be followed through a WebSocket instead
(`/api/benchmark/ws/{run_id}` and its like): the status at once and at every change; the texts `ping` and `status` are
answered. Pages of other origins that the server allows name the protocols of a ticket (`POST /api/socket-ticket`) when
they open one. A repeated POST with the same `Idempotency-Key` starts nothing a second time.
"""


def api_document(app: Flask) -> Document:
    """Raises LookupError for a route under /api whose view, or a name in whose path, is not explained."""
    operations = list(_operations(app))
    schemas = _Schemas(operation for _, _, operation, _ in operations)
    paths: dict[str, Document] = {}
    for rule, method, operation, view in operations:
        described = _described(rule, method, operation, inspect.getdoc(view) or "", schemas)
        paths.setdefault(_path_of(rule), {})[method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "ModelDyno",
            "version": __version__,
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0"},
        },
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": schemas.definitions, "securitySchemes": _SECURITY},
        "security": [{"key": []}, {"session": []}, {}],
    }


def _operations(app: Flask) -> Iterator[tuple[Rule, str, Operation, Any]]:
    for rule in app.url_map.iter_rules():
        if rule.websocket or not rule.rule.startswith(PREFIXES):
            continue
        view = app.view_functions[rule.endpoint]
        operation = operation_of(view)
        if operation is None:
            raise LookupError(f"{rule.rule} ({rule.endpoint}) says nothing of itself: decorate it with @documented.")
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule, method, operation, view


class _Schemas:
    """Every declared type as JSON Schema, those that have names by reference."""

    def __init__(self, operations: Iterator[Operation]) -> None:
        kinds: dict[tuple[Any, JsonSchemaMode], None] = {(Problem, "serialization"): None}
        for operation in operations:
            kinds |= {(kind, "serialization"): None for kind in operation.answers.values() if not _is_media(kind)}
            kinds |= {(kind, "validation"): None for kind in (operation.body, operation.query) if kind is not None}
        adapters = [(kind, mode, TypeAdapter(kind)) for kind, mode in kinds]
        self._found, told = TypeAdapter.json_schemas(adapters, ref_template=_REF)
        self.definitions: Document = _without_titles(told.get("$defs", {}))

    def answer(self, kind: Any) -> Document:
        return _without_titles(self._found[kind, "serialization"])

    def body(self, kind: Any) -> Document:
        return _without_titles(self._found[kind, "validation"])

    def properties(self, kind: Any) -> Iterator[tuple[str, Document, bool]]:
        """Name, schema and whether it is required, of each part of an object."""
        schema = self.body(kind)
        if "$ref" in schema:
            schema = self.definitions[schema["$ref"].rpartition("/")[2]]
        for name, part in schema.get("properties", {}).items():
            yield name, part, name in schema.get("required", [])


def _described(rule: Rule, method: str, operation: Operation, text: str, schemas: _Schemas) -> Document:
    summary, _, rest = text.partition("\n")
    described: Document = {
        "operationId": f"{operation.tag}_{rule.endpoint.rpartition('.')[2]}",
        "tags": [operation.tag],
        "summary": summary.rstrip("."),
    }
    if rest.strip():
        described["description"] = rest.strip()
    if parameters := [*_in_path(rule), *_in_query(operation, schemas), *([_KEY] if operation.is_repeatable else [])]:
        described["parameters"] = parameters
    if operation.body is not None:
        content = {"application/json": {"schema": schemas.body(operation.body)}}
        described["requestBody"] = {"required": True, "content": content}
    described["responses"] = _answers(rule, method, operation, schemas)
    return described


def _in_path(rule: Rule) -> list[Document]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": _explained(name),
            "schema": {"type": "string", "minLength": 1},
        }
        for name in sorted(rule.arguments)
    ]


def _explained(name: str) -> str:
    if name not in _NAMES_IN_PATHS:
        raise LookupError(f"{name} stands in a path and is not explained; add it to _NAMES_IN_PATHS.")
    return _NAMES_IN_PATHS[name]


def _in_query(operation: Operation, schemas: _Schemas) -> list[Document]:
    if operation.query is None:
        return []
    found = []
    for name, schema, is_required in schemas.properties(operation.query):
        parameter: Document = {"name": name, "in": "query", "required": is_required, "schema": schema}
        if description := schema.get("description"):
            parameter["description"] = description
        found.append(parameter)
    return found


def _answers(rule: Rule, method: str, operation: Operation, schemas: _Schemas) -> Document:
    answers: Document = {}
    for status, kind in operation.answers.items():
        answers[str(status)] = {
            "description": HTTPStatus(status).phrase,
            "content": {kind: {"schema": {"type": "string"}}}
            if _is_media(kind)
            else {"application/json": {"schema": schemas.answer(kind)}},
        }
    statuses = {*_ALWAYS, *operation.problems}
    statuses |= set(_WITH_BODY) if operation.body is not None else set()
    if method not in _READING:
        statuses |= {HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.INSUFFICIENT_STORAGE}
    statuses |= {HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY} if operation.is_repeatable else set()
    statuses |= set(_WITH_QUERY) if operation.query is not None else set()
    statuses |= set(_WITH_NAME) if rule.arguments else set()
    for status in sorted(int(status) for status in statuses):
        answers[str(status)] = {
            "description": HTTPStatus(status).phrase,
            "content": {_PROBLEM_TYPE: {"schema": schemas.answer(Problem)}},
        }
    return answers


def _is_media(kind: Any) -> bool:
    return isinstance(kind, str)


def _path_of(rule: Rule) -> str:
    """/status/<run_id> -> /status/{run_id}"""
    return re.sub(r"<(?:[^<>:]+:)?([^<>]+)>", r"{\1}", rule.rule)


def _without_titles(schema: Any) -> Any:
    """Titles that pydantic makes of names say nothing that names do not."""
    if isinstance(schema, list):
        return [_without_titles(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: _without_titles(part) for name, part in schema.items() if not (name == "title" and isinstance(part, str))
    }
