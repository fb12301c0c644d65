"""Things that have to be refused, tried one after another, and what the skillset is like afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.conformance.compare import first_difference
from engine.conformance.finding import Finding, fails, works
from engine.conformance.passes import forward
from engine.conformance.subject import Subject
from engine.conformance.words import reason_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """One wrong thing to ask of a skillset."""

    words: str
    """What is wrong, such as "without input_ids"."""
    ask: Callable[[], Any]
    """Raises where it is refused."""
    excuse: Callable[[Any], str | None] = lambda answer: None
    """Why this answer is as good as a refusal; None where it is not."""
    named: str | None = None
    """What the refusal has to name, so that whoever asked finds it."""


def refused(subject: Subject, wrongs: Sequence[Wrong]) -> Finding:
    """Good where each is refused, or has an excuse, and right inputs then give what they gave before."""
    repeats = _repeats(subject)
    told: list[str] = []
    for wrong in wrongs:
        fault, line = _asked(subject, wrong)
        told.append(f"{wrong.words}: {line}")
        if fault is not None:
            return fails(fault, detail="\n".join(told))
    difference = first_difference(subject.outputs, forward(subject.skillset, subject.inputs)) if repeats else None
    if difference is not None:
        return fails(f"After a refusal right inputs give another answer: output {difference}.", detail="\n".join(told))
    return works("\n".join(told))


def _asked(subject: Subject, wrong: Wrong) -> tuple[str | None, str]:
    """The fault, if it is one, and what came of it in a line."""
    try:
        answer = wrong.ask()
    except Exception as error:  # how a model refuses is its own matter, as long as it does
        said = reason_of(error, subject.path)
        if wrong.named is not None and wrong.named not in str(error):
            return f"{_begun(wrong.words)} was refused without being named: {said}", f"refused: {said}"
        return None, f"refused: {said}"
    excuse = wrong.excuse(answer)
    if excuse is not None:
        return None, excuse
    return f"{_begun(wrong.words)} was not refused, but answered{_shapes(answer)}.", "answered"


def _repeats(subject: Subject) -> bool:
    """Whether right inputs give the same twice before anything wrong is asked; a model may draw or count."""
    if subject.repeats is None:
        again = forward(subject.skillset, subject.inputs)
        subject.repeats = first_difference(subject.outputs, again) is None
    return subject.repeats


def _begun(words: str) -> str:
    return words[:1].upper() + words[1:]


def _shapes(answer: Any) -> str:
    if not isinstance(answer, Mapping):
        return ""
    shapes = ", ".join(f"{name} {list(value.shape)}" for name, value in answer.items() if hasattr(value, "shape"))
    return f" with {shapes}" if shapes else ""
