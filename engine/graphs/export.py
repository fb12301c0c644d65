"""From torch's model to a graph on disk: by the exporters of transformers, then quantised where that is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.domain.case import Case
from engine.graphs.exported import Exported
from engine.graphs.onnx_export import export_onnx
from engine.graphs.openvino_export import export_openvino


def export_graph(skillset: Any, inputs: dict[str, Any], case: Case, folder: Path) -> Exported:
    """Write the graph of `skillset`, loaded in fp32, into `folder`.

    The exporter adds to `inputs` what it computes from them, so that they are those of the graph afterwards.

    Raises what the exporter raises, and BackendUnavailable where the precision has nothing to work on.
    """
    export = export_openvino if case.backend == "openvino" else export_onnx
    return export(skillset, inputs, case.precision, folder)


def leaf_arrays(values: Mapping[str, Any]) -> dict[str, Any]:
    """Tensors of a nested mapping as arrays, under the names that the exporters give them; plain numbers as well, which
    OpenVINO's graphs keep as inputs."""
    import numpy
    from transformers.exporters.utils import get_leaf_tensors

    plain = {name: numpy.array(value) for name, value in values.items() if isinstance(value, bool | int)}
    tensors = get_leaf_tensors(values).items()
    return plain | {name: tensor.detach().cpu().contiguous().numpy() for name, tensor in tensors}
