"""What a forward pass costs: operations and bytes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from engine.conformance.finding import WORKS, Finding, fails
from engine.conformance.subject import Subject
from engine.workloads.operations import Uncountable, count_operations


def check_cost(subject: Subject) -> Finding:
    """Bytes can always be counted; operations only of models that do nothing which the counter does not allow."""
    model = subject.model
    held = [*model.parameters(), *model.buffers()]
    subject.bytes_moved = sum(value.nbytes for value in held) + _bytes_in([subject.inputs, subject.outputs])
    try:
        subject.flops = count_operations(subject.skillset, subject.inputs)
    except Uncountable as reason:
        return fails(f"Operations cannot be counted: {str(reason).rstrip('.')}.")
    if subject.flops is None:
        return fails("No matrix product, convolution or attention was seen in the forward pass.")
    return WORKS


def _bytes_in(values: Iterable[Any]) -> int:
    """Of all tensors in there, however deep."""
    import torch

    total = 0
    for value in values:
        if isinstance(value, torch.Tensor):
            total += value.nbytes
        elif isinstance(value, Mapping):
            total += _bytes_in(value.values())
        elif isinstance(value, list | tuple):
            total += _bytes_in(value)
    return total
