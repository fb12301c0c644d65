"""The second configuration of a run in pairs: what differs from the first, and how people write it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace

from engine.domain.case import Case, Precision
from engine.errors import InvalidValue, UnknownName

PAIRS = 20
"""Pairs of each case while nobody says otherwise.

Six are the fewest that can be significant, and only alone. Of normal values that scatter by up to 4 % between pairs,
twenty find a change of 5 % in at least 95 of 100 cases, corrected for ten at once; ten do up to 2.5 %. A shared machine
has longer tails: docs/performance.md tells what was found on one.
"""
_FIELDS: Mapping[str, str] = {
    "precision": "precision",
    "hardware": "backend",
    "backend": "backend",
    "threads": "threads",
    "compile": "compiled",
    "attention": "attention",
    "sequence-length": "sequence_length",
}
"""What people call a field."""
_NAMES: Mapping[str, str] = {"backend": "hardware", "compiled": "compile"}
"""What the command line and the endpoint call a field, where it differs."""
_WORDS: Mapping[str, bool] = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """What the second configuration of every pair has instead; None is as in the first."""

    precision: Precision | None = None
    backend: str | None = None
    threads: int | None = None
    compiled: bool | None = None
    attention: str | None = None
    sequence_length: int | None = None
    """In tokens: types without a sequence length differ in the rest alone, and those that count samples are left out
    by the plan."""

    def __post_init__(self) -> None:
        if not self.changes:
            raise InvalidValue(
                f"The second configuration differs in nothing; give at least one of: {', '.join(_FIELDS)}.",
                field="against",
            )

    @property
    def changes(self) -> dict[str, Precision | str | int | bool]:
        """Field of a case -> its value in the second configuration."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in given.items() if value is not None}

    @property
    def named(self) -> dict[str, str | int | bool]:
        """By the names of the endpoint's fields."""
        return {
            _NAMES.get(name, name): value.value if isinstance(value, Precision) else value
            for name, value in self.changes.items()
        }

    @property
    def text(self) -> str:
        """As `parse_against` reads it: precision=bf16,threads=1."""
        return ",".join(f"{name.replace('_', '-')}={_plain(value)}" for name, value in self.named.items())

    def applied_to(self, case: Case) -> Case:
        """The partner of a case of the first configuration, for whoever plans, pairs or reads; the same case where
        nothing of it differs."""
        changes = self.changes
        if case.sequence_length is None:
            changes.pop("sequence_length", None)
        return replace(case, **changes)  # type: ignore[arg-type]

    def words(self, base: Case) -> tuple[str, str]:
        """What tells the pair of `base` apart, in a few words for each of the two: ("fp32", "bf16")."""
        new = self.applied_to(base)
        names = [name for name in self.changes if getattr(base, name) != getattr(new, name)]
        return (
            ", ".join(_worded(name, getattr(base, name)) for name in names),
            ", ".join(_worded(name, getattr(new, name)) for name in names),
        )


def partner_of(against: Against, case: Case, others: Iterable[Case]) -> Case | None:
    """The other one of the pair of `case`, which may be of either configuration; None where `others` lack it."""
    new = against.applied_to(case)
    if new != case:
        return new
    return next((base for base in others if base != case and against.applied_to(base) == case), None)


def parse_against(text: str) -> Against:
    """From "precision=bf16,threads=1", or as options are written: "--precision bf16 --threads 1 --compile".

    Raises InvalidValue and UnknownName that name the word.
    """
    try:
        words = shlex.split(text.replace(",", " "))
    except ValueError as error:
        raise InvalidValue(
            f"{text!r} cannot be read ({error}); write precision=bf16,threads=1.", field="against"
        ) from error
    given: dict[str, Precision | str | int | bool] = {}
    while words:
        word = words.pop(0)
        name, has_value, value = word.removeprefix("--").replace("_", "-").partition("=")
        if has_value:
            value = word.partition("=")[2]
        elif word in ("--compile", "--no-compile"):
            name, value = "compile", "no" if word == "--no-compile" else "yes"
        elif word.startswith("--") and words:
            value = words.pop(0)
        if name not in _FIELDS:
            raise UnknownName("difference", name, _FIELDS, field="against")
        if not value:
            raise InvalidValue(f"{word!r} has no value; write {name}=VALUE.", field="against")
        if _FIELDS[name] in given:
            raise InvalidValue(
                f"{name} is given twice in {text!r}; a pair has one second configuration.", field="against"
            )
        given[_FIELDS[name]] = _value(name, value)
    return Against(**given)  # type: ignore[arg-type]


def _value(name: str, text: str) -> Precision | str | int | bool:
    if name == "precision":
        known = [precision.value for precision in Precision]
        if text not in known:
            raise UnknownName("precision", text, known, field="against")
        return Precision(text)
    if name in ("threads", "sequence-length"):
        if not (text.isascii() and text.isdigit()) or not 1 <= len(text) <= 9 or int(text) < 1:
            raise InvalidValue(f"{name} {text!r} is not a whole number of 1 or more.", field="against")
        return int(text)
    if name == "compile":
        if text.lower() not in _WORDS:
            raise InvalidValue(f"compile {text!r} is neither yes nor no.", field="against")
        return _WORDS[text.lower()]
    return text


def _plain(value: str | int | bool) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _worded(name: str, value: Precision | str | int | bool | None) -> str:
    if name == "compiled":
        return "compiled" if value else "not compiled"
    label = {"threads": "threads", "attention": "attention", "sequence_length": "sequence length"}.get(name)
    if label is None:
        return str(value)
    return f"default {label}" if value is None else f"{label} {value}"
