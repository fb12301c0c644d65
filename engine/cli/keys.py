"""modeldyno keys"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import click

from engine.cli.open_workbench import open_workbench
from engine.cli.options import Common, common_options
from engine.cli.output import print_json, print_line, print_rows, say
from engine.client import ApiClient
from engine.contract.keys import KeyRow
from engine.domain.api_key import Role, parse_lifetime
from engine.formatting import format_time
from engine.workflows.key_rows import key_row

_HEADINGS = ("Key id", "Name", "Role", "State", "Created", "Last used", "Expires")
_TIMES = ("created_at", "last_used_at", "expires_at")


@click.group()
def keys() -> None:
    """Make, list and revoke API keys of a server.

    A server that others can reach demands a key of everybody, and one on loopback does with --require-keys. While a
    server owns the database, add --server URL, with an admin's key in $MODELDYNO_API_KEY where it demands keys.
    """


@keys.command()
@click.argument("name")
@click.option(
    "--role",
    required=True,
    type=click.Choice([role.value for role in Role]),
    help="viewer reads, operator also starts and stops what the server does, admin also manages keys.",
)
@click.option("--expires", metavar="TIME", help="Lifetime, such as 90d, 12h or 30m. [default: does not expire]")
@common_options
def create(common: Common, name: str, role: str, expires: str | None) -> int:
    """Make a key called NAME, and print its secret.

    The secret is printed this once, alone on standard output; what is stored is a hash of it.

    \b
    modeldyno keys create alice --role admin
    modeldyno keys create nightly-ci --role operator --expires 90d
    """
    lifetime = parse_lifetime(expires) if expires is not None else None
    if common.server is not None:
        with ApiClient(common.server) as client:
            row = client.post("/api/keys", {"name": name, "role": role, "expires": expires})
    else:
        with open_workbench(common) as workbench:
            made = workbench.keys.create(name, Role(role), lifetime=lifetime)
            row = {**key_row(made.key, now=datetime.now(UTC)), "secret": made.secret}
    if common.as_json:
        print_json(row)
        return 0
    until = "does not expire" if row["expires_at"] is None else f"expires {row['expires_at'][:16]} UTC"
    say(f"Key {row['key_id']} for {row['name']!r}: {row['role']}, {until}. Keep the secret; it is not shown again.")
    print_line(row["secret"])
    return 0


@keys.command(name="list")
@common_options
def list_keys(common: Common) -> int:
    """List every key that was ever made, oldest first; never a secret."""
    if common.server is not None:
        with ApiClient(common.server) as client:
            rows: list[KeyRow] = client.get("/api/keys")["keys"]
    else:
        with open_workbench(common, only_reads=True) as workbench:
            now = datetime.now(UTC)
            rows = [key_row(key, now=now) for key in workbench.keys.everything()]
    if common.as_json:
        print_json(rows)
    elif rows:
        print_rows(_HEADINGS, [_cells(row) for row in rows], "table")
    else:
        say("There is no key yet. `modeldyno keys create NAME --role admin` makes a first one.")
    return 0


@keys.command()
@click.argument("key_id")
@common_options
def revoke(common: Common, key_id: str) -> int:
    """Revoke the key with id KEY_ID; it opens nothing from now on."""
    if common.server is not None:
        with ApiClient(common.server) as client:
            row = client.post(f"/api/keys/{_as_part_of_a_path(key_id)}/revoke")
    else:
        with open_workbench(common, only_reads=True) as workbench:
            row = key_row(workbench.keys.revoke(key_id), now=datetime.now(UTC))
    if common.as_json:
        print_json(row)
    else:
        say(f"Key {row['key_id']} ({row['name']}) is revoked since {row['revoked_at'][:16]} UTC.", quiet=common.quiet)
    return 0


def _as_part_of_a_path(key_id: str) -> str:
    if not key_id.isalnum() or not key_id.isascii():
        raise click.UsageError(f"{key_id[:80]!r} is no key id; `modeldyno keys list` shows the ids.")
    return key_id


def _cells(row: Mapping[str, Any]) -> tuple[Any, ...]:
    times = [datetime.fromisoformat(row[name]) if row[name] else None for name in _TIMES]
    shown = [format_time(time, now=datetime.now(UTC)) for time in times]
    return (row["key_id"], row["name"], row["role"], row["state"], *shown)
