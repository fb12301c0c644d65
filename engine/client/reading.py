"""What a server's answer says."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import httpx

from engine.client.credentials import KEY_VARIABLE
from engine.client.errors import ServerRefused, ServerUnreachable
from engine.errors import EngineError, InvalidValue, UnknownName

_USAGE_TITLES = (InvalidValue.title, UnknownName.title)


def read(answer: httpx.Response, url: str, path: str) -> Any:
    """The JSON of a good answer; raises the server's error otherwise, and ServerUnreachable for no server of ours."""
    try:
        told = answer.json()
    except ValueError as error:
        raise ServerUnreachable(
            f"{url}{path} answered {answer.status_code} without JSON; that is no ModelDyno server. Correct its address."
        ) from error
    if answer.is_error:
        raise _refused(told, answer.status_code, f"{url}{path}")
    return told


def unreachable(url: str, error: Exception) -> ServerUnreachable:
    return ServerUnreachable(
        f"No server answers at {url} ({error}). Start it with `modeldyno serve`, or correct the address."
    )


def _refused(told: Any, status: int, address: str) -> EngineError:
    """A problem document as an error; a value that can never work is as wrong here as it would be locally."""
    document = told if isinstance(told, dict) else {}
    message = str(document.get("detail") or f"{address} answered {status}.")
    if status == HTTPStatus.UNAUTHORIZED:
        message += f" Clients and the command line read one from ${KEY_VARIABLE}."
    title, field = document.get("title"), document.get("field")
    error: EngineError
    if title in _USAGE_TITLES:
        error = InvalidValue(message, field=field)
    else:
        error = ServerRefused(message, status=status, problem=document, field=field)
    error.title = str(title or error.title)
    return error
