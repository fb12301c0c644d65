"""A graph for ONNX Runtime and for what plugs into it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.domain.case import Precision
from engine.graphs.exported import Exported
from engine.graphs.onnx_quantization import FEW_BITS, quantised_dynamically, quantised_to_few_bits
from engine.graphs.program import exported_program
from engine.graphs.remainder import what_is_left

GRAPH = "model.onnx"
_INLINE_BYTES = 3 * 2**29
"""Weights up to it are kept in the graph's own file, which the runtime reads into memory, where they count as the
process's own; above, because a protobuf holds 2 GiB at most, in a file beside it, which the runtime maps."""


def export_onnx(skillset: Any, inputs: dict[str, Any], precision: Precision, folder: Path) -> Exported:
    """Raises what the exporter raises, and BackendUnavailable where there is nothing to quantise."""
    import onnx_ir

    model, notes = exported_program(skillset, "onnxruntime", inputs)
    _leave_out_unread_inputs(model.graph)
    if notes:
        notes += what_is_left(_weight_bytes(model.graph), skillset.model, has_inputs=bool(model.graph.inputs))
    if precision is Precision.INT8:
        model, note = quantised_dynamically(model, inputs)
        notes.append(note)
    elif precision in FEW_BITS:
        model, note = quantised_to_few_bits(model, FEW_BITS[precision])
        notes.append(note)
    weights = _weight_bytes(model.graph)
    if weights <= _INLINE_BYTES:
        onnx_ir.save(model, str(folder / GRAPH))
    else:
        onnx_ir.save(model, str(folder / GRAPH), external_data=f"{GRAPH}.data")
        notes.append("Weights are mapped from a file and so not part of the peak memory, but for what is packed anew.")
    return Exported(graph=GRAPH, weight_bytes=weights, notes=notes)


def _leave_out_unread_inputs(graph: Any) -> None:
    """An input that nothing of the graph reads is none of it, and is told as such."""
    for value in [value for value in graph.inputs if not value.uses()]:
        graph.inputs.remove(value)


def _weight_bytes(graph: Any) -> int:
    constants = [value.const_value for value in graph.initializers.values()]
    return sum(constant.nbytes for constant in constants if constant is not None)
