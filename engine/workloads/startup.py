"""From nothing to a first output: module import, class instantiation, first forward pass."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

from engine.backends.protocol import Backend
from engine.domain.case import Case
from engine.domain.measurement import Measurement, Metric
from engine.workloads.observed import Observed
from engine.workloads.skillset_module import check_outputs, import_module, inputs_of


def measure_startup(case: Case, backend: Backend, path: str) -> Observed:
    """Three times, one sample each: a process starts once."""
    preloaded = [name for name in ("torch", "transformers") if name in sys.modules]
    begun = time.perf_counter()
    module = import_module(Path(path))
    imported = time.perf_counter()
    skillset = module.load(size=case.size.value, device=backend.device, precision=case.precision.value)
    backend.synchronize()
    built = time.perf_counter()
    inputs = inputs_of(skillset, case)
    ready = time.perf_counter()
    answer = skillset.infer(inputs)
    backend.synchronize()
    first_output = time.perf_counter()
    check_outputs(answer["outputs"], case.batch_size)
    return Observed(
        device=str(skillset.device),
        fallback_reason=skillset.fallback_reason,
        measurements=(
            Measurement(metric=Metric.MODULE_IMPORT_TIME, samples=(imported - begun,)),
            Measurement(metric=Metric.CLASS_INSTANTIATION_TIME, samples=(built - imported,)),
            Measurement(metric=Metric.MODEL_INITIALIZATION_TIME, samples=(first_output - ready,)),
        ),
        checksum=module.describe()["checksum"],
        notes=(_preload_note(preloaded),),
    )


def _preload_note(preloaded: Sequence[str]) -> str:
    if not preloaded:
        return "Module import starts in a fresh interpreter and includes torch and transformers."
    return f"Module import starts with {' and '.join(preloaded)} loaded; the model's own code is not."
