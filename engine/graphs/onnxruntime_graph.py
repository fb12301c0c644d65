"""A graph in ONNX Runtime on the CPU."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.backends.onnxruntime import PROVIDER
from engine.errors import BackendUnavailable

_ERRORS_ONLY = 3
"""ONNX Runtime's severities count from 0, verbose, to 4, fatal."""


class OnnxruntimeGraph:
    """A session and its outputs by name."""

    def __init__(self, session: Any, actual_device: str) -> None:
        self._session = session
        self.actual_device = actual_device
        self.input_names = [spec.name for spec in session.get_inputs()]
        self._output_names = [spec.name for spec in session.get_outputs()]

    def run(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Contiguous arrays are read where they lie; outputs are arrays on the runtime's memory."""
        return dict(zip(self._output_names, self._session.run(self._output_names, inputs), strict=True))


def open_onnxruntime(path: Path, threads: int) -> OnnxruntimeGraph:
    """Optimise and load; BackendUnavailable where anything but the CPU provider would run a part of it."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), session_options(threads), providers=[PROVIDER])
    session.disable_fallback()
    return OnnxruntimeGraph(session, only_provider(session, (PROVIDER,)))


def session_options(threads: int) -> Any:
    """Threads inside one operation as the case says, one operation at a time."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = _ERRORS_ONLY
    return options


def only_provider(session: Any, wanted: tuple[str, ...]) -> str:
    """The first provider, read back; BackendUnavailable where the session has others than `wanted`."""
    providers = tuple(str(found) for found in session.get_providers())
    if providers != wanted:
        raise BackendUnavailable(
            f"onnxruntime runs the graph with {', '.join(providers)} instead of {', '.join(wanted)}.", field="backends"
        )
    return providers[0]
