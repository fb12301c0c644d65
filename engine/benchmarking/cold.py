"""The launcher for truly cold starts: a fresh interpreter per call, with nothing imported beforehand."""

from __future__ import annotations

from collections.abc import Sequence

from engine.benchmarking.launchers import ALLOWED_PREFIXES
from engine.benchmarking.server_launcher import ServerLauncher


class ColdLauncher(ServerLauncher):
    """Every call executes a new interpreter; an idle parent of a few megabytes keeps them in order."""

    def __init__(self, *, allowed_prefixes: Sequence[str] = ALLOWED_PREFIXES) -> None:
        super().__init__(preload=(), environment={}, fresh=True, allowed_prefixes=allowed_prefixes)
