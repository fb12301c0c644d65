"""What cannot be read as HTTP is answered as everything else is, by the real server."""

from __future__ import annotations

import json
import logging
import re
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from socket import SO_LINGER, SOL_SOCKET, create_connection
from typing import NamedTuple

import pytest
from gunicorn.http import errors

from app.serve import _is_worth_saying
from app.unread_requests import LINE_BYTES, is_unreadable
from engine.config import CHECKOUT
from engine.domain.key_secret import make_secret

SECONDS = 60.0


class Server(NamedTuple):
    port: int
    log: Path


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("home")
    command = [sys.executable, "-m", "app", "--home", str(home), "--port", "0"]
    log = home / "stderr.log"
    with log.open("w") as errors_go_to:
        process = subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=errors_go_to, text=True)
    try:
        assert process.stdout is not None
        found = re.search(r"http://127\.0\.0\.1:(\d+)", process.stdout.readline())
        assert found is not None
        yield Server(int(found[1]), log)
    finally:
        process.kill()
        process.wait()


def sent(server: Server, request: bytes) -> bytes:
    """All that comes back until the server ends the connection."""
    with closing(create_connection(("127.0.0.1", server.port), timeout=SECONDS)) as connection:
        connection.sendall(request.replace(b"HOST", b"127.0.0.1:%d" % server.port))
        said = b""
        while piece := connection.recv(65536):
            said += piece
    return said


@pytest.mark.parametrize(
    ("request_bytes", "status", "words"),
    [
        (b"GET /%s HTTP/1.1\r\nHost: HOST\r\n\r\n" % (b"a" * LINE_BYTES), 414, "longer than 8,190 bytes"),
        (b"GET /%s HTTP/1.1\r\nHost: HOST\r\n\r\n" % (b"a" * 200_000), 414, "longer than 8,190 bytes"),
        (b"GET / HTTP/1.1\r\nHost: HOST\r\nX: %s\r\n\r\n" % (b"a" * 100_000), 431, "headers are too many or too long"),
        (b"GET / HTTP/1.1\r\nHost HOST\r\n\r\n", 400, "no HTTP that can be read: InvalidHeaderName."),
        (b"hello\r\n\r\n", 400, "no HTTP that can be read: InvalidRequestLine."),
        (b"GET / HTTP/9.9\r\nHost: HOST\r\n\r\n", 400, "InvalidHTTPVersion"),
        (b"GET / HTTP/1.1\r\nHost: HOST\r\nExpect: wonders\r\n\r\n", 417, "ExpectationFailed"),
        (b"POST / HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: odd\r\n\r\n", 501, "UnsupportedTransferCoding"),
    ],
)
def test_what_is_no_http_is_answered_with_problem_details(
    server: Server, request_bytes: bytes, status: int, words: str
) -> None:
    head, _, body = sent(server, request_bytes).partition(b"\r\n\r\n")
    lines = head.decode("ascii").split("\r\n")
    assert lines[0].startswith(f"HTTP/1.1 {status} ")
    assert {
        "Connection: close",
        "Content-Type: application/problem+json",
        f"Content-Length: {len(body)}",
        "X-Content-Type-Options: nosniff",
    } <= set(lines)
    said = json.loads(body)
    assert said["status"] == status
    assert words in said["detail"]


def test_a_key_in_a_broken_request_is_neither_repeated_nor_logged(server: Server) -> None:
    secret = make_secret().secret
    disguised = secret.replace("_", "%5F")
    for held in (secret, disguised):
        said = sent(server, b"GET  /?key=%s HTTP/1.1\r\nHost: HOST\r\n\r\n" % held.encode())
        assert b"InvalidRequestLine" in said
        assert held.encode() not in said
    log = server.log.read_text()
    assert "could not be read" in log
    assert secret not in log
    assert disguised not in log


def test_a_long_line_below_the_limit_is_read(server: Server) -> None:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=SECONDS)
    with closing(connection):
        connection.request("GET", f"/healthz?{'x' * (LINE_BYTES - 40)}")
        assert connection.getresponse().status == 200


def test_what_is_broken_after_an_answer_gets_no_second_one(server: Server) -> None:
    request = b"GET /healthz HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\nno size\r\n"
    said = sent(server, request)
    assert said.count(b"HTTP/1.1 ") == 1


def test_who_goes_before_the_answer_disturbs_nobody(server: Server) -> None:
    for _ in range(20):
        connection = create_connection(("127.0.0.1", server.port), timeout=SECONDS)
        connection.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))  # so that closing resets it
        connection.sendall(b"hello\r\n\r\n")
        connection.close()
    assert sent(server, b"GET /healthz HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n").startswith(b"HTTP/1.1 200")
    assert "Traceback" not in server.log.read_text()


def test_what_is_our_own_fault_is_not_called_the_clients() -> None:
    assert is_unreadable(errors.InvalidHeaderName("a b"))
    assert not is_unreadable(errors.InvalidResponseHeaderName("a b"))
    assert not is_unreadable(errors.ConfigurationProblem("SCRIPT_NAME"))
    assert not is_unreadable(ValueError("anything"))


def test_a_client_that_stalls_leaves_no_traceback_in_the_log() -> None:
    def told(error: Exception) -> logging.LogRecord:
        return logging.LogRecord("gunicorn.error", logging.ERROR, "", 0, "Socket error", (), (type(error), error, None))

    assert not _is_worth_saying(told(BlockingIOError()))
    assert _is_worth_saying(told(OSError("Bad file descriptor")))
