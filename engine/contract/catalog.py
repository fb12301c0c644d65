"""Answers about what can be measured, and on what."""

from __future__ import annotations

from typing import NotRequired

from engine.contract.answer import TypedDict, answer
from engine.domain.model import Family, Status, Tier

__all__ = ["BackendRow", "CheckpointRow", "Hardware", "MachineRow", "ModelRow", "Models", "SizeRow"]


@answer
class SizeRow(TypedDict):
    """A size at which a model type can be measured."""

    name: str
    parameters: int | None
    parameters_are: str
    """counted, or published by the maker of a checkpoint"""
    inputs_are: NotRequired[str]
    problem: NotRequired[str | None]
    """Why the library's own default size cannot be measured; null where it can."""


@answer
class ModelRow(TypedDict):
    """A model type of the installed libraries."""

    name: str
    display_name: str
    family: Family
    task: str
    priority: Tier
    status: Status
    reason: str | None
    parents: list[str]
    packages: list[str]
    parameters: int | None
    modalities: list[str]
    traits: list[str]
    sizes: list[SizeRow]


@answer
class CheckpointRow(TypedDict):
    """A published checkpoint whose size can be measured; `reason` says why not, else null."""

    name: str
    hub_id: str
    model_type: str
    library: str
    parameters: int
    parameters_are: str
    source: str
    note: str | None
    reason: str | None


@answer
class Models(TypedDict):
    """Those that can be measured first, each part by name."""

    models: list[ModelRow]
    checkpoints: list[CheckpointRow]
    transformers_version: str


@answer
class BackendRow(TypedDict):
    """Whether a backend can run here; if not, why."""

    backend: str
    available: bool
    reason: str | None
    devices: list[str]
    versions: dict[str, str]
    precisions: list[str]
    refused: dict[str, str]
    """Precision -> why it does not run here, for those that somebody may expect."""
    facts: dict[str, str]
    board: str | None


@answer
class MachineRow(TypedDict):
    """The server's machine, as results remember it."""

    environment: str
    hostname: str
    os: str
    cpu: str
    architecture: str
    physical_cores: int | None
    logical_cores: int | None
    memory_bytes: int | None
    python: str
    libraries: dict[str, str]
    accelerators: list[str]


@answer
class Hardware(TypedDict):
    hardware: list[BackendRow]
    machine: MachineRow
