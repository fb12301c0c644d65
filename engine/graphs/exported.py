"""What exporting a model came to."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A graph that lies in a folder."""

    graph: str
    """File name of the graph."""
    weight_bytes: int
    """What its weights take, as they are quantised; what was folded into them included."""
    notes: list[str] = field(default_factory=list)
