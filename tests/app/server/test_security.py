from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.access_rules import AccessRules, is_loopback
from app.problems import register
from app.security import API_BODY_BYTES, guard
from engine.errors import InvalidValue

RUN = "/api/benchmark/run"
BODY = {"models": ["bert"]}


@pytest.fixture
def guarded() -> Iterator[FlaskClient]:
    """A bare application that believes it listens on port 8050."""
    app = Flask("bare")
    guard(app, AccessRules(port=8050), policy="default-src 'none'")
    app.add_url_rule("/", view_func=lambda: "hello")
    register(app)
    yield app.test_client()


@pytest.mark.parametrize("host", ["127.0.0.1:8050", "localhost:8050", "[::1]:8050", "LOCALHOST:8050", "127.0.0.1"])
def test_loopback_names_with_the_right_port_are_served(guarded: FlaskClient, host: str) -> None:
    assert guarded.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "rebound.example:8050",
        "127.0.0.1.rebound.example:8050",
        "localhost.rebound.example:8050",
        "127.0.0.1:8051",
        "localhost:80a",
        "0.0.0.0:8050",
        "",
    ],
)
def test_any_other_host_is_refused(guarded: FlaskClient, host: str) -> None:
    answer = guarded.get("/", headers={"Host": host})
    assert (answer.status_code, answer.mimetype) == (403, "application/problem+json")


@pytest.mark.parametrize(("host", "name"), [("127.0.0.2", "127.0.0.2"), ("::1", "[::1]")])
def test_the_address_that_is_listened_on_is_served_and_recommended(host: str, name: str) -> None:
    app = Flask("bare")
    guard(app, AccessRules(host=host, port=8050), policy="default-src 'none'")
    app.add_url_rule("/", view_func=lambda: "hello")
    register(app)
    client = app.test_client()
    assert client.get("/", headers={"Host": f"{name}:8050"}).status_code == 200
    refused = client.get("/", headers={"Host": "127.0.0.3:8050"})
    assert (refused.status_code, f"use http://{name}:8050, or" in refused.json["detail"]) == (403, True)


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "http://localhost:3000", "https://localhost", "null", "http://127.0.0.1"]
)
def test_a_write_from_another_origin_is_refused_and_does_nothing(client: FlaskClient, origin: str) -> None:
    answer = client.post(RUN, json=BODY, headers={"Origin": origin})
    assert (answer.status_code, answer.mimetype) == (403, "application/problem+json")
    assert client.get("/api/benchmark/runs").json["runs"] == []


def test_a_write_from_the_own_pages_or_from_no_browser_is_taken(client: FlaskClient) -> None:
    assert client.post(RUN, json=BODY, headers={"Origin": "http://localhost"}).status_code == 202
    assert client.post(RUN, json=BODY).status_code == 202


def test_a_write_that_a_browser_marks_as_cross_site_is_refused(client: FlaskClient) -> None:
    assert client.post(RUN, json=BODY, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_callbacks_of_the_dashboard_are_writes_too(client: FlaskClient) -> None:
    answer = client.post("/_dash-update-component", json={}, headers={"Origin": "http://evil.example"})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "path", ["/", "/live-runs", "/api/benchmark/runs", "/healthz", "/assets/theme.js", "/api/nope"]
)
def test_every_answer_is_protected_and_open_to_no_other_site(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert not [name for name, _ in headers if name.startswith("Access-Control")]


def test_scripts_are_our_own_or_known_by_hash(client: FlaskClient) -> None:
    policy = client.get("/").headers["Content-Security-Policy"]
    (scripts,) = [rule for rule in policy.split("; ") if rule.startswith("script-src")]
    assert all(source == "'self'" or source.startswith("'sha256-") for source in scripts.split()[1:])


def test_a_body_too_large_is_refused(client: FlaskClient) -> None:
    answer = client.post(RUN, data=b" " * (API_BODY_BYTES + 1), content_type="application/json")
    assert (answer.status_code, answer.mimetype) == (413, "application/problem+json")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "[::1]", "127.1.2.3"])
def test_on_loopback_keys_are_demanded_by_wish_alone(host: str) -> None:
    assert is_loopback(host)
    assert not AccessRules(host=host).demands_keys and AccessRules(host=host, require_keys=True).demands_keys


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "[::]", "192.168.1.7", "example.org", "localhost.example.org"])
def test_where_others_could_connect_keys_are_demanded(host: str) -> None:
    assert AccessRules(host=host).demands_keys


OPEN = AccessRules(host="0.0.0.0", port=8050, other_hosts=("dyno.example", "gate.example:8443"))


@pytest.mark.parametrize(
    ("host", "port", "known"),
    [
        ("192.168.1.7", 8050, True),
        ("[fe80::1]", 8050, True),
        ("192.168.1.7", 8051, False),
        ("localhost", 8050, True),
        ("dyno.example", None, True),
        ("dyno.example", 443, True),
        ("gate.example", 8443, True),
        ("gate.example", 8050, False),
        ("rebound.example", 8050, False),
        ("dyno.example.rebound.example", 8050, False),
        ("192.168.1.7.rebound.example", 8050, False),
        ("", None, False),
    ],
)
def test_an_open_server_knows_addresses_and_the_names_it_was_told(host: str, port: int | None, known: bool) -> None:
    assert OPEN.knows_host(host, port) is known


def test_a_server_on_one_address_knows_no_other() -> None:
    rules = AccessRules(host="192.168.1.7", port=8050)
    assert rules.knows_host("192.168.1.7", 8050) and not rules.knows_host("192.168.1.8", 8050)


@pytest.mark.parametrize(
    "origin",
    ["*", "null", "https://*.example", "https://dyno.example/", "dyno.example", "https://", "", "https://a.example:x"],
)
def test_an_origin_that_is_not_exact_is_refused(origin: str) -> None:
    with pytest.raises(InvalidValue, match="no exact origin"):
        AccessRules(origins=(origin,))


@pytest.mark.parametrize("name", ["*", "*.example", "", "https://dyno.example", "DYNO", "a b", "dyno.example/"])
def test_a_host_that_no_browser_asks_for_is_refused(name: str) -> None:
    with pytest.raises(InvalidValue, match="no name that a browser could ask for"):
        AccessRules(other_hosts=(name,))


@pytest.mark.parametrize("wrong", [{"host": ""}, {"host": "[]"}, {"requests_per_second": 0}])
def test_rules_that_nobody_can_mean_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        AccessRules(**wrong)
