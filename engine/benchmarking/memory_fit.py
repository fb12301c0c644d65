"""How much memory a case will take, estimated before anything is launched."""

from __future__ import annotations

from dataclasses import dataclass

from engine.domain.case import Case, Precision, Workload
from engine.domain.model import ModelFacts

_HALVES = (Precision.FP16, Precision.BF16)
_WEIGHT_SHARE = {**dict.fromkeys(_HALVES, 0.5), Precision.INT8: 0.28, Precision.INT4: 0.16, Precision.INT2: 0.1}
"""Of the weights in fp32, scales included; of the integers by the formats' definitions, not measured."""
_FIXED_BYTES = 2 * 2**20
"""What the first passes take whatever the model: threads' stacks, the libraries' buffers."""
_KEPT_SHARE = 0.9
"""Of the activations: what the allocator holds of freed pieces, because nothing new fits into them."""
_KEPT_MOST_BYTES = 32 * 2**20
"""Larger pieces glibc returns to the system at once, so it keeps no more than about one of that size."""
_UNFOLLOWED_SHARE = 0.12
"""Of the weights: activations of one example where they could not be followed."""
_GRAPH_COPIES = 3
"""Weights while a graph is made: torch's, the graph's own, the runtime's; by construction, not measured."""
_EAGER = ("cpu", "cuda", "rocm", "mps")
"""Backends that run the built model itself."""

_SAFETY = 1.25
"""On what a launch needs: the error that estimates have."""
_PROCESS_BYTES = 256 * 2**20
"""What a case's process writes to beside its model: its own copies of pages shared with the fork server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryEstimate:
    peak_bytes: int
    """What the meter should show: `Metric.PEAK_MEMORY` of the case's workload."""
    building_bytes: int
    """The peak while the model is built, before it runs."""

    @property
    def needed_bytes(self) -> int:
        """What has to be free for a launch, on the safe side."""
        return int(_SAFETY * max(self.peak_bytes, self.building_bytes)) + _PROCESS_BYTES


def least_needed_bytes(facts: ModelFacts) -> int:
    """What has to be free for the least that can be asked of a model: one example in fp32."""
    running = facts.parameter_bytes + _with_kept(_of_one(facts)) + _FIXED_BYTES
    return MemoryEstimate(peak_bytes=running, building_bytes=facts.parameter_bytes).needed_bytes


def estimate_memory(facts: ModelFacts, case: Case) -> MemoryEstimate:
    """Of a case, by the facts of its model in fp32 at batch size 1 and the case's own shape.

    Weights, the inputs and the activations of a batch, and what comes on top whatever the model. A model is built in
    fp32 with random weights and then cast, tensor by tensor, so building takes the weights in fp32.
    """
    copies = case.workers or 1  # each worker is a process with a model of its own
    weights = copies * facts.parameter_bytes
    held = int(weights * _WEIGHT_SHARE.get(case.precision, 1.0))
    running = held + _activations(facts, case) + _FIXED_BYTES
    building = weights if case.backend in _EAGER else _GRAPH_COPIES * weights
    from_the_start = case.workload is Workload.STARTUP
    return MemoryEstimate(
        peak_bytes=max(running, building + _FIXED_BYTES) if from_the_start else running, building_bytes=building
    )


def _of_one(facts: ModelFacts, share: float = 1.0) -> int:
    """One example's inputs and activations, these in numbers of `share` of 4 bytes."""
    followed = facts.activation_bytes
    if followed is None:
        followed = int(_UNFOLLOWED_SHARE * facts.parameter_bytes)
    return facts.input_bytes + int(share * followed)


def _with_kept(activations: int) -> int:
    return activations + int(min(_KEPT_SHARE * activations, _KEPT_MOST_BYTES))


def _activations(facts: ModelFacts, case: Case) -> int:
    of_one = _of_one(facts, 0.5 if case.precision in _HALVES else 1.0)
    if case.new_tokens is not None and case.sequence_length:
        # The cache of keys and values grows by what is generated; the rest of a prompt's pass does not.
        of_one += of_one * case.new_tokens // (case.sequence_length + case.new_tokens)
    return _with_kept(case.batch_size * of_one) * (case.workers or 1)
