"""How much memory a case will take, estimated before anything is launched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from engine.domain.case import Case, Precision, Workload
from engine.domain.model import ModelFacts

_HALVES = (Precision.FP16, Precision.BF16)
_WEIGHT_SHARE = {**dict.fromkeys(_HALVES, 0.5), Precision.INT8: 0.28, Precision.INT4: 0.16, Precision.INT2: 0.1}
"""Of the weights in fp32, scales included; of the integers by the formats' definitions, not measured."""
_FIXED_BYTES = 2**20
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
_CONTEXT_BYTES = 512 * 2**20
"""What driver and libraries take on a GPU beside tensors, for each process; not measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeMemory:
    """What new processes may take, on the machine and on devices with memory of their own."""

    host_bytes: int
    by_backend: Mapping[str, int | None] = field(default_factory=dict)
    """Free on the device of each backend that has such memory; None where nobody tells."""

    def unknown(self, backends: Iterable[str]) -> tuple[str, ...]:
        """Those of `backends` on whose device nobody tells what is free, so that no fit can be checked."""
        known = self.by_backend
        return tuple(sorted(name for name in set(backends) if name in known and known[name] is None))

    def holds_least_of(self, facts: ModelFacts, backends: Iterable[str]) -> bool:
        """Whether one example in fp32 fits the machine, and each device of `backends` that is known."""
        estimate = _least(facts)
        free = [self.by_backend.get(name) for name in backends]
        return estimate.needed_bytes <= self.host_bytes and all(
            estimate.needed_on_device(1) <= one for one in free if one is not None
        )


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

    @property
    def needed_to_build_bytes(self) -> int:
        """What has to be free on the machine for a model that is built there and runs on a device."""
        return int(_SAFETY * self.building_bytes) + _PROCESS_BYTES

    def needed_on_device(self, processes: int) -> int:
        """What has to be free on a device with memory of its own, where a model arrives in fp32 and is cast."""
        return int(_SAFETY * max(self.peak_bytes, self.building_bytes)) + processes * _CONTEXT_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortage:
    """More is needed than there is."""

    needed_bytes: int
    free_bytes: int
    where: str
    """What follows "are free" in a sentence: nothing for the machine's memory, else of which it is."""


def shortage(estimate: MemoryEstimate, case: Case, free: FreeMemory) -> Shortage | None:
    """What keeps a case from being launched; None where it fits, or where nobody tells what is free.

    A model that runs on a device with memory of its own is built in that of the machine, so both have to suffice.
    """
    if case.backend not in free.by_backend:
        return _short(estimate.needed_bytes, free.host_bytes, "")
    on_device = _short(estimate.needed_on_device(case.workers or 1), free.by_backend[case.backend], " on the GPU")
    return on_device or _short(estimate.needed_to_build_bytes, free.host_bytes, " to build it in")


def _short(needed_bytes: int, free_bytes: int | None, where: str) -> Shortage | None:
    if free_bytes is None or needed_bytes <= free_bytes:
        return None
    return Shortage(needed_bytes=needed_bytes, free_bytes=free_bytes, where=where)


def _least(facts: ModelFacts) -> MemoryEstimate:
    running = facts.parameter_bytes + _with_kept(_of_one(facts)) + _FIXED_BYTES
    return MemoryEstimate(peak_bytes=running, building_bytes=facts.parameter_bytes)


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
