"""What transformers' exporters do not mend by themselves, added by the door they leave open for it."""

from __future__ import annotations

from functools import cache
from typing import Any

_EXPORTERS = ("onnx", "openvino")


@cache
def mend_exporters() -> None:
    """Register the fixes, once for the process."""
    from transformers.exporters.utils import register_fx_node_fix

    for exporter in _EXPORTERS:
        register_fx_node_fix(exporter)(_spare_idle_squeeze)


def _spare_idle_squeeze(_graph_module: Any, node: Any) -> bool:
    """A squeeze of a dimension that is not one leaves torch's tensor as it is; ONNX and OpenVINO refuse it.

    Of dimensions whose size is unknown nothing is claimed. What stays whole stays a view of its source, so that what is
    written into one is still written into the other.
    """
    import torch
    from torch.fx.experimental.symbolic_shapes import statically_known_true

    if node.target not in (torch.ops.aten.squeeze.dim, torch.ops.aten.squeeze.dims):
        return False
    source = node.args[0] if node.args else node.kwargs["self"]
    given = node.args[1] if len(node.args) > 1 else node.kwargs["dim"]
    value = source.meta.get("val")
    if value is None or value.dim() == 0:
        return False
    dimensions = [given] if isinstance(given, int) else list(given)
    to_stay = [dimension for dimension in dimensions if statically_known_true(value.shape[dimension] != 1)]
    if not to_stay:
        return False
    to_go = [dimension for dimension in dimensions if dimension not in to_stay]
    shape = list(value.shape)
    if to_go:
        node.target, node.args = torch.ops.aten.squeeze.dims, (source, to_go)
    elif all(isinstance(size, int) for size in shape):
        node.target, node.args = torch.ops.aten.view.default, (source, shape)
    else:
        node.target, node.args = torch.ops.aten.clone.default, (source,)
    node.kwargs = {}
    return True
