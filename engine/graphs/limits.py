"""Which cases run as exported graphs, and which of those cannot."""

from __future__ import annotations

from engine.domain.case import Case, Workload

GRAPH_BACKENDS = ("onnxruntime", "openvino", "qnn")
"""Backends that run a graph exported beforehand instead of torch's model."""
_WORKLOADS = (Workload.INFERENCE, Workload.STARTUP)


def is_graph(case: Case) -> bool:
    return case.backend in GRAPH_BACKENDS


def refusal_of(case: Case) -> str | None:
    """Why no graph can be measured as this case asks, in a sentence; None where it can, and for torch's backends."""
    if not is_graph(case):
        return None
    if case.workload not in _WORKLOADS:
        known = " and ".join(_WORKLOADS)
        return f"{case.backend} runs graphs of one forward pass, so it measures {known}; {case.workload} runs on cpu."
    if case.compiled:
        return f"torch.compile is torch's own; {case.backend} optimises its graphs itself, so leave the option out."
    return None
