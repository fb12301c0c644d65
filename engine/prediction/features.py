"""What the predictor knows of a case before it runs: logarithms of its size, so that ratios become distances."""

from __future__ import annotations

from dataclasses import replace
from math import log

from engine.domain.case import Case, Precision
from engine.domain.model import ModelFacts

FEATURES = (
    "log operations",
    "log parameter bytes",
    "log input bytes",
    "log batch size",
    "log operations per parameter",
    "reduced precision",
)


def feature_vector(case: Case, facts: ModelFacts) -> tuple[float, ...]:
    """One number per entry of FEATURES.

    A model whose operations cannot be counted is given two per parameter and item, the cost of one matrix product
    with every weight; its mixed counting is why such cases lie apart in the space rather than on top of others.
    """
    operations = facts.flops or 2 * facts.parameters * case.batch_size
    return (
        log(max(operations, 1)),
        log(max(facts.parameter_bytes, 1)),
        log(max(facts.input_bytes, 1)),
        log(case.batch_size),
        log(max(operations, 1) / max(facts.parameters, 1)),
        0.0 if case.precision is Precision.FP32 else 1.0,
    )


def facts_at_batch(facts_of_one: ModelFacts, batch_size: int) -> ModelFacts:
    """Facts of a larger batch from those of batch size 1: operations and inputs grow with the batch, weights do not."""
    return replace(
        facts_of_one,
        flops=None if facts_of_one.flops is None else facts_of_one.flops * batch_size,
        input_bytes=facts_of_one.input_bytes * batch_size,
    )
