"""How answers are declared: typed dictionaries, so that what is sent is what mypy has checked, at no cost."""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

Declared = TypeVar("Declared", bound=type)

Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
"""ISO 8601 with zone."""
Seconds = float
Share = Annotated[float, Field(ge=0, le=1)]
Range = Annotated[list[float], Field(min_length=2, max_length=2, description="Low and high end, in seconds")]


def answer(declared: Declared) -> Declared:
    """A typed dictionary as part of the contract: nothing else is in it, docstrings of fields are descriptions."""
    return with_config(ConfigDict(extra="forbid", use_attribute_docstrings=True))(declared)


__all__ = ["Moment", "Range", "Seconds", "Share", "TypedDict", "answer"]
