"""JSON messages over a stream socket: four bytes of length, then the text."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Iterator
from typing import Any

_LENGTH = struct.Struct("!I")


def send_frame(channel: socket.socket, message: dict[str, Any]) -> None:
    """Send one message whole; blocks until the other side has taken it."""
    payload = json.dumps(message).encode()
    channel.sendall(_LENGTH.pack(len(payload)) + payload)


def receive_frame(channel: socket.socket) -> dict[str, Any] | None:
    """The next message of a blocking socket; None when the other side has gone."""
    header = _receive_exactly(channel, _LENGTH.size)
    if header is None:
        return None
    payload = _receive_exactly(channel, _LENGTH.unpack(header)[0])
    if payload is None:
        return None
    message: dict[str, Any] = json.loads(payload)
    return message


def _receive_exactly(channel: socket.socket, size: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < size:
        part = channel.recv(size - len(parts))
        if not part:
            return None
        parts += part
    return bytes(parts)


class FrameBuffer:
    """Bytes as they come in, messages as they become complete."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, data: bytes) -> Iterator[dict[str, Any]]:
        """Take `data` and yield every message that is whole now."""
        self._bytes += data
        while len(self._bytes) >= _LENGTH.size:
            end = _LENGTH.size + _LENGTH.unpack_from(self._bytes)[0]
            if len(self._bytes) < end:
                return
            message = json.loads(self._bytes[_LENGTH.size : end])
            del self._bytes[:end]
            yield message
