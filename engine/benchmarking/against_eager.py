"""What a case answered, against eager fp32 on the processor; after all is measured, so that nothing is disturbed.

The reference is built from the same seed (or checkpoint), runs once and goes. It also counts the operations of models
that hide theirs: quantised kernels and compiled code are none that the counter knows.
"""

from __future__ import annotations

import gc
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

from engine.benchmarking.model_facts import facts_of
from engine.domain.case import Case, Precision
from engine.domain.model import ModelFacts
from engine.workloads.agreement import disagreement, tolerance_of
from engine.workloads.outputs import WrongOutput
from engine.workloads.quantized import stored_bytes
from engine.workloads.skillset_module import inputs_of, load_skillset

_SEED = 0
_RANDOM = "Outputs were not compared with eager fp32: this model draws random numbers in its forward pass."
_JUMPS = (
    "Outputs cannot be compared with eager fp32: it gives another answer itself once its weights are rounded as {} "
    "rounds. The model chooses between near equals (queries, experts, codes)."
)
_ROUNDING = {
    Precision.FP32: 1e-6,
    Precision.FP16: 2**-11,
    Precision.BF16: 2**-8,
    Precision.INT8: 0.01,
    Precision.INT4: 0.1,
    Precision.INT2: 0.5,
}
"""By how much each number type moves a weight, relative to it; what reordered sums amount to in fp32."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a measured model says, and what is true of it; taken before it goes."""

    outputs: Mapping[str, Any]
    weight_bytes: int


def is_reference(case: Case) -> bool:
    """Whether the case itself is eager fp32 on the processor, as the library runs it."""
    return case.backend == "cpu" and case.precision is Precision.FP32 and not case.compiled and case.attention is None


def hides_operations(case: Case) -> bool:
    return case.precision is Precision.INT8 or case.compiled


def answer_of(skillset: Any, inputs: Mapping[str, Any]) -> Answer:
    """One more pass, with the seed that the reference will have; results on the processor."""
    import torch

    torch.manual_seed(_SEED)
    outputs = skillset.infer(inputs)["outputs"]
    kept = {name: value.detach().to("cpu", copy=True) for name, value in outputs.items()}
    return Answer(outputs=kept, weight_bytes=stored_bytes(skillset.model))


def check_against_eager(
    answer: Answer, module: ModuleType, case: Case, *, with_facts: bool
) -> tuple[ModelFacts | None, list[str]]:
    """Notes on the comparison, and the model's facts when asked for; raises WrongOutput when the answers disagree.

    The measured model must be gone by now: where it filled the memory there is room for one.
    """
    import torch

    gc.collect()
    plain = replace(case, backend="cpu", precision=Precision.FP32, compiled=False, attention=None)
    reference = load_skillset(module, plain, "cpu")
    inputs = inputs_of(reference, plain)
    torch.manual_seed(_SEED)
    expected = reference.infer(inputs)["outputs"]
    tolerance = tolerance_of(case.precision)
    fault = disagreement(answer.outputs, expected, tolerance)
    notes = [f"Outputs agree with eager fp32 within {tolerance:.1%} of their scale."]
    facts, problems = facts_of(reference, inputs) if with_facts else (None, [])
    if fault is not None:
        excuse = _excuse(reference, inputs, expected, case.precision)
        if excuse is None:
            raise WrongOutput(fault)
        notes = [excuse]
    if facts is None:
        return None, notes
    return replace(facts, parameter_bytes=answer.weight_bytes), [*notes, *problems]


def _excuse(reference: Any, inputs: Mapping[str, Any], expected: Mapping[str, Any], precision: Precision) -> str | None:
    """Why the reference's answer is no measure for another's, as a note; None where it is one.

    It is none where the reference disagrees with itself: run again without the seed, or with weights moved as little
    as the number type moves them.
    """
    import torch

    tolerance = tolerance_of(precision)
    if disagreement(reference.infer(inputs)["outputs"], expected, tolerance) is not None:
        return _RANDOM
    generator = torch.Generator().manual_seed(_SEED)
    for parameter in reference.model.parameters():
        if parameter.is_floating_point():
            noise = torch.randn(parameter.shape, generator=generator)
            parameter.data = parameter.data * (1 + _ROUNDING[precision] * noise)
    torch.manual_seed(_SEED)
    moved = reference.infer(inputs)["outputs"]
    return None if disagreement(moved, expected, tolerance) is None else _JUMPS.format(precision)
