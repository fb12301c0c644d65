"""`modeldyno keys`: the secret is shown once, on standard output alone."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.domain.key_secret import key_id_in
from tests.engine.cli import processes
from tests.engine.cli.conftest import Cli


def test_a_key_is_made_listed_and_revoked(cli: Cli, fresh: Path) -> None:
    here = ("--benchmark-dir", fresh)
    made = cli("keys", "create", "alice", "--role", "admin", *here)
    secret = made.output.strip()
    key_id = key_id_in(secret)
    assert made.status == 0 and key_id is not None
    assert f"Key {key_id} for 'alice': admin, does not expire." in made.errors and secret not in made.errors
    listed = cli("keys", "list", *here)
    assert key_id in listed.output and secret not in listed.output + listed.errors
    revoked = cli("keys", "revoke", key_id, *here)
    assert (revoked.status, revoked.output) == (0, "") and f"Key {key_id} (alice) is revoked" in revoked.errors
    (row,) = cli("keys", "list", *here, "--json").json
    assert (row["key_id"], row["role"], row["state"]) == (key_id, "admin", "revoked")


def test_json_holds_the_secret_of_a_new_key_and_of_no_other(cli: Cli, fresh: Path) -> None:
    here = ("--benchmark-dir", fresh, "--json")
    made = cli("keys", "create", "ci", "--role", "operator", "--expires", "90d", *here).json
    assert key_id_in(made["secret"]) == made["key_id"] and made["expires_at"] is not None
    (row,) = cli("keys", "list", *here).json
    assert row == {name: value for name, value in made.items() if name != "secret"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("create", "alice"), "Missing option '--role'"),
        (("create", "alice", "--role", "king"), "'king' is not one of 'viewer', 'operator', 'admin'"),
        (("create", "alice", "--role", "admin", "--expires", "soon"), "Lifetime 'soon' is none; write it like 90d"),
        (("create", "", "--role", "admin"), "Name '' is not between 1 and 60"),
        (("list", "--server", "nowhere"), "is not a server's address"),
        (("revoke", "../runs", "--server", "http://127.0.0.1:1"), "is no key id"),
    ],
)
def test_wrong_usage_is_told(cli: Cli, fresh: Path, words: tuple[str, ...], told: str) -> None:
    said = cli("keys", *words, "--benchmark-dir", fresh)
    assert (said.status, said.output) == (2, "")
    assert told in said.errors


def test_an_unknown_key_is_a_failure(cli: Cli, fresh: Path) -> None:
    cli("keys", "create", "alice", "--role", "admin", "--benchmark-dir", fresh)
    said = cli("keys", "revoke", "abcdefghij12", "--benchmark-dir", fresh)
    assert said.status == 1 and "There is no key 'abcdefghij12'" in said.errors


def test_no_key_yet_is_said_with_the_way_to_the_first(cli: Cli, fresh: Path) -> None:
    said = cli("keys", "list", "--benchmark-dir", fresh)
    assert (said.status, said.output) == (0, "") and "keys create NAME --role admin" in said.errors


def test_a_text_that_is_no_key_is_not_sent_to_a_server(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELDYNO_API_KEY", "hunter2")
    said = cli("keys", "list", "--server", "http://127.0.0.1:1")
    assert said.status == 2 and "$MODELDYNO_API_KEY holds no API key" in said.errors
    assert "hunter2" not in said.errors


@pytest.fixture
def locked_server(cli: Cli, fresh: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a server that demands keys; the environment holds that of its admin."""
    secret = cli("keys", "create", "alice", "--role", "admin", "--benchmark-dir", fresh).output.strip()
    process = processes.start("serve", "--port", "0", "--require-keys", home=fresh)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("ModelDyno is at http://127.0.0.1:"), line
    monkeypatch.setenv("MODELDYNO_API_KEY", secret)
    yield line.split()[3]
    process.send_signal(signal.SIGINT)
    _, errors = processes.rest_of(process)
    assert (process.returncode, secret in errors) == (0, False)


def test_a_running_server_manages_its_keys(
    cli: Cli, fresh: Path, locked_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = cli("keys", "list", "--benchmark-dir", fresh)
    assert refused.status == 1 and f"--server {locked_server}" in refused.errors
    there = ("--server", locked_server)
    secret = cli("keys", "create", "ci", "--role", "viewer", "--expires", "90d", *there).output.strip()
    key_id = key_id_in(secret)
    assert [key["name"] for key in cli("keys", "list", *there, "--json").json] == ["alice", "ci"]
    monkeypatch.setenv("MODELDYNO_API_KEY", secret)
    assert cli("results", *there, "--json").json == []
    denied = cli("keys", "list", *there)
    assert denied.status == 1 and "takes the role admin" in denied.errors
    monkeypatch.delenv("MODELDYNO_API_KEY")
    stranger = cli("keys", "list", *there)
    assert stranger.status == 1 and "Clients and the command line read one from $MODELDYNO_API_KEY." in stranger.errors
    assert key_id is not None


def test_a_running_server_revokes_at_once(cli: Cli, locked_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    there = ("--server", locked_server)
    made = cli("keys", "create", "ci", "--role", "viewer", *there, "--json").json
    admin = os.environ["MODELDYNO_API_KEY"]
    monkeypatch.setenv("MODELDYNO_API_KEY", made["secret"])
    assert cli("results", *there, "--json").status == 0
    monkeypatch.setenv("MODELDYNO_API_KEY", admin)
    assert cli("keys", "revoke", made["key_id"], *there, "--json").json["state"] == "revoked"
    monkeypatch.setenv("MODELDYNO_API_KEY", made["secret"])
    said = cli("results", *there)
    assert said.status == 1 and "'ci' was revoked" in said.errors and made["secret"] not in said.errors
