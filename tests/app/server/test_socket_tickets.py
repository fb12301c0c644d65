"""A page of an allowed origin opens a WebSocket with a ticket, because it can send no key along with one."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from simple_websocket import ConnectionClosed
from simple_websocket import ConnectionError as Refused

from app.access import EXTENSION, Access
from app.access_rules import AccessRules
from app.authentication import CSRF_HEADER
from app.socket_tickets import LIFE_SECONDS, MOST_OF_ONE_KEY, PROTOCOL, SocketTickets, ticket_among
from engine.domain.api_key import Role
from tests.app.endpoints.test_live import EagerClient, hear, leave
from tests.app.stand_in import StandInWorkbench
from tests.builders import a_request

DESKTOP = {"Origin": "app://desktop"}
TICKET = "/api/socket-ticket"


class Clock:
    time = 0.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def run_id(bench: StandInWorkbench) -> str:
    return bench.supervisor.submit(a_request()).run_id


@pytest.fixture
def key(bench: StandInWorkbench) -> dict[str, str]:
    """Headers of a viewer, who may look and nothing else."""
    return {"Authorization": f"Bearer {bench.keys.create('viewer', Role.VIEWER).secret}"}


def fetch(app: Flask, headers: dict[str, str]) -> list[str]:
    answer = app.test_client().post(TICKET, headers=headers)
    assert answer.status_code == 201, answer.text
    protocols: list[str] = answer.json["protocols"]
    return protocols


@pytest.fixture
def first_words(locked: Flask, address: str, run_id: str) -> Callable[..., Any]:
    """What a socket hears first that offers these protocols."""

    def ask(protocols: list[str], headers: dict[str, str] = DESKTOP) -> Any:
        client = EagerClient(f"ws://{address}/api/benchmark/ws/{run_id}", subprotocols=protocols, headers=headers)
        try:
            return client.subprotocol, hear(client)
        finally:
            leave(client)

    return ask


def test_a_ticket_opens_one_socket_once(
    locked: Flask, key: dict[str, str], first_words: Callable[..., Any], run_id: str
) -> None:
    protocols = fetch(locked, key | DESKTOP)
    spoken, heard = first_words(protocols)
    assert (spoken, heard["run_id"]) == (PROTOCOL, run_id)
    with pytest.raises(Refused):
        first_words(protocols)


@pytest.mark.parametrize("protocols", [[], [PROTOCOL], [PROTOCOL, "ticket."], [PROTOCOL, f"ticket.{'x' * 43}"]])
def test_without_a_right_ticket_no_socket_opens(first_words: Callable[..., Any], protocols: list[str]) -> None:
    with pytest.raises(Refused):
        first_words(protocols)


@pytest.mark.parametrize("origin", [{}, {"Origin": "app://other"}, {"Origin": "null"}])
def test_the_ticket_of_one_origin_is_no_other_ones(
    locked: Flask, key: dict[str, str], first_words: Callable[..., Any], origin: dict[str, str]
) -> None:
    protocols = fetch(locked, key | DESKTOP)
    with pytest.raises(Refused):
        first_words(protocols, origin)


def test_a_ticket_ends_with_the_key_that_fetched_it(
    locked: Flask, bench: StandInWorkbench, key: dict[str, str], first_words: Callable[..., Any]
) -> None:
    protocols = fetch(locked, key | DESKTOP)
    (known,) = bench.keys.everything()
    bench.keys.revoke(known.key_id)
    with pytest.raises(Refused):
        first_words(protocols)


def test_an_open_socket_ends_with_the_key_of_its_ticket(
    locked: Flask, bench: StandInWorkbench, key: dict[str, str], address: str, run_id: str
) -> None:
    protocols = fetch(locked, key | DESKTOP)
    client = EagerClient(f"ws://{address}/api/benchmark/ws/{run_id}", subprotocols=protocols, headers=DESKTOP)
    hear(client)
    (known,) = bench.keys.everything()
    bench.keys.revoke(known.key_id)
    with pytest.raises(ConnectionClosed) as closed:
        client.receive(timeout=5)
    assert closed.value.reason == 1008


def test_a_ticket_opens_nothing_but_a_socket(locked: Flask, key: dict[str, str]) -> None:
    ticket = fetch(locked, key | DESKTOP)
    headers = DESKTOP | {"Sec-WebSocket-Protocol": ", ".join(ticket)}
    assert locked.test_client().get("/api/benchmark/runs", headers=headers).status_code == 401
    bearing = {"Authorization": f"Bearer {ticket[1]}"}
    assert locked.test_client().get("/api/benchmark/runs", headers=bearing).status_code == 401


def test_strangers_and_other_sites_get_none(locked: Flask, key: dict[str, str]) -> None:
    assert locked.test_client().post(TICKET, headers=DESKTOP).status_code == 401
    assert locked.test_client().post(TICKET, headers=key | {"Origin": "https://evil.example"}).status_code == 403


def test_a_session_fetches_one_with_its_token_alone(locked: Flask, bench: StandInWorkbench) -> None:
    browser: FlaskClient = locked.test_client()
    browser.post("/login", data={"key": bench.keys.create("viewer", Role.VIEWER).secret})
    assert browser.post(TICKET).status_code == 403
    cookie = browser.get_cookie("modeldyno_csrf")
    assert cookie is not None and browser.post(TICKET, headers={CSRF_HEADER: cookie.value}).status_code == 201


def test_where_no_keys_are_demanded_a_page_asks_all_the_same(
    app: Flask, address: str, bench: StandInWorkbench, run_id: str
) -> None:
    app.extensions[EXTENSION] = Access.under(AccessRules(origins=("app://desktop",)))
    protocols = fetch(app, DESKTOP)
    client = EagerClient(f"ws://{address}/api/benchmark/ws/{run_id}", subprotocols=protocols, headers=DESKTOP)
    assert hear(client)["run_id"] == run_id
    leave(client)


def test_each_ticket_stands_in_the_audit_and_is_written_nowhere(
    locked: Flask, bench: StandInWorkbench, key: dict[str, str], first_words: Callable[..., Any], caplog: Any
) -> None:
    protocols = fetch(locked, key | DESKTOP)
    first_words(protocols)
    admin = {"Authorization": f"Bearer {bench.keys.create('admin', Role.ADMIN).secret}"}
    answer = locked.test_client().get("/api/audit", headers=admin)
    (entry,) = answer.json["entries"]
    assert (entry["action"], entry["actor"], entry["status"]) == ("open a socket", "viewer", 201)
    assert protocols[1] not in json.dumps(answer.json) + caplog.text


def test_tickets_are_forgotten_when_past_or_too_many() -> None:
    clock = Clock()
    tickets = SocketTickets(now=clock)

    def make(key_id: str | None) -> str:
        return tickets.make(key_id=key_id, session=None, origin=None)

    late = make("a")
    clock.time = LIFE_SECONDS
    assert tickets.take(late, origin=None) is None
    other = make("b")
    many = [make("a") for _ in range(MOST_OF_ONE_KEY + 2)]
    found = [tickets.take(ticket, origin=None) is not None for ticket in many]
    assert found == [False] * 2 + [True] * MOST_OF_ONE_KEY
    assert tickets.take(other, origin=None) is not None


def test_the_ticket_is_found_among_the_protocols() -> None:
    ticket = SocketTickets().make(key_id=None, session=None, origin=None)
    assert ticket_among([PROTOCOL, ticket]) == ticket and ticket_among([PROTOCOL]) is None
