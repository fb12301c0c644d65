"""A graph for OpenVINO: in fp32, or with weights of eight bits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.backends.openvino import import_openvino
from engine.domain.case import Precision
from engine.errors import BackendUnavailable
from engine.graphs.exported import Exported

GRAPH = "openvino_model.xml"
_EIGHT_BITS = ("i8", "u8")


def export_openvino(skillset: Any, inputs: dict[str, Any], precision: Precision, folder: Path) -> Exported:
    """Raises what the exporter raises, and BackendUnavailable for int8 where the model has no weights to compress."""
    openvino = import_openvino()
    model = skillset.export("openvino", inputs).program
    notes = []
    if precision is Precision.INT8:
        import nncf

        model = nncf.compress_weights(model, mode=nncf.CompressWeightsMode.INT8_SYM)
        compressed = _compressed(model)
        if not compressed:
            raise BackendUnavailable(
                "int8 has nothing to work on: no weight of this model can be compressed, so it would run in fp32.",
                field="precisions",
            )
        notes.append(
            f"int8 is {compressed} weights in eight bits, symmetric, a scale for each channel (nncf.compress_weights); "
            "OpenVINO computes with them in fp32 or quantises activations as it goes."
        )
    openvino.save_model(model, str(folder / GRAPH), compress_to_fp16=False)
    weights = (folder / GRAPH).with_suffix(".bin").stat().st_size
    return Exported(graph=GRAPH, weight_bytes=weights, notes=notes)


def _compressed(model: Any) -> int:
    """How many constants are kept in eight bits."""
    constants = (found for found in model.get_ops() if found.get_type_name() == "Constant")
    return sum(found.get_element_type().get_type_name() in _EIGHT_BITS for found in constants)
