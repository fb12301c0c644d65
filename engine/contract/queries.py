"""What may follow the question mark of an address. A list is given as ?name=a&name=b or as ?name=a,b."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from engine.domain.case import Precision
from engine.domain.run import MAX_BATCH_SIZE, RunStatus

__all__ = ["ResultsQuery", "RunsQuery"]

MAX_ROWS = 10_000
"""Most results in one answer."""
MAX_RUNS = 1000
MAX_VALUES = 16
"""Of one parameter: what is within every limit fits into an address."""
_MOST_DIGITS = 18


def _whole(value: Any) -> Any:
    """Parameters are text: digits are a number, and nothing else is (int() takes ' 1_0 ')."""
    digits = value.removeprefix("-") if isinstance(value, str) else ""
    is_number = digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS
    return int(value) if is_number else value


WHOLE = BeforeValidator(_whole)


Word = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9._/-]+$")]


class Query(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class RunsQuery(Query):
    limit: Annotated[int, Field(strict=True, ge=1, le=MAX_RUNS), WHOLE] = 50
    status: Annotated[list[RunStatus], Field(max_length=MAX_VALUES)] = []
    """Only runs in one of these."""


class ResultsQuery(Query):
    """Parts that are left out ask for all."""

    model: Annotated[list[Word], Field(max_length=MAX_VALUES)] = []
    """Model types or published checkpoints."""
    hardware: Annotated[list[Word], Field(max_length=MAX_VALUES)] = []
    """Backends."""
    precision: Annotated[list[Precision], Field(max_length=MAX_VALUES)] = []
    batch_size: Annotated[
        list[Annotated[int, Field(strict=True, ge=1, le=MAX_BATCH_SIZE), WHOLE]], Field(max_length=MAX_VALUES)
    ] = []
    run_id: Word | None = None
    """Id or number of a run."""
    limit: Annotated[int, Field(strict=True, ge=1, le=MAX_ROWS), WHOLE] = 100
