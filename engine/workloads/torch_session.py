"""A model that torch runs: the skillset itself, quantised or compiled where the case says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from types import ModuleType
from typing import Any

from engine.domain.case import Case, Precision, Workload
from engine.workloads.compilation import Compilation
from engine.workloads.quantized import quantize_linear_layers
from engine.workloads.skillset_module import inputs_and_origin, load_skillset


class TorchSession:
    """See `Session`. Its inputs are made when first asked for, so that building the model can be timed alone."""

    def __init__(self, skillset: Any, case: Case, *, notes: list[str], compilation: Compilation | None) -> None:
        self.skillset = skillset
        self._case = case
        self._notes = notes
        self._compilation = compilation

    @cached_property
    def inputs(self) -> Mapping[str, Any]:
        inputs, origin = inputs_and_origin(self.skillset, self._case)
        self._notes += origin
        return inputs

    @property
    def actual_device(self) -> str:
        return str(self.skillset.device)

    @property
    def notes(self) -> list[str]:
        """Asked for after the first pass: only then is it known what was compiled, and NotCompiled may be raised."""
        return [*self._notes, *(self._compilation.notes() if self._compilation is not None else [])]

    def infer(self) -> Mapping[str, Any]:
        outputs: Mapping[str, Any] = self.skillset.infer(self.inputs)["outputs"]
        return outputs


def open_torch(module: ModuleType, case: Case, device: str) -> TorchSession:
    """Raises what the skillset raises, and BackendUnavailable where it fell back to another device.

    A compiled model has run once, which is what compiles it; except for startup, which times that pass itself.
    """
    notes: list[str] = []
    if case.precision is Precision.INT8:
        skillset = load_skillset(module, replace(case, precision=Precision.FP32), device)
        notes.append(quantize_linear_layers(skillset.model))
    else:
        skillset = load_skillset(module, case, device)
    compilation: Compilation | None = None
    if case.compiled:
        compilation = Compilation(skillset.model, from_nothing=case.workload is Workload.STARTUP)
    session = TorchSession(skillset, case, notes=notes, compilation=compilation)
    if compilation is not None and case.workload is not Workload.STARTUP:
        compilation.run_first(session.infer)
    return session
