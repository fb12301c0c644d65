"""One combination of everything that identifies a measurement."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from enum import StrEnum

from engine.domain.model import Family, Size, is_checkpoint
from engine.errors import InvalidValue


class Workload(StrEnum):
    STARTUP = "startup"
    """Module import, class instantiation, first output at the batch size."""
    INFERENCE = "inference"
    """Warm forward passes."""


class Precision(StrEnum):
    FP32 = "fp32"
    FP16 = "fp16"
    BF16 = "bf16"
    INT8 = "int8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    model_type: str
    family: Family
    task: str
    size: str
    """A Size, or the name of a published checkpoint whose configuration is built."""
    backend: str
    precision: Precision
    batch_size: int
    workload: Workload
    sequence_length: int | None = None
    """Tokens for text, samples for raw audio, frames for spectrograms; None where the type fixes its own input."""
    image_size: int | None = None
    """Pixels along one side; None for types without images."""
    threads: int | None = None
    """Threads inside one operation; None leaves the backend's own choice (all physical cores)."""
    cold: bool = False
    """A fresh interpreter with nothing preloaded instead of a fork of a warm one; matters for startup."""

    def __post_init__(self) -> None:
        if self.batch_size < 1:
            raise InvalidValue(f"Batch size {self.batch_size} is not positive; use 1 or more.", field="batch_sizes")

    @property
    def case_id(self) -> str:
        """Stable over releases: a hash of the fields that change what is measured."""
        canonical = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]

    @property
    def model(self) -> str:
        """What is measured, in one name: the checkpoint where it is one's size, else the model type."""
        return self.size if is_checkpoint(self.size) else self.model_type

    @property
    def is_tiny(self) -> bool:
        return self.size == Size.TINY

    @property
    def label(self) -> str:
        """For logs and one-line lists."""
        size = f" {self.size}" if self.is_tiny else ""
        work = "" if self.workload is Workload.INFERENCE else f" {self.workload}"
        threads = "" if self.threads is None else f" threads {self.threads}"
        cold = " cold" if self.cold else ""
        return f"{self.model}{size} {self.backend} {self.precision} batch {self.batch_size}{work}{threads}{cold}"
