"""What a case answered, against eager fp32 on the processor; after all is measured, so that nothing is disturbed.

The reference is built from the same seed (or checkpoint), answers and goes. It also counts the operations of models
that hide theirs: quantised kernels and compiled code are none that the counter knows.
"""

from __future__ import annotations

import gc
from dataclasses import replace
from functools import partial
from types import ModuleType

from engine.benchmarking.model_facts import facts_of
from engine.domain.case import Case, Precision
from engine.domain.model import ModelFacts
from engine.workloads.agreement import TOLERANCES, agreement_note, disagreement, misfit
from engine.workloads.allocator import return_freed_memory
from engine.workloads.answer import Answer, made, said
from engine.workloads.excuse import excuse_of
from engine.workloads.outputs import WrongOutput
from engine.workloads.skillset_module import inputs_of, load_skillset

_OUTPUTS = "Outputs"
_TOKENS = "Generated tokens"
_TOKENS_AGREE = "Generated tokens agree with those of eager fp32, of which {:.1%} may differ in {}."


def hides_operations(case: Case) -> bool:
    return case.precision is Precision.INT8 or case.compiled


def check_against_eager(
    answer: Answer, module: ModuleType, case: Case, *, with_facts: bool
) -> tuple[ModelFacts | None, list[str]]:
    """Notes on the comparison, and the model's facts when asked for; raises WrongOutput when the answers disagree.

    The measured model must be gone by now: where it filled the memory there is room for one.
    """
    gc.collect()
    return_freed_memory()
    plain = replace(case, backend="cpu", precision=Precision.FP32, compiled=False, attention=None)
    reference = load_skillset(module, plain, "cpu")
    inputs = inputs_of(reference, plain)
    says = {_OUTPUTS: partial(said, reference, inputs), _TOKENS: partial(made, reference, inputs, case)}
    answers = {_OUTPUTS: answer.outputs} | ({_TOKENS: answer.tokens} if answer.tokens else {})
    expected = {what: says[what]() for what in answers}
    facts, problems = facts_of(reference, inputs) if with_facts else (None, [])
    notes = []
    tolerance = TOLERANCES[case.precision]
    for what, given in answers.items():
        fault, difference = disagreement(given, expected[what], tolerance)
        if fault is None:
            agree = _TOKENS_AGREE.format(tolerance.typical, case.precision)
            notes.append(agreement_note(difference, case.precision) if what == _OUTPUTS else agree)
            continue
        if misfit(given, expected[what]) is not None:
            raise WrongOutput(fault)
        excuse = excuse_of(reference.model, partial(says[what], seeded=False), expected[what], case.precision, what)
        if excuse is None:
            raise WrongOutput(fault)
        notes.append(excuse)
        break  # the reference is spoilt, and tokens are chosen by the outputs
    if facts is None:
        return None, notes
    return replace(facts, parameter_bytes=answer.weight_bytes), [*notes, *problems]
