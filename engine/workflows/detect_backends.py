"""Which backends can run here, asked in a child process and remembered for this environment."""

from __future__ import annotations

import json
import logging
import os
from dataclasses import asdict
from pathlib import Path

from engine.benchmarking.launchers import Launcher
from engine.domain.hardware import BackendStatus, Environment
from engine.errors import LauncherFailure

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 300.0
_FORMAT = 3
"""Of what is kept; a release that asks backends for more raises it, so that what an older one kept is found anew."""

_CHOICE = ("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES")
"""Variables by which a person chooses GPUs: with others set, the first one may be another board."""


def detect_backends(launcher: Launcher) -> list[BackendStatus]:
    """Ask a child process; raises LauncherFailure with what it said when it failed."""
    outcome = launcher.run("engine.backends.detect:detect_backends", {}, timeout_seconds=TIMEOUT_SECONDS)
    if outcome.value is None:
        reason = outcome.failure.reason if outcome.failure is not None else "it returned nothing"
        raise LauncherFailure(f"The backends of this machine could not be detected: {reason}")
    return [_status(found) for found in outcome.value["backends"]]


def remembered_backends(home: Path, environment: Environment) -> list[BackendStatus] | None:
    """What was detected in this very environment; None when nothing readable is kept."""
    try:
        kept = json.loads(_file(home).read_text(encoding="utf-8"))
        if kept["environment_id"] != environment.environment_id or kept.get("format") != _FORMAT:
            return None
        if kept["chosen"] != _chosen():
            return None
        return [_status(found) for found in kept["backends"]]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        logger.warning("Detecting backends anew: %s cannot be read (%s)", _file(home), error)
        return None


def remember_backends(home: Path, environment: Environment, statuses: list[BackendStatus]) -> None:
    """Keep a detection for the next start; a disk that refuses costs only time then."""
    found = [asdict(status) for status in statuses]
    kept = {
        "format": _FORMAT,
        "environment_id": environment.environment_id,
        "chosen": _chosen(),
        "backends": found,
    }
    draft = _file(home).with_suffix(f".{os.getpid()}")
    try:
        draft.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(json.dumps(kept, indent=2), encoding="utf-8")
        draft.replace(_file(home))
    except OSError as error:
        logger.warning("The detected backends could not be kept in %s: %s", _file(home), error)


def _chosen() -> dict[str, str]:
    return {name: os.environ[name] for name in _CHOICE if name in os.environ}


def _file(home: Path) -> Path:
    return home / "cache" / "backends.json"


def _status(found: dict[str, object]) -> BackendStatus:
    values = {**found, "devices": tuple(found["devices"]), "precisions": tuple(found["precisions"])}  # type: ignore[arg-type]
    return BackendStatus(**values)  # type: ignore[arg-type]
