"""A graph for OpenVINO: in fp32, or with weights of eight bits."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from engine.backends.openvino import import_openvino
from engine.domain.case import Precision
from engine.errors import BackendUnavailable
from engine.graphs.exported import Exported
from engine.graphs.program import exported_program
from engine.graphs.remainder import what_is_left
from engine.workloads.quantized import LEAST_SHARE

GRAPH = "openvino_model.xml"
_EIGHT_BITS = ("i8", "u8")
_LOOKUPS = ("Gather", "GatherND", "EmbeddingBagOffsetsSum", "EmbeddingBagPackedSum")
_UNPACKING = ("Convert", "Multiply", "Subtract", "Reshape")


def export_openvino(skillset: Any, inputs: dict[str, Any], precision: Precision, folder: Path) -> Exported:
    """Raises what the exporter raises, and BackendUnavailable for int8 where the model has no weights to compress."""
    openvino = import_openvino()
    model, notes = exported_program(skillset, "openvino", inputs)
    if notes:
        constants = [found for found in model.get_ops() if found.get_type_name() == "Constant"]
        has_inputs = any(port.get_target_inputs() for port in model.inputs)
        notes += what_is_left(sum(found.get_byte_size() for found in constants), skillset.model, has_inputs=has_inputs)
    if precision is Precision.INT8:
        import nncf

        model = nncf.compress_weights(model, mode=nncf.CompressWeightsMode.INT8_SYM)
        compressed, share = _compressed(model)
        if share < LEAST_SHARE:
            raise BackendUnavailable(
                f"int8 would be fp32 under another name: OpenVINO can compress {share:.0%} of the weights "
                "that this model computes with.",
                field="precisions",
            )
        notes.append(
            f"int8 is {compressed} tensors, {share:.0%} of the weights that are computed with, in eight bits, "
            "symmetric, with a scale for each channel (nncf.compress_weights); OpenVINO computes in fp32 or quantises "
            "activations too."
        )
    openvino.save_model(model, str(folder / GRAPH), compress_to_fp16=False)
    weights = (folder / GRAPH).with_suffix(".bin").stat().st_size
    return Exported(graph=GRAPH, weight_bytes=weights, notes=notes)


def _compressed(model: Any) -> tuple[int, float]:
    """How many constants are kept in eight bits, and their share of the weights that are computed with.

    Tables that are only looked up count in neither.
    """
    constants = [found for found in model.get_ops() if found.get_type_name() == "Constant" and not _is_looked_up(found)]
    sizes = {id(found): math.prod(found.get_output_shape(0)) for found in constants}
    short = [found for found in constants if found.get_element_type().get_type_name() in _EIGHT_BITS]
    plain = [found for found in constants if found.get_element_type().is_real() and len(found.get_output_shape(0)) > 1]
    inside, left = (sum(sizes[id(found)] for found in kind) for kind in (short, plain))
    return len(short), inside / (inside + left) if short else 0.0


def _is_looked_up(node: Any) -> bool:
    """Whether all that becomes of a constant, once it is unpacked, is that rows are taken from it."""
    targets = [target.get_node() for output in node.outputs() for target in output.get_target_inputs()]
    return bool(targets) and all(
        target.get_type_name() in _LOOKUPS or (target.get_type_name() in _UNPACKING and _is_looked_up(target))
        for target in targets
    )
