"""Counting floating-point operations of one forward pass."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Uncountable(Exception):
    """The model ran into something that counting does not allow; the message says what."""


def count_operations(skillset: Any, inputs: Mapping[str, Any]) -> int | None:
    """Operations of matrix products, convolutions and attention in one pass; None when none was seen.

    torch's own counter also tracks modules, which breaks on parametrised layers in inference mode, and it does not
    know the attention kernel that torch uses on CPUs: hence a mode of our own over the same table of formulas.
    On the meta device attention goes to that kernel where the processor would take it, so that what is counted, and
    what a mode around this one sees, is what will run; and a model that asks there whether something is so (is any of
    the input padding?) is told no, which is true of the inputs of skillsets.
    """
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils.flop_counter import flop_registry, sdpa_flop_count

    cpu_attention = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
    attention = torch.ops.aten.scaled_dot_product_attention

    class Counter(TorchDispatchMode):  # type: ignore[no-untyped-call,misc,unused-ignore]
        total = 0

        def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            packet = function._overloadpacket
            if packet is attention and _fits_cpu_kernel(*args, **(kwargs or {})):
                query, key, value, mask, dropout, is_causal = (*args, *(None, 0.0, False)[len(args) - 3 :])[:6]
                given = {"attn_mask": mask, "dropout_p": dropout, "is_causal": is_causal} | (kwargs or {})
                given.pop("enable_gqa", None)
                with self:
                    return cpu_attention(query, key, value, **given)[0]
            if packet is torch.ops.aten._local_scalar_dense and args[0].is_meta and args[0].dtype is torch.bool:
                return False
            is_known = packet in flop_registry or packet is cpu_attention
            if not is_known and function is not torch.ops.prim.device.default:
                # In inference mode composite operations (linear, matmul) arrive whole: count what they consist of.
                with self:
                    parts = function.decompose(*args, **(kwargs or {}))
                if parts is not NotImplemented:
                    return parts
            out = function(*args, **(kwargs or {}))
            if packet is cpu_attention:
                shapes = (args[0].shape, args[1].shape, args[2].shape)
                self.total += int(sdpa_flop_count(*shapes))  # type: ignore[no-untyped-call,unused-ignore]
            elif is_known:
                self.total += int(flop_registry[packet](*args, **(kwargs or {}), out_val=out))
            return out

    try:
        with Counter() as counter:  # type: ignore[no-untyped-call,unused-ignore]
            skillset.infer(inputs)
    except (RuntimeError, NotImplementedError, TypeError, ValueError, AttributeError) as error:
        first_line = (str(error).splitlines() or [""])[0]
        raise Uncountable(f"{type(error).__name__}: {first_line}") from error
    return counter.total or None


def _fits_cpu_kernel(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> bool:
    """Whether tensors without numbers have what torch's attention kernel for processors asks of them.

    The rules are those of use_flash_attention_cpp in torch's ATen/native/transformers/sdp_utils_cpp.cpp.
    """
    three = (query, key, value)
    return (
        query.is_meta
        and dropout_p == 0.0
        and all(tensor.dim() == 4 and tensor.size(2) and tensor.stride(-1) == 1 for tensor in three)
        and len({tensor.size(-1) for tensor in three}) == 1
        and len({tensor.dtype for tensor in three}) == 1
        and len({tensor.size(0) for tensor in three}) == 1
        and (enable_gqa or len({tensor.size(1) for tensor in three}) == 1)
        and (attn_mask is None or attn_mask.dim() in (2, 4))
    )
