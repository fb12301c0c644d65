"""A model that torch runs: the skillset itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from engine.domain.case import Case
from engine.workloads.skillset_module import inputs_and_origin, load_skillset


@dataclass(frozen=True, slots=True, kw_only=True)
class TorchSession:
    skillset: Any
    inputs: Mapping[str, Any]
    notes: Sequence[str] = ()

    @property
    def actual_device(self) -> str:
        return str(self.skillset.device)

    def infer(self) -> Mapping[str, Any]:
        outputs: Mapping[str, Any] = self.skillset.infer(self.inputs)["outputs"]
        return outputs


def open_torch(module: ModuleType, case: Case, device: str) -> TorchSession:
    """Raises what the skillset raises, and BackendUnavailable where it fell back to another device."""
    skillset = load_skillset(module, case, device)
    inputs, notes = inputs_and_origin(skillset, case)
    return TorchSession(skillset=skillset, inputs=inputs, notes=notes)
