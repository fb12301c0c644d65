"""Testing skillsets: bodies and answers. SI units, moments ISO 8601."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from engine.contract.answer import Moment, Seconds, TypedDict, answer
from engine.contract.run_body import AtLeastOne, Name, as_list
from engine.domain.run import RunStatus
from engine.domain.skillset_suite import SkillsetSuite, SuiteVerdict, Unit

__all__ = [
    "QuantityRow",
    "SkillsetTestBody",
    "SkillsetTestResults",
    "SuiteCheckRow",
    "SuiteRow",
    "SuiteType",
    "SuiteTypes",
]

LONGEST_SECONDS = 3600.0


class SkillsetTestBody(BaseModel):
    """Which skillsets are tested, and for what."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    models: Annotated[AtLeastOne, BeforeValidator(as_list, json_schema_input_type=Name | AtLeastOne)]
    """Model types; a skillset that is missing is generated first."""
    suite: SkillsetSuite = SkillsetSuite.BASIC
    timeout_seconds: Annotated[float, Field(strict=True, gt=0, le=LONGEST_SECONDS)] = 60.0
    """Of one process: one that is stopped costs the check it was in, and the others go on in another."""


@answer
class QuantityRow(TypedDict):
    """One figure that a check observed."""

    name: str
    value: float
    unit: Unit


@answer
class SuiteCheckRow(TypedDict):
    """How one check ended."""

    name: str
    verdict: SuiteVerdict
    reason: str | None
    detail: str | None
    seconds: Seconds | None
    measured: list[QuantityRow]


@answer
class SuiteRow(TypedDict):
    """One suite over one skillset: what its tiny model did on the processor in fp32."""

    model_type: str
    suite: SkillsetSuite
    verdict: SuiteVerdict
    reason: str | None
    """Why nothing could be tested; null where something was."""
    counts: dict[str, int]
    """Checks by verdict."""
    seconds: Seconds
    processes: int
    path: str | None
    checksum: str | None
    environment_id: str
    started_at: Moment
    checks: list[SuiteCheckRow]


@answer
class SkillsetTestResults(TypedDict):
    """Everything that an operation that has ended came to."""

    operation_id: str
    status: RunStatus
    error: str | None
    total: int
    done: int
    failed: int
    results: list[SuiteRow]


@answer
class SuiteCheckType(TypedDict):
    name: str
    title: str
    meaning: str


@answer
class SuiteType(TypedDict):
    """A suite, and what it asks in the order of asking."""

    suite: SkillsetSuite
    meaning: str
    checks: list[SuiteCheckType]


@answer
class SuiteTypes(TypedDict):
    suites: list[SuiteType]
