"""Every error a user can meet: what happened, with which value, and what to do next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches


class EngineError(Exception):
    """Base of all errors that are answered with a message instead of a traceback."""

    title = "The request could not be carried out"

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        """Name of the offending option or field, when one is to blame."""


class InvalidValue(EngineError):
    """A value that can never be accepted; the message names the value and the remedy."""

    title = "Invalid value"


class UnknownName(EngineError):
    """A name that is not in a closed list; the message offers the nearest ones."""

    title = "Unknown name"

    def __init__(
        self,
        kind: str,
        value: str,
        known: Iterable[str],
        *,
        field: str | None = None,
        listed_in: str = "`modeldyno catalog`",
    ) -> None:
        self.kind = kind
        self.value = value
        self.listed_in = listed_in
        self.nearest: Sequence[str] = nearest_names(value, known)
        super().__init__(f"Unknown {kind} {value!r}. {self._remedy(sorted(known))}", field=field)

    def _remedy(self, known: Sequence[str]) -> str:
        if self.nearest:
            return f"Did you mean {' or '.join(self.nearest)}?"
        if len(known) <= 20:
            return f"Choose one of: {', '.join(known)}."
        return f"There are {len(known)} to choose from; {self.listed_in} lists them."


class BackendUnavailable(EngineError):
    """A known backend that cannot run on this machine; the message says why."""

    title = "Backend not available here"


class SkillsetFailure(EngineError):
    """A skillset could not be rendered, written or run."""

    title = "Skillset failed"


class LauncherFailure(EngineError):
    """The process that should run a case could not be started or spoke nonsense."""

    title = "Case process failed"


class NotFound(EngineError):
    """Something asked for by id that does not exist."""

    title = "Not found"


class KeyRefused(EngineError):
    """What was given as an API key opens nothing; the message says why, and never holds it."""

    title = "Key refused"


class RoleNeeded(EngineError):
    """Who asks is known, and may not do this; the message names the role that may."""

    title = "Not allowed"

    def __init__(self, message: str, *, needed: str) -> None:
        super().__init__(message)
        self.needed = needed
        """Name of the role."""


class Overloaded(EngineError):
    """Too much is asked of the server at once; the same request works later."""

    title = "Server busy"


class NotFinished(EngineError):
    """The results of a run that is still under way."""

    title = "Not finished"


class Conflict(EngineError):
    """A change that the present state does not allow (cancelling what has ended, say)."""

    title = "Not possible in the present state"


class Ending(Conflict):
    """Work that is asked for while the program ends; what is under way may still be watched."""

    title = "The program is ending"


class NotEnoughData(EngineError):
    """A statistic or prediction that the measurements cannot carry; the message says what is missing."""

    title = "Not enough measurements"


class QueryRefused(EngineError):
    """A SQL statement that the read-only console does not run."""

    title = "Query refused"


class QueryFailed(EngineError):
    """A permitted SQL statement that failed, ran too long or used too much memory."""

    title = "Query failed"


class TooManyQueries(QueryFailed):
    """A query that found no place among those that run."""

    title = "Too many queries"


class StorageError(EngineError):
    """The database cannot be used."""

    title = "Database problem"


class DatabaseLocked(StorageError):
    """Another process owns the database file."""

    title = "Database in use"


class DatabaseIncompatible(StorageError):
    """The file is no ModelDyno database of a version this program can read, or it is damaged."""

    title = "Database cannot be read"


class DiskFull(StorageError):
    """The disk or quota has no room; nothing was half-written."""

    title = "Disk full"


class ReportUnwritable(StorageError):
    """A report could not be put where it belongs; the message names the place."""

    title = "Report not written"


class AddressInUse(EngineError):
    """Another server listens on the address."""

    title = "Address in use"


def nearest_names(value: str, known: Iterable[str], *, limit: int = 3) -> list[str]:
    """The names of `known` most like `value`, best first; empty when nothing is close."""
    by_folded = {name.casefold(): name for name in known}
    return [by_folded[match] for match in get_close_matches(value.casefold(), by_folded, n=limit, cutoff=0.6)]
