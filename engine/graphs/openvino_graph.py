"""A graph in OpenVINO on the CPU."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
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
        names = output_names([port.get_names() for port in compiled.outputs])
        self._outputs = [(name, index) for index, name in enumerate(names)]

    def run(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Nothing is copied: inputs are read where they lie, and outputs hold until the next run."""
        answer = self._request.infer(inputs, share_inputs=True, share_outputs=True)
        return {name: answer[index] for name, index in self._outputs}


def output_names(of_ports: Sequence[Collection[str]]) -> list[str]:
    """One for each port, as the export called it.

    A port also answers to the number that the exporter gave its tensor and, where two outputs are one tensor, to the
    name of the other.
    """
    found: list[str] = []
    for names in of_ports:
        by_worth = sorted(names, key=lambda name: (name in found, name.isdigit(), name))
        found.append(by_worth[0])
    return found


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
