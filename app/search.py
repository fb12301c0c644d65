"""What the search box finds: model types, checkpoints, runs and measured cases, and where each lives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from urllib.parse import urlencode

from app.url_state import ViewState, address, state_of_case
from engine.catalog.checkpoints import sizes_of
from engine.domain.case import Case
from engine.domain.model import ModelType
from engine.domain.run import Run

MOST_OF_A_KIND = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One hit: what it is, what it is called, and the address that shows it."""

    kind: str
    label: str
    detail: str
    href: str


def find_places(text: str, *, models: Iterable[ModelType], runs: Iterable[Run], cases: Sequence[Case]) -> list[Place]:
    """The places whose words hold every word of `text`, nearest first within a kind; nothing for blank text."""
    words = text.casefold().split()
    if not words:
        return []
    found: list[Place] = []
    types, measured = list(models), {case.model for case in cases}
    for places in (
        _models(words, types, measured),
        _checkpoints(words, types, measured),
        _runs(words, runs),
        _cases(words, cases),
    ):
        found.extend(islice(places, MOST_OF_A_KIND))
    return found


def _models(words: list[str], models: Iterable[ModelType], measured: set[str]) -> Iterator[Place]:
    hits = [model for model in models if _holds(_words_of(model), words)]
    hits.sort(
        key=lambda model: (model.name != " ".join(words), model.name not in measured, not model.runnable, model.name)
    )
    for model in hits:
        if model.name in measured or model.runnable:
            yield _model(model.name, model.family.label, model.name in measured)


def _checkpoints(words: list[str], models: Iterable[ModelType], measured: set[str]) -> Iterator[Place]:
    """Those of types that run, where the words say more than the type's own do."""
    hits = [
        (name, model)
        for model in models
        if model.runnable and not _holds(_words_of(model), words)
        for name, checkpoint in sizes_of(model.name).items()
        if _holds(checkpoint.name if any("/" in word for word in words) else name, words)
    ]
    hits.sort(key=lambda hit: (hit[0] not in measured, hit[0]))
    for name, model in hits:
        yield _model(name, f"checkpoint of {model.name}", name in measured)


def _model(name: str, what: str, is_measured: bool) -> Place:
    if is_measured:
        return Place(kind="model", label=name, detail=f"{what}, measured", href=address("/", ViewState(model=name)))
    return Place(kind="model", label=name, detail=f"{what}, not measured yet", href=_live_runs(models=name))


def _words_of(model: ModelType) -> str:
    return f"{model.name} {model.display_name} {model.family.label}"


def _runs(words: list[str], runs: Iterable[Run]) -> Iterator[Place]:
    for run in runs:
        asked = " ".join(run.request.models) or f"{run.request.tier} tier"
        text = f"run {run.number} {run.run_id} {run.request.title or ''} {asked} {run.status}"
        if _holds(text, words):
            label = f"run {run.number}"
            yield Place(kind="run", label=label, detail=f"{asked}, {run.status}", href=_live_runs(run=str(run.number)))


def _cases(words: list[str], cases: Sequence[Case]) -> Iterator[Place]:
    hits = [case for case in dict.fromkeys(cases) if _holds(case.label, words)]
    hits.sort(key=lambda case: not set(words) <= set(case.label.casefold().split()))
    for case in hits:
        state = replace(state_of_case(case), case=case.case_id)
        yield Place(kind="case", label=case.label, detail="results", href=address("/comparison", state))


def _holds(text: str, words: list[str]) -> bool:
    folded = text.casefold()
    return all(word in folded for word in words)


def _live_runs(**parameters: str) -> str:
    return f"/live-runs?{urlencode(parameters)}"
