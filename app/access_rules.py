"""From where the server may be used, and whether it demands keys: settled once, when it starts."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field

from engine.errors import InvalidValue

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
_HOST_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9])?|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]{0,30}://(?:[a-z0-9_.-]{1,253}|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRules:
    """Raises InvalidValue for names and origins that could be no browser's."""

    host: str = "127.0.0.1"
    """Where the server listens: an address, or all of them."""
    port: int | None = None
    """None where nothing listens (tests): any port in a Host header is right then."""
    require_keys: bool = False
    """Also on loopback."""
    other_hosts: tuple[str, ...] = ()
    """Names under which browsers find the server, besides the address that it listens on."""
    origins: tuple[str, ...] = ()
    """Pages of other servers or programs that may use the endpoints: exact origins."""
    requests_per_second: int | None = None
    """Of one key or address on the long run; None leaves it to app.rate_limits."""
    token_digest: bytes | None = field(default=None, repr=False)
    """Of the one-time token of whoever starts the server; with one, everybody else needs a key, also on loopback."""

    def __post_init__(self) -> None:
        if not self.host.strip("[]"):
            raise InvalidValue("The host to listen on is empty; use 127.0.0.1, or 0.0.0.0 for all.", field="host")
        for name in self.other_hosts:
            if not _HOST_NAME.fullmatch(name):
                raise InvalidValue(
                    f"Host {name!r} is no name that a browser could ask for; write it like dyno.example or "
                    "dyno.example:8443, in lower case.",
                    field="allow_host",
                )
        for origin in self.origins:
            if not _ORIGIN.fullmatch(origin):
                raise InvalidValue(
                    f"Origin {origin!r} is no exact origin; write it as the browser sends it, like "
                    "https://dyno.example:8443 or app://desktop. There is no wildcard, and null is anybody's.",
                    field="allow_origin",
                )
        if self.requests_per_second is not None and self.requests_per_second < 1:
            raise InvalidValue(f"{self.requests_per_second} requests per second let nobody in.", field="rate_limit")
        if self.token_digest is not None and not is_loopback(self.host):
            raise InvalidValue(
                f"A one-time token is for a program of this machine, and {self.host} can be reached by others; listen "
                "on 127.0.0.1, or use keys.",
                field="host",
            )

    @property
    def demands_keys(self) -> bool:
        """Whether nobody gets in without a key: where others could reach the server, or by wish."""
        return self.require_keys or self.token_digest is not None or not is_loopback(self.host)

    @property
    def own_name(self) -> str:
        """The address that is listened on, as a Host header has it."""
        host = self.host.strip("[]")
        return f"[{host}]" if ":" in host else host

    def knows_host(self, name: str, port: int | None) -> bool:
        """Whether a Host header of this name and port can have come from somebody who meant this server.

        A name that a stranger controls may lead here (DNS rebinding). An address cannot: where all addresses are
        listened on, any will do.
        """
        if name in self.other_hosts or f"{name}:{port}" in self.other_hosts:
            return True
        if self.port is not None and port not in (None, self.port):
            return False
        return name in (*LOOPBACK_NAMES, self.own_name) or (is_everywhere(self.host) and _is_address(name))


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens on `host`."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def is_everywhere(host: str) -> bool:
    """Whether `host` stands for all addresses of the machine."""
    return _is_address(host) and ipaddress.ip_address(host.strip("[]")).is_unspecified


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
