"""The API key that the command line presents to servers."""

from __future__ import annotations

import os

import click

from engine.domain.key_secret import key_id_in

KEY_VARIABLE = "MODELDYNO_API_KEY"
"""Where it is read from: an option would show it to everybody who lists processes."""


def api_key_from_environment() -> str | None:
    """None where none is set. Raises UsageError for a text that is no key, without repeating it."""
    key = os.environ.get(KEY_VARIABLE, "").strip()
    if key and key_id_in(key) is None:
        raise click.UsageError(
            f"${KEY_VARIABLE} holds no API key: one starts with mdk_ and was printed once by `modeldyno keys create`."
        )
    return key or None
