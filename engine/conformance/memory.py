"""What forward passes take at their peak, and what they leave behind."""

from __future__ import annotations

import copy
import gc
from typing import Any

from engine.conformance.finding import Finding, fails, not_applicable, works
from engine.conformance.passes import seed_everything
from engine.conformance.subject import Subject
from engine.domain.skillset_suite import Quantity, Unit
from engine.workloads.activations import activation_watch
from engine.workloads.memory import MemoryMeter

_SETTLED, _LAST = 2, 10
"""Passes after which what is held is compared: the first fill caches, of which the second finds all."""
ALLOWED_TENSOR_BYTES = 0
"""What tensors may come to hold more, from the second pass to the tenth: they are counted to the byte."""
ALLOWED_RESIDENT_BYTES = 256 * 1024
"""By how much resident memory may grow beside them in that time: the heap is never laid out twice alike."""
ALLOWED_PEAK_BYTES = 32 * 2**20
"""What a pass may take at its peak beyond a copy of its weights and twice what it keeps alive."""
_ACTIVATION_FACTOR = 2
_NOT_TOLD = "This system does not tell what memory a process holds."


def try_memory_growth(subject: Subject) -> Finding:
    """Tensors that are reachable by garbage collection, and resident memory: a leak below Python shows in it alone."""
    passes = 0

    def run_to(number: int) -> None:
        nonlocal passes
        for _ in range(number - passes):
            _pass(subject)
        passes = number

    run_to(_SETTLED)
    meter = MemoryMeter()
    before, resident_before = tensor_bytes(), meter.held_bytes()
    run_to(_LAST)
    after, resident_after = tensor_bytes(), meter.held_bytes()
    counted = _LAST - _SETTLED
    tensors = after - before
    measured = [_bytes("tensor_growth_per_pass", tensors / counted)]
    if resident_before is not None and resident_after is not None:
        measured.append(_bytes("resident_growth_per_pass", (resident_after - resident_before) / counted))
    if tensors > ALLOWED_TENSOR_BYTES:
        return fails(
            f"From pass {_SETTLED} to pass {_LAST} tensors came to hold {tensors} bytes more, "
            f"{tensors / counted:.0f} in each.",
            *measured,
        )
    if resident_before is None or resident_after is None:
        return not_applicable(_NOT_TOLD)
    grown = resident_after - resident_before
    if grown > ALLOWED_RESIDENT_BYTES:
        return fails(
            f"From pass {_SETTLED} to pass {_LAST} resident memory grew by {grown // 1024} KiB, "
            f"where {ALLOWED_RESIDENT_BYTES // 1024} KiB are the heap's own play.",
            *measured,
        )
    return works(f"Over {counted} passes; {ALLOWED_RESIDENT_BYTES // 1024} KiB in all are allowed.", *measured)


def try_memory_peak(subject: Subject) -> Finding:
    """The peak of one pass beyond the weights, against their bytes and what the pass keeps alive."""
    meter = MemoryMeter()
    meter.start_pass()
    _pass(subject)
    peak = meter.peak_bytes()
    if peak is None or meter.notes:
        return not_applicable(" ".join(meter.notes) or _NOT_TOLD)
    weights = sum(value.nbytes for value in (*subject.model.parameters(), *subject.model.buffers()))
    activations = _activation_bytes(subject)
    allowed = weights + _ACTIVATION_FACTOR * activations + ALLOWED_PEAK_BYTES
    measured = (
        _bytes("pass_peak", peak),
        _bytes("weights", weights),
        _bytes("activations", activations),
        _bytes("allowed_peak", allowed),
        Quantity(name="peak_per_weights", value=peak / weights if weights else 0.0, unit=Unit.COUNT),
    )
    if peak > allowed:
        return fails(
            f"A pass takes {peak / 2**20:.0f} MiB at its peak; weights of {weights / 2**20:.1f} MiB and values of "
            f"{activations / 2**20:.1f} MiB explain {allowed / 2**20:.0f} MiB.",
            *measured,
        )
    return works(f"{peak / 2**20:.1f} MiB, of {allowed / 2**20:.0f} MiB that are allowed.", *measured)


def tensor_bytes() -> int:
    """Of the storage of all tensors that Python holds; one that several share counts once."""
    import torch

    gc.collect()
    sizes: dict[int, int] = {}
    for found in gc.get_objects():
        # Asked of the class: objects that stand for modules not yet imported would import them when asked themselves.
        if issubclass(type(found), torch.Tensor) and found.layout is torch.strided and found.device.type != "meta":
            storage = found.untyped_storage()
            sizes[storage._cdata] = storage.nbytes()
    return sum(sizes.values())


def _pass(subject: Subject) -> None:
    """One pass of which nothing is kept."""
    seed_everything()
    subject.skillset.infer(copy.deepcopy(subject.inputs))


def _activation_bytes(subject: Subject) -> int:
    import torch

    held: list[Any] = [*subject.model.parameters(), *subject.model.buffers()]
    held += [value for value in subject.inputs.values() if isinstance(value, torch.Tensor)]
    watch = activation_watch(held)
    seed_everything()
    with watch:
        subject.skillset.infer(subject.inputs)
    return int(watch.peak_bytes)


def _bytes(name: str, value: float) -> Quantity:
    return Quantity(name=name, value=value, unit=Unit.BYTES)
