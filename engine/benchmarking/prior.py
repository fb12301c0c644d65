"""How long an execution takes where nothing like it ever ran here: from parameters and operations alone.

A stated guess, wide on purpose, so that a time budget can be filled on a new machine. Durations replace it.
"""

from __future__ import annotations

from engine.domain.case import Case, Workload
from engine.domain.model import ModelFacts
from engine.domain.run import Protocol

_OPERATIONS_PER_SECOND = 3e10
"""Of one forward pass: what two ordinary cores do in fp32."""
_BYTES_PER_SECOND = 8e9
"""How fast weights are read; the least that a token takes to make."""
_PARAMETERS_PER_SECOND = 1.5e8
"""How fast random weights are drawn."""
_START_SECONDS = 0.4
"""A process, the model's own code, and a tiny model."""
_COLD_SECONDS = 8.0
"""Importing the libraries in a fresh interpreter."""
_OFF = 3.0
"""The guess is off by this factor, either way."""
_PASSES_BESIDE = 3
"""The first one and those that memory is measured in."""


def likely_seconds(case: Case, facts: ModelFacts | None, protocol: Protocol) -> tuple[float, float]:
    """Low and high; `facts` are those of the model in fp32 at batch size 1, None where it is tiny or unknown."""
    building = 0.0 if facts is None else facts.parameters / _PARAMETERS_PER_SECOND
    middle = _START_SECONDS + building + (_COLD_SECONDS if case.cold else 0.0)
    if case.workload is not Workload.STARTUP:
        once = _pass_seconds(case, facts)
        timed = max(protocol.min_iterations * once, min(protocol.max_seconds, protocol.max_iterations * once))
        middle += timed + (protocol.warmup + _PASSES_BESIDE) * once
    high = min(_OFF * middle, protocol.timeout_seconds)
    return min(middle / _OFF, high), high


def _pass_seconds(case: Case, facts: ModelFacts | None) -> float:
    if facts is None:
        return 0.01
    operations = facts.flops if facts.flops is not None else 2 * facts.parameters * (case.sequence_length or 1)
    once = max(case.batch_size * operations / _OPERATIONS_PER_SECOND, facts.parameter_bytes / _BYTES_PER_SECOND)
    tokens = (case.new_tokens or 0) * facts.parameter_bytes / _BYTES_PER_SECOND
    return (once + tokens) * (case.workers or 1)
