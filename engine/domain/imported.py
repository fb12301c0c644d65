"""Measurements that were made elsewhere, and where they came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from engine.domain.case import Case
from engine.domain.measurement import Measurement


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedFile:
    """One file that was brought in, whole."""

    import_id: str
    source: str
    """Who measured, or where the file comes from, in the words of whoever imported it."""
    file_name: str
    file_sha256: str
    """Of the file's bytes: the same file is not taken twice."""
    format: str
    results: int
    imported_by: str
    imported_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignMachine:
    """What a file says of the machine; None is what it does not say."""

    device: str | None = None
    """Such as Tesla T4; for the processor itself its name stands in `cpu`."""
    hostname: str | None = None
    cpu: str | None = None
    os: str | None = None
    architecture: str | None = None
    python: str | None = None
    cores: int | None = None
    memory_bytes: int | None = None
    libraries: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedRow:
    """One result of the file."""

    place: str
    """Where it stands in the file, such as line 7."""
    case: Case
    machine: ForeignMachine
    measurements: tuple[Measurement, ...]
    measured_at: datetime | None = None
    note: str | None = None
