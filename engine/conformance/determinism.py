"""The same seed gives the same weights, inputs and outputs, and a pass leaves nothing behind."""

from __future__ import annotations

from typing import Any

from engine.conformance.compare import first_difference
from engine.conformance.finding import WORKS, Finding, fails
from engine.conformance.passes import forward
from engine.conformance.subject import Subject


def check_deterministic(subject: Subject) -> Finding:
    """Bit for bit; weights and inputs come first, because different ones explain different outputs."""
    again = subject.build()
    weights = first_difference(subject.model.state_dict(), again.model.state_dict())
    if weights is not None:
        return fails(f"Built again from the same seed, weight {weights}.")
    inputs = subject.example_inputs(again)
    input_difference = first_difference(_tensors(subject.inputs), _tensors(inputs))
    if input_difference is not None:
        return fails(f"Asked for again, input {input_difference}.")
    repeated = first_difference(subject.outputs, forward(subject.skillset, subject.inputs))
    if repeated is not None:
        return fails(f"In a second pass of the same model output {repeated}.")
    outputs = first_difference(subject.outputs, forward(again, inputs))
    if outputs is not None:
        return fails(f"Built again from the same seed, with the same weights, output {outputs}.")
    return WORKS


def _tensors(inputs: dict[str, Any]) -> dict[str, Any]:
    import torch

    return {name: value for name, value in inputs.items() if isinstance(value, torch.Tensor)}
