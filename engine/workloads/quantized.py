"""int8 by torch itself: weights of linear layers are stored in int8, activations rounded to it as they come.

torch.ao's dynamic quantisation is what torch brings along; torchao, its successor, is a package of its own and needs
torch.compile to be quick on a processor. Where a later torch no longer has it, the backend offers no int8.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from typing import Any

from engine.domain.result import FailureKind
from engine.errors import EngineError

LEAST_SHARE = 0.5
"""Of the weights that a model computes with: below it what runs is not called quantised."""


class NothingToQuantize(EngineError):
    """int8 was asked of a model that has no layer to run in it, or whose arithmetic is mostly in others."""

    title = "No int8 for this model"
    failure_kind = FailureKind.NOT_AVAILABLE


def quantize_linear_layers(model: Any) -> str:
    """Replace every linear layer of `model` (fp32, on the CPU) by one that computes in int8; a note on what was.

    Raises NothingToQuantize where they hold less than LEAST_SHARE of the weights that are computed with: its figure
    would be one of fp32 under the name of int8.
    """
    import torch
    from torch.ao.quantization import per_channel_dynamic_qconfig, quantize_dynamic

    if type(model) is torch.nn.Linear:
        raise NothingToQuantize("The model is a single layer, which cannot be replaced inside of itself; choose fp32.")
    transposed = _write_as_linear(model)
    before = sum(type(module) is torch.nn.Linear for module in model.modules())
    if before:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that torchao succeeds it, and what observers of a running model say
            layers_to = {torch.nn.Linear: per_channel_dynamic_qconfig}
            quantize_dynamic(model, layers_to, inplace=True)  # type: ignore[no-untyped-call,unused-ignore]
    layers = list(quantized_layers(model))
    name = type(model).__name__
    if not layers:
        raise NothingToQuantize(f"{name} has no linear layer, and torch runs no other in int8; choose fp32 or bf16.")
    inside = sum(layer.weight().numel() for layer in layers)
    share = inside / (inside + _weights_left(model))
    if share < LEAST_SHARE:
        raise NothingToQuantize(
            f"int8 would be fp32 under another name: torch quantises linear layers alone, and they hold {share:.0%} of "
            f"the weights that {name} computes with; choose fp32 or bf16."
        )
    stored = f" ({transposed} of them stored transposed, as Conv1D)" if transposed else ""
    return (
        f"int8: {len(layers)} of {before} linear layers{stored}, {share:.0%} of the weights that are computed with, "
        f"by torch's {torch.backends.quantized.engine} kernels; activations are quantised as they come, the rest is "
        "fp32."
    )


def _write_as_linear(model: Any) -> int:
    """Put a linear layer in the place of every Conv1D, which is one with its weights transposed; how many there were.

    The GPT-2 family has them, and torch's quantisation does not know them.
    """
    import torch

    library = sys.modules.get("transformers.pytorch_utils")
    if library is None:
        return 0
    found = 0
    for parent in list(model.modules()):
        for name, layer in list(parent.named_children()):
            if type(layer) is not library.Conv1D:
                continue
            inside, outside = layer.weight.shape
            linear = torch.nn.Linear(inside, outside, device="meta")
            linear.weight = torch.nn.Parameter(layer.weight.data.T.contiguous(), requires_grad=False)
            linear.bias = torch.nn.Parameter(layer.bias.data, requires_grad=False)
            setattr(parent, name, linear.train(layer.training))
            found += 1
    return found


def _weights_left(model: Any) -> int:
    """Weights in floating point that something computes with: tables that are only looked up, and vectors, are none."""
    import torch

    tables = (torch.nn.Embedding, torch.nn.EmbeddingBag)
    weights = {
        id(weight): weight
        for module in model.modules()
        if not isinstance(module, tables)
        for weight in module.parameters(recurse=False)
        if weight.dim() > 1 and weight.is_floating_point()
    }
    return sum(weight.numel() for weight in weights.values())


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
