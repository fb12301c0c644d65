"""What the frozen recipes add to a registered type: whether it runs, what it reads, how large it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.catalog.frozen import Row
from engine.domain.model import ModelType, Shape, Status

_GENERATES = "generates"


def with_facts(model: ModelType, row: Row | None) -> ModelType:
    """`model` with its status and all that its recipe tells; `row` is None for a type that has none."""
    if row is None:
        return replace(
            model,
            status=Status.UNKNOWN,
            status_reason=f"No recipe is known for {model.name} in this version of the library; "
            f"`modeldyno catalog refresh --model {model.name}` looks for one.",
        )
    parents = tuple(row.get("parents", ()))
    if row["status"] != "runs":
        status, reason, packages = _standing(model, row, parents)
        return replace(model, status=status, status_reason=reason, parents=parents, packages=packages)
    traits = [trait for trait in model.traits if trait != _GENERATES]
    generates = "kind" in row["generation"]
    lengths: Mapping[str, Any] = row["lengths"] if row["unit"] else {}
    sides: Mapping[str, Any] = row.get("sides") or {}
    parameters = row["parameters"]
    return replace(
        model,
        model_class=row["class"],
        traits=(*traits, _GENERATES) if generates else tuple(traits),
        status=Status.RUNNABLE,
        parents=parents,
        left_out=tuple(row["missing"]),
        sequence_unit=row["unit"],
        tiny_shape=Shape(sequence_length=lengths.get("tiny"), image_size=sides.get("tiny")),
        default_shape=Shape(sequence_length=lengths.get("default"), image_size=sides.get("default")),
        tiny_parameters=parameters["tiny"],
        default_parameters=parameters["default"],
        default_shown=not str(row.get("default_shown", "")).startswith("not shown"),
        default_problem=_problem(str(row.get("uncounted", ""))),
    )


def _problem(uncounted: str) -> str | None:
    """What keeps the default from being built, where that is a package."""
    found = re.search(r"requires? the (\w+) library", uncounted)
    return f"The default size needs {found[1]}: pip install {found[1]}" if found else None


def _standing(model: ModelType, row: Row, parents: tuple[str, ...]) -> tuple[Status, str, tuple[str, ...]]:
    if row["status"] == "needs":
        packages = tuple(str(row["package"]).split())
        return (
            Status.NEEDS_PACKAGE,
            f"{model.name} needs {' and '.join(packages)}: pip install {' '.join(packages)}",
            packages,
        )
    if parents:
        named = " or ".join(parents)
        return Status.PART, f"{model.name} is a part of {named} and does not run alone; choose {named}.", ()
    if row["status"] == "no_class":
        return (
            Status.NO_MODEL_CLASS,
            f"The library registers the configuration of {model.name} and no model class for it.",
            (),
        )
    return Status.FAILS, str(row.get("reason") or next(iter(row.get("notes", ())), "no inputs were found")), ()
