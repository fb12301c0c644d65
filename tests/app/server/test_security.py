from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.problems import register
from app.security import API_BODY_BYTES, check_bind_host, guard
from engine.errors import InvalidValue

RUN = "/api/benchmark/run"
BODY = {"models": ["bert"]}


@pytest.fixture
def guarded() -> Iterator[FlaskClient]:
    """A bare application that believes it listens on port 8050."""
    app = Flask("bare")
    guard(app, port=8050, policy="default-src 'none'")
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
    guard(app, host=host, port=8050, policy="default-src 'none'")
    app.add_url_rule("/", view_func=lambda: "hello")
    register(app)
    client = app.test_client()
    assert client.get("/", headers={"Host": f"{name}:8050"}).status_code == 200
    refused = client.get("/", headers={"Host": "127.0.0.3:8050"})
    assert (refused.status_code, f"use http://{name}:8050." in refused.json["detail"]) == (403, True)


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
def test_loopback_may_be_listened_on(host: str) -> None:
    check_bind_host(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "example.org", ""])
def test_listening_elsewhere_is_refused_with_a_way_out(host: str) -> None:
    with pytest.raises(InvalidValue, match="SSH tunnel"):
        check_bind_host(host)
