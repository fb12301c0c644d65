"""The systems of a server whose work takes long, and the names of what they were asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.client.errors import ServerUnreachable
from engine.domain.run import RunStatus
from engine.errors import UnknownName


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """Something that carries out operations."""

    name: str
    prefix: str
    id_field: str

    def start_path(self, params: Mapping[str, Any]) -> str:
        """Where an operation with these parameters is asked for."""
        if self.name == "generator":
            return f"{self.prefix}/{'model' if 'model' in params else 'batch'}"
        return f"{self.prefix}/run"


SYSTEMS: Mapping[str, System] = {
    system.name: system
    for system in (
        System(name="benchmark", prefix="/api/benchmark", id_field="run_id"),
        System(name="generator", prefix="/api/generator", id_field="operation_id"),
        System(name="test", prefix="/api/test", id_field="operation_id"),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """An operation at a server, by which it is followed."""

    system: System
    operation_id: str

    @property
    def socket_path(self) -> str:
        return f"{self.system.prefix}/ws/{self.operation_id}"


def system_named(name: str) -> System:
    """Raises UnknownName."""
    if name not in SYSTEMS:
        raise UnknownName("system", name, list(SYSTEMS), field="name")
    return SYSTEMS[name]


def started(system: System, answer: dict[str, Any]) -> Started:
    """From the answer of an operation's start. Raises ServerUnreachable for what is none of ours."""
    if not isinstance(answer, dict) or system.id_field not in answer:
        raise ServerUnreachable(f"The server's answer names no {system.id_field}; that is no ModelDyno server.")
    return Started(system=system, operation_id=str(answer[system.id_field]))


def standing(answer: Any) -> dict[str, Any]:
    """A status as the server told it. Raises ServerUnreachable for what is none."""
    if not is_standing(answer):
        raise ServerUnreachable("The server's answer is no status of an operation; that is no ModelDyno server.")
    found: dict[str, Any] = answer
    return found


def is_standing(answer: Any) -> bool:
    return isinstance(answer, dict) and answer.get("status") in tuple(RunStatus) and "sequence" in answer


def candidates(operation: Started | str) -> list[Started]:
    """What an id may be of, where only the id is known."""
    if isinstance(operation, Started):
        return [operation]
    return [Started(system=system, operation_id=operation) for system in SYSTEMS.values()]


def is_over(status: Mapping[str, Any]) -> bool:
    return RunStatus(status["status"]).is_final
