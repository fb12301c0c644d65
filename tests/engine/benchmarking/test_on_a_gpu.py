"""What only a real NVIDIA GPU can show: that cases are timed and weighed there, and answer as the processor does."""

from __future__ import annotations

from typing import Any

import pytest

from engine.backends.presence import nvidia_gpus
from engine.benchmarking.measure import measuring_arguments
from engine.domain.case import Precision
from tests.builders import a_protocol
from tests.engine.benchmarking import a_deep_skillset_facts as known
from tests.engine.benchmarking.a_deep_skillset_facts import SKILLSET, a_deep_case

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not nvidia_gpus(), reason="no NVIDIA GPU is here"),
]


@pytest.mark.parametrize("precision", [Precision.FP32, Precision.BF16])
def test_a_case_on_a_gpu_is_timed_by_its_events_weighed_by_its_allocator_and_compared(loaded, precision):
    case = a_deep_case(backend="cuda", precision=precision, batch_size=64)
    arguments = measuring_arguments(case, a_protocol(), SKILLSET, with_facts=True)
    outcome = loaded.run("engine.benchmarking.measure:measure_case", arguments, timeout_seconds=180)
    assert outcome.value is not None, outcome.failure
    seen: dict[str, Any] = outcome.value
    assert seen["actual_device"].startswith("cuda")
    assert any(note.startswith("Latency is by the device's own events; ") for note in seen["notes"])
    assert seen["measurements"]["throughput"][0] <= 64 / min(seen["measurements"]["latency"])
    assert seen["machine"]["other_gpu_processes"] is not None
    assert any(note.startswith("Outputs differ from eager fp32 by ") for note in seen["notes"])
    size = 4 if precision is Precision.FP32 else 2
    assert seen["measurements"]["peak_memory"][0] >= size * known.WEIGHTS
    assert all(sample > 0 for sample in seen["measurements"]["latency"])
