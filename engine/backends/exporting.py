"""What every backend needs that runs exported graphs: torch to build the model, and what turns it into a graph."""

from __future__ import annotations

from engine.backends.presence import installed_version

_TORCH = ("torch", "transformers")
ONNX = (*_TORCH, "onnx", "onnxscript")
"""What makes a graph for ONNX Runtime."""
OPENVINO = _TORCH
"""What makes a graph for OpenVINO, beside openvino itself."""


def lacking(distributions: tuple[str, ...]) -> str | None:
    """Why nothing can be exported here, in a sentence; None where everything is installed."""
    for name in distributions:
        if installed_version(name) is None:
            return f"{name}, which exporting needs, is not installed; the extra `measure` brings it."
    from importlib.util import find_spec

    if find_spec("transformers.exporters") is None:
        version = installed_version("transformers")
        return f"transformers {version} has no exporters; a newer version brings them."
    return None
