"""What a case answered, against eager fp32 on the processor; after all is measured, so that nothing is disturbed.

The reference is built from the same seed (or checkpoint), answers and goes. It also counts the operations of models
that hide theirs: quantised kernels and compiled code are none that the counter knows.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from types import ModuleType
from typing import Any

from engine.benchmarking.model_facts import facts_of
from engine.domain.case import Case, Precision
from engine.domain.model import ModelFacts
from engine.workloads.agreement import disagreement, tolerance_of
from engine.workloads.answer import SEED, Answer, made, said
from engine.workloads.outputs import WrongOutput
from engine.workloads.skillset_module import inputs_of, load_skillset

_OUTPUTS = "Outputs"
_TOKENS = "Generated tokens"
_AGREE = {
    _OUTPUTS: "Outputs agree with eager fp32 within {:.1%} of their scale.",
    _TOKENS: "Generated tokens agree with those of eager fp32, of which {:.1%} may differ.",
}
_RANDOM = "{} were not compared with eager fp32: this model draws random numbers in its forward pass."
_JUMPS = (
    "{} cannot be compared with eager fp32: it gives another answer itself once its weights are rounded as {} "
    "rounds, as models do that choose between near equals (queries, experts, codes)."
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


def hides_operations(case: Case) -> bool:
    return case.precision is Precision.INT8 or case.compiled


def check_against_eager(
    answer: Answer, module: ModuleType, case: Case, *, with_facts: bool
) -> tuple[ModelFacts | None, list[str]]:
    """Notes on the comparison, and the model's facts when asked for; raises WrongOutput when the answers disagree.

    The measured model must be gone by now: where it filled the memory there is room for one.
    """
    gc.collect()
    plain = replace(case, backend="cpu", precision=Precision.FP32, compiled=False, attention=None)
    reference = load_skillset(module, plain, "cpu")
    inputs = inputs_of(reference, plain)
    says = {_OUTPUTS: partial(said, reference, inputs), _TOKENS: partial(made, reference, inputs, case)}
    answers = {_OUTPUTS: answer.outputs} | ({_TOKENS: answer.tokens} if answer.tokens else {})
    expected = {what: says[what]() for what in answers}
    facts, problems = facts_of(reference, inputs) if with_facts else (None, [])
    notes = []
    for what, given in answers.items():
        fault = disagreement(given, expected[what], tolerance_of(case.precision))
        if fault is None:
            notes.append(_AGREE[what].format(tolerance_of(case.precision)))
            continue
        excuse = _excuse(what, reference, says[what], expected[what], case.precision)
        if excuse is None:
            raise WrongOutput(fault)
        notes.append(excuse)
        break  # the reference is spoilt, and tokens are chosen by the outputs
    if facts is None:
        return None, notes
    return replace(facts, parameter_bytes=answer.weight_bytes), [*notes, *problems]


def _excuse(
    what: str, reference: Any, say: Callable[..., Mapping[str, Any]], expected: Mapping[str, Any], precision: Precision
) -> str | None:
    """Why the reference's answer is no measure for another's, as a note; None where it is one.

    It is none where the reference disagrees with itself: run again without the seed, or with weights moved as little
    as the number type moves them.
    """
    import torch

    tolerance = tolerance_of(precision)
    if disagreement(say(seeded=False), expected, tolerance) is not None:
        return _RANDOM.format(what)
    generator = torch.Generator().manual_seed(SEED)
    for parameter in reference.model.parameters():
        if parameter.is_floating_point():
            noise = torch.randn(parameter.shape, generator=generator)
            parameter.data = parameter.data * (1 + _ROUNDING[precision] * noise)
    return None if disagreement(say(), expected, tolerance) is None else _JUMPS.format(what, precision)
