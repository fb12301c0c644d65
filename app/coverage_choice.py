"""What the Coverage page shows of what was examined, for a state that names as much as somebody chose."""

from __future__ import annotations

from dataclasses import replace

from app.coverage_state import CoverageState
from engine.analysis.coverage import Way
from engine.domain.coverage import CoverageEntry
from engine.workflows.coverage import Coverage


def completed(found: Coverage, state: CoverageState) -> CoverageState:
    """With the backend and precision that are shown, as near to those named as any that was examined."""
    named = [way for way in found.ways if state.backend in (None, way[0]) and state.precision in (None, way[1])]
    of_backend = [way for way in found.ways if way[0] == state.backend]
    backend, precision = (named or of_backend or found.ways)[0]
    is_known = state.since in [version.label for version in found.earlier]
    since = state.since if is_known else _latest(found)
    return replace(state, backend=backend, precision=precision, since=since)


def addressed(found: Coverage, state: CoverageState) -> CoverageState:
    """As an address says it: the usual version to tell changes from goes without saying."""
    return replace(state, since=None) if state.since == _latest(found) else state


def way_of(state: CoverageState) -> Way:
    """Of a completed state."""
    assert state.backend is not None and state.precision is not None
    return state.backend, state.precision


def shown_entries(found: Coverage, state: CoverageState) -> list[CoverageEntry]:
    """Those of the page's backend and precision that pass its filters."""
    return [entry for entry in found.of_way(way_of(state)) if state.filter.admits(entry)]


def _latest(found: Coverage) -> str | None:
    """The version that changes are told from where none is chosen."""
    return found.earlier[0].label if found.earlier else None
