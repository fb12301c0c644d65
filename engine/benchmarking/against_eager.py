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
from engine.workloads.agreement import TOLERANCES, agreement_note, disagreement
from engine.workloads.excuse import SEED, excuse_of
from engine.workloads.outputs import WrongOutput
from engine.workloads.quantized import stored_bytes
from engine.workloads.skillset_module import inputs_of, load_skillset


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

    torch.manual_seed(SEED)
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
    torch.manual_seed(SEED)
    expected = reference.infer(inputs)["outputs"]
    fault, difference = disagreement(answer.outputs, expected, TOLERANCES[case.precision])
    notes = [agreement_note(difference, case.precision)]
    facts, problems = facts_of(reference, inputs) if with_facts else (None, [])
    if fault is not None:
        excuse = excuse_of(reference.model, lambda: reference.infer(inputs)["outputs"], expected, case.precision)
        if excuse is None:
            raise WrongOutput(fault)
        notes = [excuse]
    if facts is None:
        return None, notes
    return replace(facts, parameter_bytes=answer.weight_bytes), [*notes, *problems]
