"""What can run here, and what cannot and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.domain.hardware import BackendStatus

if TYPE_CHECKING:
    from engine.workflows.workbench import Workbench


def hardware(workbench: Workbench, *, refresh: bool = False) -> list[BackendStatus]:
    """Every known backend with its status; `refresh` detects anew. Raises LauncherFailure."""
    return workbench.backends(refresh=refresh)
