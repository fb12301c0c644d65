"""A running server, spoken to through its endpoints."""

from __future__ import annotations

from http import HTTPStatus
from types import TracebackType
from typing import Any

import click
import httpx

from engine.cli.api_key import KEY_VARIABLE, api_key_from_environment
from engine.errors import EngineError, InvalidValue, UnknownName

_TIMEOUT = httpx.Timeout(30.0, connect=5.0, read=330.0)
"""A server's first run is accepted once it has detected its backends, which may take as long as importing torch."""
_USAGE_TITLES = (InvalidValue.title, UnknownName.title)


class ServerUnreachable(EngineError):
    """No ModelDyno server answers at the address."""

    title = "No server"


class ServerRefused(EngineError):
    """The server answered with an error of its own; the message is the server's."""

    title = "The server refused"


class Client:
    """Speaks JSON with one server; its errors become ours."""

    def __init__(self, url: str) -> None:
        """Presents the API key of the environment, if there is one.

        Raises UsageError for what can be no server's address, or no key.
        """
        self.url = _address(url)
        # No proxy of the environment may come between this machine and a server on its loopback.
        key = api_key_from_environment()
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        self._http = httpx.Client(base_url=self.url, timeout=_TIMEOUT, trust_env=False, headers=headers)

    def get(self, path: str, parameters: dict[str, Any] | None = None) -> Any:
        return self._ask("GET", path, params=parameters or {})

    def download(self, path: str) -> bytes:
        """A file as the server sends it."""
        answer = self._send("GET", path)
        if answer.is_error:
            raise _explained(self._told(answer, path), answer.status_code, f"{self.url}{path}")
        return answer.content

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        return self._ask("POST", path, json=body or {})

    def _ask(self, method: str, path: str, **options: Any) -> Any:
        answer = self._send(method, path, **options)
        told = self._told(answer, path)
        if answer.is_error:
            raise _explained(told, answer.status_code, f"{self.url}{path}")
        return told

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            return self._http.request(method, path, **options)
        except httpx.TransportError as error:
            raise ServerUnreachable(
                f"No server answers at {self.url} ({error}). Start it with `modeldyno serve`, or correct --server."
            ) from error

    def _told(self, answer: httpx.Response, path: str) -> Any:
        try:
            return answer.json()
        except ValueError as error:
            raise ServerUnreachable(
                f"{self.url}{path} answered {answer.status_code} without JSON; that is no ModelDyno server. "
                "Correct --server."
            ) from error

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()


def _address(text: str) -> str:
    """`text` without a slash at its end, if it can be a server's address."""
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        url = httpx.URL()
    if url.scheme not in ("http", "https") or not url.host or not 0 < (url.port or 80) < 65536:
        raise click.UsageError(f"--server {text!r} is not an address; write it like http://127.0.0.1:8050.")
    return text.rstrip("/")


def _explained(told: Any, status: int, address: str) -> EngineError:
    """A problem document as an error; a value that can never work is as wrong here as it would be locally."""
    document = told if isinstance(told, dict) else {}
    message = str(document.get("detail") or f"{address} answered {status}.")
    if status == HTTPStatus.UNAUTHORIZED:
        message += f" The command line reads one from ${KEY_VARIABLE}."
    title = document.get("title")
    error = InvalidValue(message) if title in _USAGE_TITLES else ServerRefused(message)
    error.title = str(title or error.title)
    return error
