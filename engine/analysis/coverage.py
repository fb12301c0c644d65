"""The catalogue against what was examined, and how many types end in which way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from engine.domain.case import Precision
from engine.domain.conformance import Check, Conformance, Verdict
from engine.domain.coverage import CoverageCounts, CoverageEntry, Obstacle
from engine.domain.model import Family, ModelType, Status

Way = tuple[str, Precision]

_FAMILY_OF_LIBRARY = {"diffusers": Family.DIFFUSION}
"""Family of a type that the catalogue does not list."""
_TRIED = (Verdict.WORKS, Verdict.PARTIAL, Verdict.FAILS)


def cover(models: Iterable[ModelType], examined: Sequence[Conformance]) -> list[CoverageEntry]:
    """Every type of the catalogue, and every other one examined, on each way that was tried at all.

    By family, then name, then way. A type that was examined keeps its examination whatever the catalogue expects.
    """
    known = {model.name: model for model in models}
    newest: Mapping[tuple[str, Way], Conformance] = {(one.model_type, _way(one)): one for one in examined}
    families = {one.model_type: _FAMILY_OF_LIBRARY.get(one.library, Family.OTHER) for one in examined}
    families |= {name: model.family for name, model in known.items()}
    order = list(Family)
    names = sorted(families, key=lambda name: (order.index(families[name]), name.casefold()))
    return [
        CoverageEntry(
            model_type=name,
            family=families[name],
            backend=backend,
            precision=precision,
            conformance=newest.get((name, (backend, precision))),
            status=known[name].status if name in known else Status.UNKNOWN,
            status_reason=known[name].status_reason if name in known else None,
        )
        for name in names
        for backend, precision in ways_of(examined)
    ]


def ways_of(examined: Iterable[Conformance]) -> list[Way]:
    """Every backend and precision that was tried, the one with most types first; cpu and fp32 before others."""
    counts = Counter(_way(one) for one in examined)
    order = list(Precision)
    return sorted(counts, key=lambda way: (-counts[way], way[0] != "cpu", way[0], order.index(way[1])))


def count(entries: Sequence[CoverageEntry]) -> CoverageCounts:
    """Of one way: `entries` with several would count a type more than once."""
    rest = [entry for entry in entries if entry.verdict not in _TRIED]
    return CoverageCounts(
        total=len(entries),
        overall=_tally(entry.verdict for entry in entries),
        forward=_tally(entry.forward for entry in entries),
        checks={check: _tally(entry.verdict_of(check) for entry in entries) for check in Check},
        obstacles=_obstacles(entry.obstacle for entry in entries if entry.obstacle is not None),
        overall_obstacles=_obstacles(entry.obstacle or Obstacle.UNAVAILABLE for entry in rest),
    )


def _way(conformance: Conformance) -> Way:
    return conformance.backend, conformance.precision


def _tally(verdicts: Iterable[Verdict]) -> dict[Verdict, int]:
    counts = Counter(verdicts)
    return {verdict: counts[verdict] for verdict in Verdict}


def _obstacles(found: Iterable[Obstacle]) -> dict[Obstacle, int]:
    counts = Counter(found)
    return {obstacle: counts[obstacle] for obstacle in Obstacle}
