"""A POST that a client may repeat when it does not know whether the first one arrived: it starts nothing twice.

The client names its request by the header Idempotency-Key (IETF draft-ietf-httpapi-idempotency-key-header): the same
request under the same key is answered as the first time, for a day and through restarts; another under that key is
refused, and so is one that comes while the first is being answered. The key is kept before anything is started: where
the server died in between, or could not keep the answer, a repeated request is told so, and starts nothing.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from flask import Response, current_app, json, make_response, request

from app import data
from app.authentication import identity
from app.problems import problem
from engine.contract.repeated import HEADER, checked_key
from engine.errors import Conflict, InvalidValue, StorageError
from engine.storage import repeated_requests
from engine.storage.repeated_requests import AnsweredRequest

log = logging.getLogger(__name__)

REPLAYED = "Idempotent-Replayed"
_UNDER_WAY = "modeldyno-repeatable"


def repeatable(view: Callable[..., Any]) -> Callable[..., Any]:
    """Answer a request that was answered before under its key by what was answered then.

    Errors are not kept: a request that was refused may be sent again under its key. Raises InvalidValue for a key that
    is none, or that another request had.
    """

    @functools.wraps(view)
    def answer(*positional: Any, **named: Any) -> Any:
        key = request.headers.get(HEADER)
        if key is None:
            return view(*positional, **named)
        # What somebody else calls by the same name is another request.
        key = f"{identity().key_id or ''} {checked_key(key)}"
        digest = hashlib.sha256(f"{request.method} {request.path}\n".encode() + request.get_data()).hexdigest()
        with _alone(key) as is_alone:
            if not is_alone:
                return _later()
            database = data.workbench().database
            with database.cursor() as cursor:
                before = repeated_requests.find(cursor, key)
            if before is not None:
                return _again(before, digest)
            database.write(lambda cursor: repeated_requests.begin(cursor, key, digest))
            try:
                response = make_response(view(*positional, **named))
            except Exception:
                _note(lambda: database.write(lambda cursor: repeated_requests.forget(cursor, key)))
                raise
            kept = AnsweredRequest(
                request_digest=digest,
                status=response.status_code,
                location=response.headers.get("Location"),
                answer=response.get_json(),
            )
            _note(lambda: database.write(lambda cursor: repeated_requests.keep(cursor, key, kept)))
            return response

    return answer


def _note(write: Callable[[], None]) -> None:
    """Write what the answer does not depend on: without it a repeated request is told that nobody knows."""
    try:
        write()
    except StorageError as error:
        log.error("What came of a request with an %s could not be kept. %s", HEADER, error.message)


def _again(before: AnsweredRequest, digest: str) -> Response:
    if before.request_digest != digest:
        raise InvalidValue(
            f"Another request had this {HEADER} within the last day; choose a new one for a new request.", field=HEADER
        )
    if not before.is_answered:
        raise Conflict(
            f"What came of the first request with this {HEADER} was not kept: the server ended meanwhile, or had no "
            "room. It cannot tell whether anything was started; look it up, and choose a new key to start another."
        )
    response = Response(json.dumps(before.answer) + "\n", status=before.status, mimetype="application/json")
    response.headers[REPLAYED] = "true"
    if before.location is not None:
        response.headers["Location"] = before.location
    return response


def _later() -> Response:
    """The first request is being answered: its answer is to be had in a moment."""
    detail = f"The first request with this {HEADER} is being answered; send it again in a moment."
    answer = problem(HTTPStatus.CONFLICT, Conflict.title, detail, field=HEADER)
    answer.headers["Retry-After"] = "1"
    return answer


@contextmanager
def _alone(key: str) -> Iterator[bool]:
    """False while another request with this key is inside."""
    under_way: _UnderWay = current_app.extensions.setdefault(_UNDER_WAY, _UnderWay())
    is_alone = under_way.enter(key)
    try:
        yield is_alone
    finally:
        if is_alone:
            under_way.leave(key)


class _UnderWay:
    """Keys whose requests are being answered."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._keys: set[str] = set()

    def enter(self, key: str) -> bool:
        with self._lock:
            if key in self._keys:
                return False
            self._keys.add(key)
            return True

    def leave(self, key: str) -> None:
        with self._lock:
            self._keys.discard(key)
