"""A dashboard started as people start it, over a home of its own, and ended by itself."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from engine.config import CHECKOUT
from engine.errors import EngineError

LOG = "server.log"
"""At home: all that the server said."""
_POLL_SECONDS = 0.02
_START_SECONDS = 120.0


class ServerSilent(EngineError):
    """The server did not come up, or did not do in time what it was started for."""

    title = "The server under test did not answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    url: str
    process: psutil.Process
    """The parent; the serving process is its child."""
    started: float
    """`time.monotonic()` just before the process was started."""

    def get(self, path: str) -> Any:
        answer = httpx.get(self.url + path, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def seconds_until(self, is_so: Callable[[], bool], what: str, *, limit: float) -> float:
        """Seconds since the process was started at which `is_so` first held; raises ServerSilent after `limit`."""
        while not is_so():
            if time.monotonic() - self.started > limit:
                raise ServerSilent(f"{what} did not happen within {limit:g} s.")
            time.sleep(_POLL_SECONDS)
        return time.monotonic() - self.started

    def resident_bytes(self) -> int:
        """Resident memory of the serving process and its parent together; case processes are left out."""
        serving = [child for child in self.process.children() if "fork_server" not in " ".join(child.cmdline())]
        return sum(int(found.memory_info().rss) for found in (self.process, *serving))


@contextmanager
def served(home: Path, *options: str) -> Iterator[Served]:
    """`python -m app` on a free port."""
    log = home / LOG
    home.mkdir(parents=True, exist_ok=True)
    command: Sequence[str] = [sys.executable, "-m", "app", "--home", str(home), "--port", "0", *options]
    with log.open("w") as output:
        started = time.monotonic()
        process = subprocess.Popen(command, cwd=CHECKOUT, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield Served(url=_url(process, log, started), process=psutil.Process(process.pid), started=started)
    finally:
        process.terminate()
        process.wait(30)


def _url(process: subprocess.Popen[bytes], log: Path, started: float) -> str:
    mark = "ModelDyno is at "
    while mark not in (text := log.read_text()):
        if process.poll() is not None or time.monotonic() - started > _START_SECONDS:
            raise ServerSilent(f"`python -m app` did not start: {json.dumps(text[-500:])}")
        time.sleep(_POLL_SECONDS)
    return text.split(mark, 1)[1].split(" ", 1)[0]
