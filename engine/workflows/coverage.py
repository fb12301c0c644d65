"""What is known of which model types work, from the catalogue and every examination that is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.analysis.conformance_changes import ConformanceChange, conformance_changes
from engine.analysis.coverage import Way, cover, ways_of
from engine.domain.conformance import Conformance
from engine.domain.coverage import CoverageEntry
from engine.domain.hardware import Environment
from engine.domain.library_version import LibraryVersion
from engine.errors import NotEnoughData, UnknownName
from engine.storage import conformance, environments

if TYPE_CHECKING:
    from engine.workflows.workbench import Workbench


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """The newest of everything."""

    entries: tuple[CoverageEntry, ...]
    """Empty when nothing was ever examined."""
    ways: tuple[Way, ...]
    """Every backend and precision tried; the one with most types first."""
    versions: tuple[LibraryVersion, ...]
    """Of every library, the one examined last first."""
    environments: Mapping[str, Environment]

    @property
    def current(self) -> tuple[LibraryVersion, ...]:
        """The version of each library that the entries are of."""
        newest: dict[str, LibraryVersion] = {}
        for version in self.versions:
            newest.setdefault(version.library, version)
        return tuple(newest.values())

    @property
    def earlier(self) -> tuple[LibraryVersion, ...]:
        """Versions that the entries can be compared with."""
        return tuple(version for version in self.versions if version not in self.current)

    def of_way(self, way: Way) -> list[CoverageEntry]:
        return [entry for entry in self.entries if (entry.backend, entry.precision) == way]


def coverage(workbench: Workbench) -> Coverage:
    """Computed once per state of the database."""
    return workbench.memo.get("coverage", workbench.database.writes, lambda: _coverage(workbench))


def examined_in_detail(workbench: Workbench, model_type: str) -> list[Conformance]:
    """The newest examination of one type on every way, with tracebacks."""
    with workbench.database.cursor() as cursor:
        return conformance.newest(cursor, model_types=[model_type], with_detail=True)


def examination_history(workbench: Workbench, model_type: str) -> list[Conformance]:
    """Every examination of one type in every version, newest first, without tracebacks."""
    with workbench.database.cursor() as cursor:
        return conformance.history(cursor, model_type)


def changes_since(
    workbench: Workbench, version: str | None = None
) -> tuple[LibraryVersion, LibraryVersion, list[ConformanceChange]]:
    """The version compared with, the one examined last, and what changed; regressions first.

    `version` is a number such as 5.13.0, with or without its library's name before it; None takes the version that
    was examined before the last one. Raises NotEnoughData or UnknownName.
    """
    found = coverage(workbench)
    if not found.earlier:
        raise NotEnoughData(
            "Only one library version was examined, so nothing can have changed. After the next upgrade of the "
            "library, `modeldyno conformance` makes the second."
        )
    since = found.earlier[0] if version is None else _version(found.earlier, version)
    until = next(current for current in found.current if current.library == since.library)
    key = ("conformance_changes", since.label)
    return since, until, workbench.memo.get(key, workbench.database.writes, lambda: _changes(workbench, since, until))


def _coverage(workbench: Workbench) -> Coverage:
    with workbench.database.cursor() as cursor:
        examined = conformance.newest(cursor)
        versions = conformance.versions(cursor)
        known = {environment.environment_id: environment for environment in environments.all_environments(cursor)}
    entries = cover(workbench.catalog.types.values(), examined) if examined else []
    return Coverage(entries=tuple(entries), ways=tuple(ways_of(examined)), versions=tuple(versions), environments=known)


def _changes(workbench: Workbench, since: LibraryVersion, until: LibraryVersion) -> list[ConformanceChange]:
    with workbench.database.cursor() as cursor:
        older = conformance.newest(cursor, version=since)
        newer = conformance.newest(cursor, version=until)
    return conformance_changes(older, newer)


def _version(known: Sequence[LibraryVersion], wanted: str) -> LibraryVersion:
    for version in known:
        if wanted in (version.version, version.label):
            return version
    raise UnknownName(
        "examined version", wanted, [version.label for version in known], field="changes", listed_in="the database"
    )
