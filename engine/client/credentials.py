"""How a client says who it is."""

from __future__ import annotations

import os

from engine.domain.key_secret import key_id_in
from engine.errors import InvalidValue

KEY_VARIABLE = "MODELDYNO_API_KEY"
"""Where a key for servers is read from: an option would show it to everybody who lists processes."""


def credentials(api_key: str | None) -> dict[str, str]:
    """The headers that present `api_key`, or else the environment's; none without. Raises InvalidValue."""
    source = "api_key" if api_key is not None else f"${KEY_VARIABLE}"
    key = (os.environ.get(KEY_VARIABLE, "") if api_key is None else api_key).strip()
    if not key and api_key is None:
        return {}
    if key_id_in(key) is None:
        raise InvalidValue(
            f"{source} holds no API key: one starts with mdk_ and was printed once by `modeldyno keys create`.",
            field="api_key",
        )
    return {"Authorization": f"Bearer {key}"}
