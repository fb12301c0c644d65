"""The module under examination, and what its earlier checks made of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.domain.case import Precision

BATCH_SIZE = 2
"""The least in which examples can disturb each other."""


@dataclass(slots=True, kw_only=True)
class Subject:
    path: Path
    folder: Path
    """Where files may be written; whoever asked for the examination removes it."""
    precision: Precision
    device: str
    missing: tuple[str, ...] = ()
    """Modalities of the model that its inputs leave out."""
    generates: bool = False
    """Whether the type is said to have a generate()."""
    module: Any = None
    skillset: Any = None
    inputs: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    """Of the first forward pass, by name."""
    flops: int | None = None
    bytes_moved: int | None = None
    repeats: bool | None = None
    """Whether a second pass gave the same as the first; None before it was tried."""

    @property
    def model(self) -> Any:
        return self.skillset.model

    def build(self) -> Any:
        """The tiny model anew; always the same weights, if the module keeps its word."""
        return self.module.load(size="tiny", device=self.device, precision=self.precision.value)

    def example_inputs(self, skillset: Any, batch_size: int = BATCH_SIZE) -> dict[str, Any]:
        inputs: dict[str, Any] = skillset.example_inputs(batch_size=batch_size)
        return inputs
