"""Who may use which device, between programs: two that measure on one device at once would measure each other.

A claim is a name among the kernel's abstract sockets (Linux): it ends with its process, however that ends, and needs
neither a file nor a permission. Elsewhere, and between containers, nobody sees a claim and each is granted.
"""

from __future__ import annotations

import errno
import logging
import socket
import struct
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from engine.workflows.device_turns import Cancelled, OnWait

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 0.05
"""How often a waiting program looks whether the device is free."""


class DeviceClaims:
    """Claims of one program; programs that give the same `name` heed each other."""

    def __init__(self, name: str = "modeldyno") -> None:
        self._name = name

    @contextmanager
    def held(
        self, devices: frozenset[str], cancel: threading.Event, *, on_wait: OnWait | None = None
    ) -> Iterator[None]:
        """Hold all of `devices`; `on_wait` is told of each that another program holds, and whose. Raises Cancelled."""
        with ExitStack() as held:
            for device in sorted(devices):
                # Who waits holds the next place, or the owner would always be quicker to come again.
                with self._claimed(f"{device}/next", cancel, on_wait):
                    held.enter_context(self._claimed(device, cancel, on_wait))
            yield

    @contextmanager
    def _claimed(self, what: str, cancel: threading.Event, on_wait: OnWait | None) -> Iterator[None]:
        address = f"\0{self._name}/{what}"
        claim = _claim(address)
        if claim is None:
            owner = _owner(address) or "another program"
            line = f"Waiting for {owner}, which measures on {what.partition('/')[0]}"
            logger.log(logging.WARNING if on_wait is None else logging.INFO, "%s", line)
            if on_wait is not None:
                on_wait(line)
        while claim is None:
            if cancel.wait(_LOOK_SECONDS):
                raise Cancelled
            claim = _claim(address)
        with claim:
            yield


def _claim(address: str) -> socket.socket | None:
    """The bound socket; None when another holds the name. One without a name where the system has no such names."""
    claim = socket.socket(socket.AF_UNIX)
    if sys.platform != "linux":
        return claim
    try:
        claim.bind(address)
        claim.listen()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            claim.close()
            return None
        logger.warning("Other programs cannot be told that a device is in use: %s", error)
    return claim


def _owner(address: str) -> str | None:
    """The process that holds the name, in words; None when it has let go meanwhile."""
    with socket.socket(socket.AF_UNIX) as asking:
        asking.setblocking(False)
        try:
            asking.connect(address)
            told = asking.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        except OSError:
            return None
    pid, _, _ = struct.unpack("3i", told)
    return f"process {pid}"
