"""A running server, spoken to through its endpoints."""

from __future__ import annotations

from types import TracebackType
from typing import Any

import click
import httpx

from engine.errors import EngineError, InvalidValue

_TIMEOUT = httpx.Timeout(30.0, connect=5.0)


class ServerUnreachable(EngineError):
    """No ModelDyno server answers at the address."""

    title = "No server"


class ServerRefused(EngineError):
    """The server answered with an error of its own; the message is the server's."""

    title = "The server refused"


class Client:
    """Speaks JSON with one server; its errors become ours."""

    def __init__(self, url: str) -> None:
        if not url.startswith(("http://", "https://")):
            raise click.UsageError(f"--server {url!r} is not an address; write it like http://127.0.0.1:8050.")
        self._url = url.rstrip("/")
        self._http = httpx.Client(base_url=self._url, timeout=_TIMEOUT)

    def get(self, path: str, parameters: dict[str, Any] | None = None) -> Any:
        return self._ask("GET", path, params=parameters or {})

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        return self._ask("POST", path, json=body or {})

    def _ask(self, method: str, path: str, **options: Any) -> Any:
        try:
            answer = self._http.request(method, path, **options)
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise ServerUnreachable(
                f"No server answers at {self._url} ({error}). Start it with `modeldyno serve`, or correct --server."
            ) from error
        try:
            told = answer.json()
        except ValueError as error:
            raise ServerUnreachable(
                f"{self._url}{path} answered {answer.status_code} without JSON; that is no ModelDyno server."
            ) from error
        if answer.is_error:
            raise _explained(told, answer.status_code, f"{self._url}{path}")
        return told

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()


def _explained(told: Any, status: int, address: str) -> EngineError:
    """A problem document as an error; a value that can never work is as wrong here as it would be locally."""
    document = told if isinstance(told, dict) else {}
    message = str(document.get("detail") or f"{address} answered {status}.")
    is_usage = status in (httpx.codes.BAD_REQUEST, httpx.codes.UNPROCESSABLE_ENTITY)
    error = InvalidValue(message) if is_usage else ServerRefused(message)
    error.title = str(document.get("title") or error.title)
    return error
