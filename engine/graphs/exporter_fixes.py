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
        register_fx_node_fix(exporter)(_copy_instead_of_idle_squeeze)


def _copy_instead_of_idle_squeeze(_graph_module: Any, node: Any) -> bool:
    """A squeeze of dimensions that are not one leaves torch's tensor as it is; ONNX and OpenVINO refuse it."""
    import torch

    if node.target not in (torch.ops.aten.squeeze.dim, torch.ops.aten.squeeze.dims):
        return False
    source, given = node.args
    shape = source.meta["val"].shape
    dimensions = [given] if isinstance(given, int) else list(given)
    to_go = [dimension for dimension in dimensions if shape[dimension] == 1]
    if to_go == dimensions:
        return False
    if to_go:
        node.target, node.args = torch.ops.aten.squeeze.dims, (source, to_go)
    else:
        node.target, node.args = torch.ops.aten.clone.default, (source,)
    return True
