"""How programs that start a server, and pages that open sockets, say who they are: bodies and answers."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from engine.contract.answer import Seconds, TypedDict, answer
from engine.domain.api_key import Role

__all__ = ["SocketTicket", "TokenBody"]


class TokenBody(BaseModel):
    """The one-time token that the server was started with."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    token: str
    role: Role = Role.OPERATOR
    """What the key may do that is given for it."""


@answer
class SocketTicket(TypedDict):
    """What opens one WebSocket, once."""

    protocols: list[str]
    """To be named when the socket is opened, all of them: `new WebSocket(address, protocols)`."""
    expires_in_seconds: Seconds
