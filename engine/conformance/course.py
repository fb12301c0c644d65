"""Everything that can be asked of a module in one process: the checks of an examination and the trials of suites."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from engine.conformance.broken_checkpoints import try_broken_weights, try_truncated_weights
from engine.conformance.checks import CHECKS, NEEDS
from engine.conformance.finding import Finding
from engine.conformance.memory import try_memory_growth, try_memory_peak
from engine.conformance.subject import Subject
from engine.conformance.unknown_choices import try_unknown_device, try_unknown_precision, try_unknown_size
from engine.conformance.wrong_inputs import (
    try_beyond_vocabulary,
    try_empty_batch,
    try_missing_input,
    try_not_a_number,
    try_unknown_input,
    try_wrong_dtype,
    try_wrong_rank,
)
from engine.domain.conformance import Check
from engine.domain.skillset_suite import SuiteCheck, Trial

_TRIALS: Mapping[SuiteCheck, Callable[[Subject], Finding]] = {
    Trial.MEMORY_GROWTH: try_memory_growth,
    Trial.MEMORY_PEAK: try_memory_peak,
    Trial.MISSING_INPUT: try_missing_input,
    Trial.UNKNOWN_INPUT: try_unknown_input,
    Trial.WRONG_DTYPE: try_wrong_dtype,
    Trial.WRONG_RANK: try_wrong_rank,
    Trial.BEYOND_VOCABULARY: try_beyond_vocabulary,
    Trial.NOT_A_NUMBER: try_not_a_number,
    Trial.EMPTY_BATCH: try_empty_batch,
    Trial.UNKNOWN_DEVICE: try_unknown_device,
    Trial.UNKNOWN_PRECISION: try_unknown_precision,
    Trial.UNKNOWN_SIZE: try_unknown_size,
    Trial.BROKEN_WEIGHTS: try_broken_weights,
    Trial.TRUNCATED_WEIGHTS: try_truncated_weights,
}

CHECKS_AND_TRIALS: Mapping[SuiteCheck, Callable[[Subject], Finding]] = {
    **{check: make for check, make in CHECKS.items()},
    **_TRIALS,
}
"""Without those that are about how a process ends, which none can make of itself."""

NEEDS_OF_ALL: Mapping[SuiteCheck, tuple[SuiteCheck, ...]] = {
    # What a model is like after a refusal shows in a pass, whatever was refused.
    **{check: needs for check, needs in NEEDS.items()},
    **{trial: (Check.FORWARD,) for trial in Trial},
}


def all_with_needs(checks: Collection[SuiteCheck]) -> tuple[SuiteCheck, ...]:
    """These checks and all that they need, in order."""
    order: tuple[SuiteCheck, ...] = (*Check, *Trial)
    wanted = set(checks)
    for check in reversed(order):
        if check in wanted:
            wanted.update(NEEDS_OF_ALL.get(check, ()))
    return tuple(check for check in order if check in wanted)
