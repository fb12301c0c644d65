"""A version of the library that model types come from, as far as its types were examined."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryVersion:
    library: str
    """transformers or diffusers."""
    version: str
    model_types: int
    """How many types were examined in it."""
    first_examined_at: datetime
    last_examined_at: datetime

    @property
    def label(self) -> str:
        return f"{self.library} {self.version}"
