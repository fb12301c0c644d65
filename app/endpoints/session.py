"""/api/session: the one-time token for a key; /api/socket-ticket: a key, or a session, for a ticket."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus

from flask import Blueprint, Response, g, jsonify, request

from app import data
from app.access import access
from app.authentication import client_address, identity, identity_of, unauthorized
from app.authorization import TOKEN_PATH, only_reads, require
from app.documented import documented
from app.endpoints.json_body import read_body
from app.endpoints.query_string import refuse_query
from app.socket_tickets import LIFE_SECONDS, PROTOCOL
from engine.contract.keys import MadeKey
from engine.contract.session import SocketTicket, TokenBody
from engine.domain.api_key import Role
from engine.errors import EngineError, KeyRefused
from engine.workflows.key_rows import key_row

session = Blueprint("session", __name__)

KEY_NAME = "program that started the server"


@session.post(TOKEN_PATH)
@documented("keys", created=MadeKey, body=TokenBody)
def use_one_time_token() -> tuple[Response, int]:
    """Trade the one-time token that the server was started with for a key, which ends with the server.

    Once, and within minutes of the start; afterwards, and where there never was a token, the answer is 401.
    """
    body = read_body(TokenBody)
    g.action = "use the one-time token"
    here, ring = access(), data.workbench().keys
    here.limits.begin_attempt(client_address())
    try:
        spent = here.one_time_token.spend(body.token)
    except KeyRefused as error:
        raise unauthorized(error.message, error="invalid_token") from None
    here.limits.attempt_was_right(client_address())
    try:
        made = ring.lend(KEY_NAME, body.role)
    except EngineError:
        here.one_time_token.give_back(spent)
        raise
    g.identity = identity_of(made.key)  # for the audit: a moment ago it was a stranger's request
    answer: MadeKey = {**key_row(made.key, now=datetime.now(UTC)), "secret": made.secret}
    return jsonify(answer), HTTPStatus.CREATED


@session.post("/api/socket-ticket")
@documented("keys", created=SocketTicket)
@only_reads
def make_socket_ticket() -> tuple[Response, int]:
    """A ticket for one WebSocket, for pages of allowed origins: they can send no header with it.

    It is named among the protocols of the socket, within seconds, by a page of the same origin.
    """
    refuse_query()
    require(Role.VIEWER, to="open a socket")
    who = identity()
    ticket = access().tickets.make(key_id=who.key_id, session=who.session, origin=request.headers.get("Origin"))
    answer: SocketTicket = {"protocols": [PROTOCOL, ticket], "expires_in_seconds": LIFE_SECONDS}
    return jsonify(answer), HTTPStatus.CREATED
