from __future__ import annotations

import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from socket import create_connection
from urllib.request import Request, urlopen

import pytest

from app.one_time_token import VARIABLE
from app.serve import SecretlessFormatter, ServeOptions, listen, serve
from app.server_processes import REQUEST_SECONDS
from engine.benchmarking.process_control import children
from engine.config import CHECKOUT, Settings
from engine.domain.api_key import Role
from engine.domain.key_secret import make_secret
from engine.errors import AddressInUse, EngineError, InvalidValue
from engine.storage.bookkeeping import Bookkeeping
from engine.storage.database import Database
from engine.workflows.manage_keys import KeyRing

SECONDS = 60.0


def started(settings: Settings, *arguments: str, token: str | None = None) -> subprocess.Popen[str]:
    """`python -m app` over the database of `settings`; whoever starts it holds the other end of its input."""
    command = [sys.executable, "-m", "app", "--db-path", str(settings.db_path), "--home", str(settings.home)]
    return subprocess.Popen(
        [*command, *arguments],
        cwd=CHECKOUT,
        env=os.environ | ({VARIABLE: token} if token is not None else {}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def running(settings: Settings, *arguments: str, token: str | None = None) -> Iterator[subprocess.Popen[str]]:
    """On any free port; gone afterwards, whatever the test found."""
    process = started(settings, "--port", "0", *arguments, token=token)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Exit status and what was said on stderr."""
    _, said = process.communicate(timeout=SECONDS)
    return process.returncode, said


@contextmanager
def taken_port() -> Iterator[int]:
    with closing(listen("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def answer(port: int, path: str, host: str, at: str = "127.0.0.1") -> int:
    connection = HTTPConnection(at, port, timeout=SECONDS)
    with closing(connection):
        connection.request("GET", path, headers={"Host": host})
        return connection.getresponse().status


def test_a_second_server_on_one_port_is_told_who_has_it_and_which_to_take() -> None:
    with taken_port() as port, pytest.raises(AddressInUse) as refused:
        listen("127.0.0.1", port)
    assert f"Port {port} on 127.0.0.1 is taken by process " in refused.value.message
    assert refused.value.message.endswith(f"--port {port + 1 if port < 65535 else 8050}")


def test_a_port_is_free_again_once_its_server_has_ended() -> None:
    with taken_port() as port:
        pass
    listen("127.0.0.1", port).close()


def test_any_free_port_may_be_asked_for() -> None:
    with closing(listen("127.0.0.1", 0)) as first, closing(listen("localhost", 0)) as second:
        assert 0 < first.getsockname()[1] != second.getsockname()[1] > 0


def test_the_loopback_of_the_newer_protocol_will_do() -> None:
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    try:
        listener = listen("[::1]", 0)
    except EngineError as error:
        pytest.skip(error.message)
    with closing(listener):
        assert listener.getsockname()[0] == "::1"


@pytest.mark.parametrize("port", [-1, 65536, 10**12])
def test_a_port_that_cannot_be_is_refused(port: int) -> None:
    with pytest.raises(InvalidValue, match=f"Port {port} is not between 0 and 65535"):
        listen("127.0.0.1", port)


def test_what_cannot_start_says_one_line_and_opens_no_database(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    with taken_port() as port:
        assert serve(ServeOptions(settings=settings, port=port)) == 1
    assert serve(ServeOptions(settings=settings, host="")) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert (first[:15], second[:14]) == ("Address in use:", "Invalid value:")
    assert not settings.db_path.exists()


def test_a_database_that_another_process_holds_is_refused_in_one_line(settings: Settings) -> None:
    with closing(Database.open(settings.db_path)) as database:
        database.announce("http://127.0.0.1:4321")
        status, said = ended(started(settings, "--port", "0"))
    assert status == 1
    (line,) = said.splitlines()
    assert line.startswith(f"Database in use: The database {settings.db_path} is in use by process ")
    assert "--server http://127.0.0.1:4321" in line


def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path: Path) -> None:
    other = tmp_path / "notes.txt"
    other.write_text("not a database\n")
    status, said = ended(started(Settings.load(home=tmp_path / "home", db_path=other), "--port", "0"))
    assert status == 1
    (line,) = said.splitlines()
    assert line.startswith("Database cannot be read: ")
    assert other.read_text() == "not a database\n"


def address_of(process: subprocess.Popen[str]) -> tuple[str, int]:
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.match(r"ModelDyno is at http://([\d.]+):(\d+) ", line)
    assert found is not None, line
    return found[1], int(found[2])


def test_a_server_on_another_loopback_address_answers_there(settings: Settings) -> None:
    with running(settings, "--host", "127.0.0.2") as process:
        host, port = address_of(process)
        assert (host, answer(port, "/healthz", f"127.0.0.2:{port}", at="127.0.0.2")) == ("127.0.0.2", 200)
        connection = HTTPConnection(host, port, timeout=SECONDS)
        with closing(connection):
            connection.request("GET", "//api//benchmark/runs")
            assert connection.getresponse().status == 404, "no redirection to another host"


def test_a_killed_server_leaves_its_port_and_its_database_to_the_next(settings: Settings) -> None:
    with running(settings) as process:
        _, port = address_of(process)
        with closing(create_connection(("127.0.0.1", port))) as held:
            held.sendall(f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
            assert held.recv(12).endswith(b"200")
            process.kill()
            process.wait()
            with closing(free_again(port)):
                Database.open(settings.db_path).close()


def free_again(port: int) -> socket.socket:
    """Its listener, within a second or two."""
    deadline = time.monotonic() + 2
    while True:
        try:
            return listen("127.0.0.1", port)
        except AddressInUse:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def test_wrong_usage_has_a_status_of_its_own(settings: Settings) -> None:
    status, said = ended(started(settings, "--port", "many"))
    assert (status, "invalid int value: 'many'" in said) == (2, True)


def test_a_server_answers_to_its_own_name_alone_and_lets_go_when_told_to_stop(settings: Settings) -> None:
    with running(settings) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.match(r"ModelDyno is at http://127\.0\.0\.1:(\d+) \(database .+\)\. Ctrl-C stops it\.", line)
        assert found is not None, line
        port = int(found.group(1))
        assert answer(port, "/healthz", f"127.0.0.1:{port}") == 200
        assert answer(port, "/healthz", f"localhost:{port}") == 200
        assert answer(port, "/healthz", f"rebound.example:{port}") == 403
        assert answer(port, "/healthz", f"127.0.0.1:{port + 1}") == 403
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert ended(process) == (0, "")
        assert time.monotonic() - began < SECONDS / 2
    Database.open(settings.db_path).close()


def made_key(settings: Settings, role: Role, name: str = "alice") -> str:
    """The secret of a new key in the database of `settings`, which no server owns yet."""
    with closing(Database.open(settings.db_path)) as database:
        return KeyRing(database, Bookkeeping(database)).create(name, role).secret


@pytest.mark.parametrize("others", [(), (Role.VIEWER, Role.OPERATOR)])
def test_a_server_that_demands_keys_does_not_start_before_an_admin_has_one(
    settings: Settings, others: tuple[Role, ...]
) -> None:
    for role in others:
        made_key(settings, role)
    status, said = ended(started(settings, "--port", "0", "--require-keys"))
    (line,) = said.splitlines()
    assert status == 1 and line.startswith("No admin key: --require-keys was given, and there is no key of an admin")
    assert line.endswith(f"modeldyno keys create NAME --role admin --db-path {settings.db_path}")


def test_a_server_that_demands_keys_lets_in_who_has_one(settings: Settings) -> None:
    secret = made_key(settings, Role.ADMIN)
    with running(settings, "--require-keys") as process:
        _, port = address_of(process)
        assert answer(port, "/api/benchmark/runs", f"127.0.0.1:{port}") == 401
        request = Request(f"http://127.0.0.1:{port}/api/benchmark/runs", headers={"Authorization": f"Bearer {secret}"})
        with urlopen(request, timeout=SECONDS) as answered:
            assert answered.status == 200
        process.send_signal(signal.SIGTERM)
        assert ended(process) == (0, "")


def test_origins_and_hosts_that_cannot_be_are_wrong_usage(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert serve(ServeOptions(settings=settings, allow_origins=("*",))) == 2
    assert serve(ServeOptions(settings=settings, allow_hosts=("*",))) == 2
    assert "There is no wildcard" in capsys.readouterr().err
    assert not settings.db_path.exists()


TOKEN = "0ne-time" * 6


def redeemed(port: int) -> int:
    """The status that the token is answered with."""
    body = json.dumps({"token": TOKEN})
    connection = HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    with closing(connection):
        connection.request("POST", "/api/session", body, {"Content-Type": "application/json"})
        return connection.getresponse().status


def test_a_server_with_a_token_starts_without_an_admin_and_ends_with_its_input(settings: Settings) -> None:
    with running(settings, "--end-with-stdin", token=TOKEN) as process:
        _, port = address_of(process)
        assert answer(port, "/api/benchmark/runs", f"127.0.0.1:{port}") == 401
        assert (redeemed(port), redeemed(port)) == (201, 401)
        assert ended(process) == (0, ""), "communicate() closes the input, and nothing else was done"


def test_a_token_is_not_right_again_when_the_serving_process_was_killed(settings: Settings) -> None:
    with running(settings, token=TOKEN) as process:
        _, port = address_of(process)
        assert redeemed(port) == 201
        (worker,) = children(process.pid)
        os.kill(worker, signal.SIGKILL)
        status, said = ended(process)
    assert status == 1 and "The server ended: The serving process was killed, and the key" in said, said


def test_a_token_that_could_be_guessed_is_refused_and_not_quoted(settings: Settings) -> None:
    status, said = ended(started(settings, "--port", "0", token="guessable"))
    assert (status, "guessable" in said) == (2, False) and said.startswith(f"Invalid value: ${VARIABLE} is not 32")


def test_keys_are_struck_out_of_logs_and_tracebacks() -> None:
    secret = make_secret().secret
    formatter = SecretlessFormatter(logging.Formatter("%(message)s"))
    try:
        raise ValueError(f"bad header {secret}")
    except ValueError:
        record = logging.LogRecord("app", logging.ERROR, "", 0, "POST %s", (f"/api/keys/{secret}",), sys.exc_info())
    said = formatter.format(record)
    assert "ValueError: bad header mdk_" in said and secret.rpartition("_")[2] not in said


def port_of(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
    assert found is not None, line
    return int(found[1])


def test_clients_that_do_not_say_goodbye_hold_nobody_up(settings: Settings) -> None:
    with running(settings) as process:
        port = port_of(process)
        assert answer(port, "/healthz", f"127.0.0.1:{port}") == 200
        silent = [create_connection(("127.0.0.1", port)) for _ in range(20)]
        request = f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode()
        for connection in silent:
            connection.sendall(request)
        for connection in silent:
            assert connection.recv(12) == b"HTTP/1.1 200"
        began = time.monotonic()
        assert answer(port, "/healthz", f"127.0.0.1:{port}") == 200
        assert time.monotonic() - began < 2  # one after the other they would take two seconds each
        for connection in silent:
            connection.close()


@pytest.mark.slow  # it waits for the whole of the time limit
def test_a_request_that_stalls_is_given_up(settings: Settings) -> None:
    with running(settings) as process:
        port = port_of(process)
        with closing(create_connection(("127.0.0.1", port))) as stalled:
            stalled.settimeout(REQUEST_SECONDS + 10)
            stalled.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1")
            began = time.monotonic()
            said = stalled.recv(4096)
            assert time.monotonic() - began < REQUEST_SECONDS + 5
            assert said == b"" or said.startswith(b"HTTP/1.1 4")
