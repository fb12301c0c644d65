"""What is said of a metric has to be true of every workload and backend that has it."""

from __future__ import annotations

import pytest

from engine.domain.measurement import Metric


@pytest.mark.parametrize(
    ("metric", "told"),
    [
        (Metric.PEAK_MEMORY, ("tensors on a device", "at startup of building", "of workers the sum")),
        (Metric.MODULE_IMPORT_TIME, ("for an exported graph, importing its runtime",)),
        (Metric.CLASS_INSTANTIATION_TIME, ("those of its checkpoint", "for an exported graph")),
        (Metric.SPEEDUP, ("one of them alone, while the others rest",)),
    ],
)
def test_a_definition_covers_all_that_it_labels(metric: Metric, told: tuple[str, ...]):
    assert [words for words in told if words not in metric.definition] == []
