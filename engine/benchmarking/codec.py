"""Domain values as JSON and back: what travels between the launching process and the case process."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from engine.domain.case import Case, Precision, Workload
from engine.domain.hardware import MachineState
from engine.domain.measurement import Measurement, Metric
from engine.domain.model import Family, ModelFacts
from engine.domain.run import Protocol


def case_to_json(case: Case) -> dict[str, Any]:
    return asdict(case)


def case_from_json(data: dict[str, Any]) -> Case:
    return Case(
        **{
            **data,
            "family": Family(data["family"]),
            "precision": Precision(data["precision"]),
            "workload": Workload(data["workload"]),
        }
    )


def protocol_to_json(protocol: Protocol) -> dict[str, Any]:
    return asdict(protocol)


def protocol_from_json(data: dict[str, Any]) -> Protocol:
    return Protocol(**data)


def facts_to_json(facts: ModelFacts) -> dict[str, Any]:
    return asdict(facts)


def facts_from_json(data: dict[str, Any]) -> ModelFacts:
    return ModelFacts(**data)


def machine_to_json(machine: MachineState) -> dict[str, Any]:
    return asdict(machine)


def machine_from_json(data: dict[str, Any]) -> MachineState:
    return MachineState(**data)


def samples_to_json(samples: dict[Metric, list[float]]) -> dict[str, list[float]]:
    return {metric.label: list(values) for metric, values in samples.items()}


def measurements_from_json(data: dict[str, list[float]]) -> tuple[Measurement, ...]:
    return tuple(Measurement(metric=Metric.named(label), samples=tuple(values)) for label, values in data.items())
