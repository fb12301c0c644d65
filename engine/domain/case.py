"""One combination of everything that identifies a measurement."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from functools import lru_cache
from pathlib import PurePath

from engine.domain.model import Family, Size, is_checkpoint
from engine.errors import InvalidValue

_LATER = ("new_tokens", "workers", "compiled", "attention", "checkpoint", "checkpoint_digest")
"""Fields of a case that the first releases did not have."""


class Workload(StrEnum):
    STARTUP = "startup"
    """Module import, class instantiation, first output at the batch size."""
    INFERENCE = "inference"
    """Warm forward passes."""
    GENERATION = "generation"
    """A fixed number of new tokens after a prompt: the prompt's pass (prefill), then one token at a time (decode)."""
    CONCURRENCY = "concurrency"
    """Several workers that each answer requests with the same model at once, against one that does so alone."""


class Precision(StrEnum):
    FP32 = "fp32"
    FP16 = "fp16"
    BF16 = "bf16"
    INT8 = "int8"
    INT4 = "int4"
    """Weights of matrix products in four bits, a scale for each group; what else there is in fp32."""
    INT2 = "int2"


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
    new_tokens: int | None = None
    """How many tokens generation makes for each example; None for other workloads."""
    workers: int | None = None
    """How many answer at once in concurrency; None for other workloads."""
    compiled: bool = False
    """torch.compile before the first pass."""
    attention: str | None = None
    """The library's attention implementation, such as eager or sdpa; None leaves the library's choice."""
    checkpoint: str | None = None
    """Hub id, or absolute path of a local folder, whose trained weights are loaded; None for random ones."""
    checkpoint_digest: str | None = None
    """SHA-256 over its config.json and weights files: a folder whose content has changed is another case."""

    def __post_init__(self) -> None:
        if self.batch_size < 1:
            raise InvalidValue(f"Batch size {self.batch_size} is not positive; use 1 or more.", field="batch_sizes")

    @property
    def case_id(self) -> str:
        """Stable over releases: a hash of the fields that change what is measured.

        A field that came later is left out where it has its default, so that cases of before keep their id.
        """
        return _case_id(self)

    @property
    def way(self) -> tuple[str, Precision, bool, str | None, int | None, bool]:
        """How it is run: what figures must share to be compared as models."""
        return (self.backend, self.precision, self.compiled, self.attention, self.threads, self.cold)

    @property
    def work(self) -> tuple[Hashable, ...]:
        """What is asked for, whatever the batch: what figures must share to be compared as ways."""
        shape = (self.sequence_length, self.image_size, self.new_tokens, self.workers)
        return (*shape, self.checkpoint, self.checkpoint_digest)

    @property
    def model(self) -> str:
        """What is measured, in one name: the checkpoint where it is one's size or weights, else the model type."""
        if self.checkpoint is not None:
            return _short(PurePath(self.checkpoint)) if PurePath(self.checkpoint).is_absolute() else self.checkpoint
        return self.size if is_checkpoint(self.size) else self.model_type

    @property
    def is_tiny(self) -> bool:
        return self.size == Size.TINY

    @property
    def label(self) -> str:
        """For logs and one-line lists."""
        size = f" {self.size}" if self.is_tiny else ""
        work = "" if self.workload is Workload.INFERENCE else f" {self.workload}"
        options = {
            f"{self.new_tokens} tokens": self.new_tokens is not None,
            f"{self.workers} workers": self.workers is not None,
            f"threads {self.threads}": self.threads is not None,
            "compiled": self.compiled,
            f"attention {self.attention}": self.attention is not None,
            "cold": self.cold,
        }
        said = "".join(f" {words}" for words, is_so in options.items() if is_so)
        return f"{self.model}{size} {self.backend} {self.precision} batch {self.batch_size}{work}{said}"


def _short(folder: PurePath) -> str:
    """The folder's name, with its parent's before it where many are called so."""
    is_telling = folder.name not in ("model", "final", "best") and not folder.name.startswith("checkpoint")
    return folder.name if is_telling else "/".join(part for part in folder.parts[-2:] if part != folder.anchor)


@lru_cache(maxsize=4096)
def _case_id(case: Case) -> str:
    """Asked for at every row of a table and each step of a run, of the same few cases."""
    usual = {field.name: field.default for field in fields(case) if field.name in _LATER}
    named = {name: value for name, value in asdict(case).items() if name not in usual or usual[name] != value}
    canonical = json.dumps(named, sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]
