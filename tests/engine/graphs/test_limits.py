"""Which cases are graphs, and what graphs refuse."""

from __future__ import annotations

import pytest

from engine.domain.case import Workload
from engine.graphs.limits import is_graph, refusal_of
from tests.builders import a_case


@pytest.mark.parametrize("backend", ["onnxruntime", "openvino", "qnn"])
def test_graphs_measure_forward_passes_and_startup(backend):
    for workload in (Workload.INFERENCE, Workload.STARTUP):
        case = a_case(backend=backend, workload=workload)
        assert is_graph(case) and refusal_of(case) is None


def test_what_a_graph_cannot_do_is_refused_with_what_to_do_instead():
    generation = refusal_of(a_case("gpt2", backend="openvino", workload=Workload.GENERATION, new_tokens=8))
    assert generation == (
        "openvino runs graphs of one forward pass, so it measures inference and startup; generation runs on cpu."
    )
    assert "leave the option out" in str(refusal_of(a_case(backend="onnxruntime", compiled=True)))


def test_torchs_own_backends_are_refused_nothing():
    case = a_case("gpt2", workload=Workload.GENERATION, new_tokens=8, compiled=True)
    assert not is_graph(case) and refusal_of(case) is None
