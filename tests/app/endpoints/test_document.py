from __future__ import annotations

import re

import pytest
from flask import Blueprint, Flask
from flask.testing import FlaskClient
from openapi_spec_validator import OpenAPIV31SpecValidator

from app.api_document import api_document
from app.documented import documented

DESCRIBED = re.compile(r"[A-Z].*[^.]")


@pytest.fixture
def told(client: FlaskClient) -> dict:
    return client.get("/api/openapi.json").json


def test_the_document_is_openapi_3_1(told: dict) -> None:
    assert told["openapi"].startswith("3.1")
    assert [str(error) for error in OpenAPIV31SpecValidator(told).iter_errors()] == []


def test_every_route_of_the_api_is_told_of(app: Flask, told: dict) -> None:
    routes = {
        (re.sub(r"<([^>]+)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/") and not rule.websocket
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert routes <= {(path, method) for path, methods in told["paths"].items() for method in methods}


def test_operations_have_ids_of_their_own_and_a_summary(told: dict) -> None:
    operations = [operation for methods in told["paths"].values() for operation in methods.values()]
    ids = [operation["operationId"] for operation in operations]
    assert len(ids) == len(set(ids))
    assert all(DESCRIBED.fullmatch(operation["summary"]) for operation in operations)


def test_limits_of_bodies_and_parameters_are_told(told: dict) -> None:
    body = told["components"]["schemas"]["RunBody"]
    assert body["additionalProperties"] is False
    single, several = body["properties"]["batch_sizes"]["anyOf"]
    assert (single["minimum"], several["items"]["maximum"]) == (1, 4096)
    (limit,) = [part for part in told["paths"]["/api/benchmark/runs"]["get"]["parameters"] if part["name"] == "limit"]
    assert (limit["schema"]["minimum"], limit["schema"]["maximum"], limit["required"]) == (1, 1000, False)


FOR_PEOPLE_AND_PROBES = {"/api/docs", "/api/openapi.json", "/healthz", "/readyz", "/metrics"}


def test_a_mistyped_parameter_is_refused_by_name_by_every_operation(client: FlaskClient, told: dict) -> None:
    for path, methods in told["paths"].items():
        for method in () if path in FOR_PEOPLE_AND_PROBES else methods:
            address = re.sub(r"{[^}]+}", "x", path)
            answer = client.open(f"{address}?limti=5", method=method, data=b"{}")
            assert (answer.status_code, answer.json["field"]) == (422, "limti"), f"{method} {path}"


def test_errors_are_problem_details_everywhere(told: dict) -> None:
    for methods in told["paths"].values():
        for operation in methods.values():
            failed = {status: answer for status, answer in operation["responses"].items() if int(status) >= 400}
            assert {"403", "500"} <= set(failed)
            assert {kind for answer in failed.values() for kind in answer["content"]} == {"application/problem+json"}


def test_a_route_that_says_nothing_of_itself_is_found_out() -> None:
    silent = Flask("silent")
    silent.add_url_rule("/api/silent", view_func=lambda: "")
    with pytest.raises(LookupError, match=r"/api/silent .* says nothing of itself"):
        api_document(silent)


def test_names_in_a_path_are_explained() -> None:
    blueprint = Blueprint("odd", __name__, url_prefix="/api")

    @blueprint.get("/odd/<odd_id>")
    @documented("odd", ok=dict)
    def odd(odd_id: str) -> str:
        """Odd."""
        return odd_id

    app = Flask("odd")
    app.register_blueprint(blueprint)
    with pytest.raises(LookupError, match="odd_id"):
        api_document(app)


def test_the_page_of_the_document_needs_nothing_from_elsewhere(client: FlaskClient) -> None:
    page = client.get("/api/docs")
    assert page.mimetype == "text/html"
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(addresses) >= 6
    for address in addresses:
        assert client.get(address).status_code == 200, address
    assert "Content-Security-Policy" in page.headers
    assert "<script>" not in page.text
