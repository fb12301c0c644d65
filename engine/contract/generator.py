"""Generating skillsets: bodies and answers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, StrictBool, model_validator

from engine.contract.answer import Moment, Seconds, TypedDict, answer
from engine.contract.queries import Query
from engine.contract.run_body import Name, Priority, Several, as_list, tier_of
from engine.domain.model import Family, Tier
from engine.domain.run import RunStatus
from engine.domain.skillset import GenerationStatus

__all__ = [
    "BatchBody",
    "FileQuery",
    "GenerationResults",
    "GenerationRow",
    "ModelBody",
    "SkillsetRow",
    "Skillsets",
    "TemplateRow",
    "Templates",
]


class How(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    force: StrictBool = False
    """Overwrite modules that were edited by hand."""
    verify: StrictBool = True
    """Run each module once, which proves that it works."""
    with_tests: StrictBool = False
    """Beside each module its tests, for plain pytest."""


class ModelBody(How):
    """One type."""

    model: Name
    """Name of a model type."""


class BatchBody(How):
    """Several types, named or by priority."""

    models: Annotated[Several, BeforeValidator(as_list, json_schema_input_type=Name | Several)] = []
    """Model types; they win over the priority."""
    priority: Priority | None = None
    """Every runnable type of this tier and those above it."""

    @model_validator(mode="after")
    def _names_something(self) -> BatchBody:
        if not self.models and self.priority is None:
            raise ValueError("name models, or a priority")
        return self

    @property
    def tier(self) -> Tier | None:
        return tier_of(self.priority)


class FileQuery(Query):
    part: Literal["module", "tests", "base"] = "module"
    """The module, its tests, or what all skillsets share."""


@answer
class GenerationRow(TypedDict):
    """What became of one type."""

    model_type: str
    family: Family | None
    status: GenerationStatus
    reason: str | None
    path: str | None
    seconds: Seconds


@answer
class GenerationResults(TypedDict):
    """Everything that an operation that has ended came to."""

    operation_id: str
    status: RunStatus
    error: str | None
    total: int
    done: int
    failed: int
    results: list[GenerationRow]


@answer
class SkillsetRow(TypedDict):
    """A module that was generated."""

    model_type: str
    family: Family | None
    status: GenerationStatus
    reason: str | None
    path: str
    checksum: str
    generator_version: str
    transformers_version: str
    generated_at: Moment


@answer
class Skillsets(TypedDict):
    skillsets: list[SkillsetRow]


@answer
class TemplateRow(TypedDict):
    """One template, and how many types of the catalogue it makes."""

    family: Family | None
    template: str
    types: int
    runnable: int


@answer
class Templates(TypedDict):
    templates: list[TemplateRow]
    generator_version: str
    """A fingerprint of everything that skillsets are made from."""
