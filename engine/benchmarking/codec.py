"""Domain values as plain dicts and back: what crosses the border of a case process."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from engine.domain.case import Case, Precision, Workload
from engine.domain.hardware import MachineState
from engine.domain.measurement import Measurement, Metric
from engine.domain.model import Family, ModelFacts, Size
from engine.domain.run import Protocol


def case_to_json(case: Case) -> dict[str, Any]:
    return asdict(case)


def case_from_json(values: dict[str, Any]) -> Case:
    return Case(
        **{
            **values,
            "family": Family(values["family"]),
            "size": Size(values["size"]),
            "precision": Precision(values["precision"]),
            "workload": Workload(values["workload"]),
        }
    )


def protocol_to_json(protocol: Protocol) -> dict[str, Any]:
    return asdict(protocol)


def protocol_from_json(values: dict[str, Any]) -> Protocol:
    return Protocol(**values)


def facts_to_json(facts: ModelFacts) -> dict[str, Any]:
    return asdict(facts)


def facts_from_json(values: dict[str, Any]) -> ModelFacts:
    return ModelFacts(**values)


def machine_to_json(machine: MachineState) -> dict[str, Any]:
    return asdict(machine)


def machine_from_json(values: dict[str, Any]) -> MachineState:
    return MachineState(**values)


def measurements_to_json(measurements: tuple[Measurement, ...]) -> dict[str, list[float]]:
    return {measurement.metric.label: list(measurement.samples) for measurement in measurements}


def measurements_from_json(values: dict[str, list[float]]) -> tuple[Measurement, ...]:
    return tuple(Measurement(metric=Metric.named(label), samples=tuple(samples)) for label, samples in values.items())
