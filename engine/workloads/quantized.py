"""int8 by torch itself: weights of linear layers are stored in int8, activations rounded to it as they come.

torch.ao's dynamic quantisation is what torch brings along; torchao, its successor, is a package of its own and needs
torch.compile to be quick on a processor. Where a later torch no longer has it, the backend offers no int8.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

from engine.domain.result import FailureKind
from engine.errors import EngineError


class NothingToQuantize(EngineError):
    """int8 was asked of a model that has no layer to run in it."""

    title = "No int8 for this model"
    failure_kind = FailureKind.NOT_AVAILABLE


def quantize_linear_layers(model: Any) -> str:
    """Replace every linear layer of `model` (fp32, on the CPU) by one that computes in int8; a note on what was.

    Raises NothingToQuantize where there is none: its figure would be one of fp32 under the name of int8.
    """
    import torch
    from torch.ao.quantization import per_channel_dynamic_qconfig, quantize_dynamic

    before = sum(type(module) is torch.nn.Linear for module in model.modules())
    everything = sum(parameter.numel() for parameter in model.parameters())
    if type(model) is torch.nn.Linear:
        raise NothingToQuantize("The model is a single layer, which cannot be replaced inside of itself; choose fp32.")
    if before:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that torchao succeeds it, and what observers of a running model say
            layers_to = {torch.nn.Linear: per_channel_dynamic_qconfig}
            quantize_dynamic(model, layers_to, inplace=True)  # type: ignore[no-untyped-call,unused-ignore]
    layers = list(quantized_layers(model))
    if not layers:
        name = type(model).__name__
        raise NothingToQuantize(f"{name} has no linear layer, and torch runs no other in int8; choose fp32 or bf16.")
    inside = sum(layer.weight().numel() for layer in layers)
    return (
        f"int8: {len(layers)} of {before} linear layers, {min(1.0, inside / max(1, everything)):.0%} of the weights, "
        f"by torch's {torch.backends.quantized.engine} kernels; activations are quantised as they come, the rest is "
        "fp32."
    )


def quantized_layers(model: Any) -> Iterator[Any]:
    """The layers of `model` that compute in int8, judged by what they are and by the weights that they hold."""
    import torch
    from torch.ao.nn.quantized.dynamic import Linear

    found: Iterator[Any] = (module for module in model.modules() if isinstance(module, Linear))
    return (layer for layer in found if layer.weight().dtype is torch.qint8)


def stored_bytes(model: Any) -> int:
    """Bytes of all weights as they are stored, packed int8 ones included."""
    plain = sum(int(parameter.nbytes) for parameter in model.parameters())
    return plain + sum(_packed_bytes(layer) for layer in quantized_layers(model))


def _packed_bytes(layer: Any) -> int:
    bias = layer.bias()
    return int(layer.weight().numel()) + (0 if bias is None else int(bias.nbytes))
