"""A graph in OpenVINO on the CPU."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.backends.openvino import DEVICE, import_openvino
from engine.errors import BackendUnavailable


class OpenvinoGraph:
    """A compiled model with one request, and its outputs by name."""

    def __init__(self, compiled: Any) -> None:
        self._request = compiled.create_infer_request()
        self.actual_device = _only_device(compiled)
        self.input_names = [port.get_any_name() for port in compiled.inputs]
        self._outputs = [(port.get_any_name(), index) for index, port in enumerate(compiled.outputs)]

    def run(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Nothing is copied: inputs are read where they lie, and outputs hold until the next run."""
        answer = self._request.infer(inputs, share_inputs=True, share_outputs=True)
        return {name: answer[index] for name, index in self._outputs}


def open_openvino(path: Path, threads: int) -> OpenvinoGraph:
    """Compile for the CPU; BackendUnavailable where OpenVINO says that it runs on something else.

    Computed in fp32, which newer CPUs would otherwise replace by bf16. Weights are read into memory instead of mapped,
    so that they count as the process's own, as they do with other runtimes.
    """
    core = import_openvino().Core()
    core.set_property({"ENABLE_MMAP": False})
    settings = {
        "PERFORMANCE_HINT": "LATENCY",
        "NUM_STREAMS": 1,
        "INFERENCE_NUM_THREADS": threads,
        "INFERENCE_PRECISION_HINT": "f32",
    }
    return OpenvinoGraph(core.compile_model(core.read_model(str(path)), DEVICE, settings))


def _only_device(compiled: Any) -> str:
    devices = [str(found) for found in compiled.get_property("EXECUTION_DEVICES")]
    if devices != [DEVICE]:
        raise BackendUnavailable(
            f"openvino runs the graph on {', '.join(devices) or 'nothing'} instead of {DEVICE}.", field="backends"
        )
    return devices[0]
