"""Where things lie and which limits hold; one value, made once and handed down."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from engine.errors import InvalidValue

CHECKOUT = Path(__file__).resolve().parent.parent
"""The folder that holds `engine`: the project's root in a checkout, site-packages in an installation."""


def resource_folder(name: str) -> Path:
    """The shipped folder `name` (templates, assets): beside the packages in a checkout, inside them in a wheel."""
    beside = CHECKOUT / name
    return beside if beside.is_dir() else Path(__file__).resolve().parent / "resources" / name


def default_home() -> Path:
    """Where databases, skillsets and reports are kept.

    `$MODELDYNO_HOME` if set; `data/` of the checkout when run from one; else the user's data folder (XDG).
    Raises InvalidValue for a path that cannot be one.
    """
    if home := os.environ.get("MODELDYNO_HOME"):
        return named_folder("MODELDYNO_HOME", home)
    if (CHECKOUT / "pyproject.toml").is_file():
        return CHECKOUT / "data"
    return Path(os.environ.get("XDG_DATA_HOME", "~/.local/share")).expanduser() / "modeldyno"


def named_folder(variable: str, path: str) -> Path:
    """The folder that an environment variable names; raises InvalidValue for a path that cannot be one."""
    try:
        return Path(path).expanduser().resolve()
    except (RuntimeError, OSError) as error:  # RuntimeError: the home of nobody, or links in a circle
        raise InvalidValue(f"${variable} names no folder, {path!r} ({error}); correct it.") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Paths of one installation."""

    home: Path
    db_path: Path
    skillset_dir: Path
    report_dir: Path

    @staticmethod
    def load(*, home: Path | None = None, db_path: Path | None = None, skillset_dir: Path | None = None) -> Settings:
        """Settings from explicit values, then the environment, then the defaults."""
        base = (home or default_home()).resolve()
        return Settings(
            home=base,
            db_path=(db_path or base / "modeldyno.duckdb").resolve(),
            skillset_dir=(skillset_dir or base / "skillsets").resolve(),
            report_dir=base / "reports",
        )


STOP_SECONDS = 60.0
LEAST_STOP_SECONDS, MOST_STOP_SECONDS = 1.0, 86_400.0


class OnStop(StrEnum):
    INTERRUPT = "interrupt"
    """Kill the cases under way; what they would have found is measured anew when their runs are resumed."""
    FINISH = "finish"
    """Let the cases under way end, store them, and interrupt the rest of their runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopPolicy:
    """What becomes of runs under way when a server is told to stop."""

    on_stop: OnStop = OnStop.INTERRUPT
    seconds: float = STOP_SECONDS
    """How long finishing may take; what is under way then is interrupted."""

    def __post_init__(self) -> None:
        if not LEAST_STOP_SECONDS <= self.seconds <= MOST_STOP_SECONDS:
            raise InvalidValue(
                f"{self.seconds:g} is no number of seconds to stop in; give one between {LEAST_STOP_SECONDS:g} and "
                f"{MOST_STOP_SECONDS:g}.",
                field="stop_seconds",
            )

    @staticmethod
    def load(*, on_stop: str | None = None, seconds: float | None = None) -> StopPolicy:
        """From explicit values, then `$MODELDYNO_ON_STOP` and `$MODELDYNO_STOP_SECONDS`, then the defaults.

        Raises InvalidValue.
        """
        given = on_stop or os.environ.get("MODELDYNO_ON_STOP") or OnStop.INTERRUPT
        if given not in tuple(OnStop):
            raise InvalidValue(f"{given!r} is no way to stop; choose {' or '.join(OnStop)}.", field="on_stop")
        return StopPolicy(on_stop=OnStop(given), seconds=_stop_seconds() if seconds is None else seconds)


def _stop_seconds() -> float:
    text = os.environ.get("MODELDYNO_STOP_SECONDS")
    if not text:
        return STOP_SECONDS
    try:
        return float(text)
    except ValueError:
        raise InvalidValue(
            f"$MODELDYNO_STOP_SECONDS is {text!r}, which is no number of seconds; correct it.", field="stop_seconds"
        ) from None
