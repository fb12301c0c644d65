"""What cannot be read as HTTP is answered as everything else is, by the real server."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse
from socket import create_connection
from typing import Any

import pytest
from gunicorn.http import errors

from app.unread_requests import LINE_BYTES, answer, is_unreadable
from engine.config import CHECKOUT
from engine.domain.key_secret import make_secret

SECONDS = 60.0


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    command = [sys.executable, "-m", "app", "--home", str(tmp_path_factory.mktemp("home")), "--port", "0"]
    process = subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        found = re.search(r"http://127\.0\.0\.1:(\d+)", process.stdout.readline())
        assert found is not None
        yield int(found[1])
    finally:
        process.kill()
        process.wait()


def ask(port: int, request: bytes) -> tuple[int, dict[str, Any]]:
    with closing(create_connection(("127.0.0.1", port), timeout=SECONDS)) as connection:
        connection.sendall(request.replace(b"HOST", b"127.0.0.1:%d" % port))
        response = HTTPResponse(connection)
        response.begin()
        assert response.headers["Content-Type"] == "application/problem+json"
        said = json.loads(response.read())
    assert said["status"] == response.status
    return response.status, said


@pytest.mark.parametrize(
    ("request_bytes", "status", "words"),
    [
        (b"GET /%s HTTP/1.1\r\nHost: HOST\r\n\r\n" % (b"a" * LINE_BYTES), 414, "longer than 8,190 bytes"),
        (b"GET /%s HTTP/1.1\r\nHost: HOST\r\n\r\n" % (b"a" * 200_000), 414, "longer than 8,190 bytes"),
        (b"GET / HTTP/1.1\r\nHost: HOST\r\nX: %s\r\n\r\n" % (b"a" * 100_000), 431, "headers are too many or too long"),
        (b"GET / HTTP/1.1\r\nHost HOST\r\n\r\n", 400, "no HTTP that can be read: InvalidHeader"),
        (b"hello\r\n\r\n", 400, "no HTTP that can be read: InvalidRequestLine"),
        (b"GET / HTTP/9.9\r\nHost: HOST\r\n\r\n", 400, "InvalidHTTPVersion"),
        (b"POST / HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: odd\r\n\r\n", 501, "UnsupportedTransferCoding"),
    ],
)
def test_what_is_no_http_is_answered_with_problem_details(
    port: int, request_bytes: bytes, status: int, words: str
) -> None:
    found, said = ask(port, request_bytes)
    assert (found, words in said["detail"]) == (status, True), said
    assert len(said["detail"]) <= 200


def test_an_address_that_names_every_model_type_is_read(port: int) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    with closing(connection):
        connection.request("GET", f"/healthz?{'x' * (LINE_BYTES - 40)}")
        assert connection.getresponse().status == 200


def test_a_key_in_a_broken_request_is_not_repeated() -> None:
    secret = make_secret().secret
    said = answer(errors.InvalidRequestLine(f"GET /?key={secret}")).decode()
    assert "InvalidRequestLine" in said
    assert secret not in said


def test_an_answer_that_cannot_be_sent_is_our_fault() -> None:
    assert is_unreadable(errors.InvalidHeaderName("a b"))
    assert not is_unreadable(errors.InvalidResponseHeaderName("a b"))
    assert not is_unreadable(ValueError("anything"))
