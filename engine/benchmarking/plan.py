"""From a request to the executions that will take place, in order, and what is left out and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from engine.benchmarking.budget import in_teaching_order, within_budget
from engine.benchmarking.eta import History, Past, total_as_known
from engine.benchmarking.memory_fit import FreeMemory, MemoryEstimate, estimate_memory, shortage
from engine.benchmarking.prior import likely_seconds
from engine.catalog.chosen import ChosenModel
from engine.catalog.shapes import SequenceUnit, sequence_unit
from engine.domain.against import Against
from engine.domain.case import Case, Precision, Workload
from engine.domain.hardware import BackendStatus
from engine.domain.model import ModelFacts, ModelType, Size
from engine.domain.result import Failure, FailureKind
from engine.domain.run import NEW_TOKENS, WORKERS, Plan, PlannedCase, RunRequest, SizeChoice, SkippedCase
from engine.graphs.limits import refusal_of

MOST_PARAMETERS = 500_000_000
"""Above, `auto` chooses the tiny size however much memory there is: a person waits for the result."""

Shape = Callable[[ModelType, str], tuple[int | None, int | None]]
"""Default sequence length and image size of a type at a size."""
Facts = Mapping[tuple[str, str], ModelFacts]
"""By model type and size, in fp32 at batch size 1 and the sequence length asked for."""
_NEVER_MEASURED: Mapping[str, datetime] = {}


def plan_cases(
    request: RunRequest,
    models: Sequence[ChosenModel],
    shape_of: Shape,
    backends: Mapping[str, BackendStatus],
    facts: Facts,
    memory: FreeMemory,
    already_measured: set[str],
    durations: History,
    last_measured: Mapping[str, datetime] = _NEVER_MEASURED,
) -> Plan:
    """Every combination the request asks for, planned or left out with a reason.

    `facts` are of each type's default size and of each checkpoint asked for; a type without them counts as unknown
    and runs tiny under `auto`. `already_measured` are case ids that incremental mode leaves out; empty for any other
    run. `last_measured`, by case id, matters to a budget alone.
    Order: rounds of one process per case, so that drift of the machine touches all cases alike and every case has
    a first figure soon; within a round small models before large and small batches before large. Under a budget a
    round begins with what teaches most, and what the time should not reach comes last. In a run in pairs, which has
    no budget, the two of a pair are neighbours, in the other order in every second round; neither is left out alone,
    nor as known: what was measured at another time makes no pair. Raises InvalidValue for a budget that is too short
    for any case.
    """
    groups: list[tuple[Case, ...]] = []
    skipped: list[SkippedCase] = []
    types = {chosen.model.name: chosen.model for chosen in models}
    for case in _cases(request, models, shape_of, facts, memory):
        model, known = types[case.model_type], already_measured if request.against is None else set()
        group = (case,) if request.against is None else _pair(case, request.against, model)
        failures = [
            _no_difference(group, request.against, model)
            or _obstacle(one, backends, _of(one, facts), memory, known)
            or _impossible(one, model)
            for one in group
        ]
        if not any(failures):
            groups.append(group)
        else:
            skipped += _left_out(group, failures)
    ordered = sorted(groups, key=lambda group: _cost(group[0], _of(group[0], facts)))
    if request.budget_seconds is not None:
        ordered = [(case,) for case in in_teaching_order([case for (case,) in ordered], last_measured)]
    past = Past(durations)
    seen = {case: past.seconds(case) for group in ordered for case in group}
    seconds = {case: known or likely_seconds(case, _of(case, facts), request.protocol) for case, known in seen.items()}
    planned = tuple(
        PlannedCase(
            case=case,
            repetition=repetition,
            estimated_seconds=seconds[case],
            estimated_bytes=_peak_bytes(case, _of(case, facts)),
        )
        for repetition in range(request.protocol.processes)
        for group in ordered
        for case in (group if repetition % 2 == 0 else reversed(group))
    )
    if request.budget_seconds is not None:
        planned = within_budget(planned, request.budget_seconds)
    reached = [item.case for item in planned if item.in_budget]
    low, high = total_as_known(reached, seconds)
    return Plan(
        planned=planned,
        skipped=tuple(skipped),
        estimated_seconds=(low, high) if request.budget_seconds is None else _capped(low, high, request.budget_seconds),
        is_guess=any(seen[case] is None for case in reached),
        unchecked=memory.unknown(item.case.backend for item in planned if _of(item.case, facts) is not None),
    )


def _capped(low: float, high: float, budget_seconds: float) -> tuple[float, float]:
    return min(low, budget_seconds), min(high, budget_seconds)


def _estimate(case: Case, facts: ModelFacts | None) -> MemoryEstimate | None:
    return None if facts is None else estimate_memory(facts, case)


def _peak_bytes(case: Case, facts: ModelFacts | None) -> int | None:
    estimate = _estimate(case, facts)
    return None if estimate is None else estimate.peak_bytes


def _cases(
    request: RunRequest,
    models: Sequence[ChosenModel],
    shape_of: Shape,
    facts: Facts,
    memory: FreeMemory,
) -> list[Case]:
    found: dict[Case, None] = {}
    for chosen in models:
        model = chosen.model
        of_default = facts.get((model.name, Size.DEFAULT))
        size = chosen.size or _size(request, of_default, memory)
        sequence_length, image_size = shape_of(model, size)
        weights, task = chosen.weights, chosen.task
        if weights is not None:
            sequence_length = _within(sequence_length, weights.longest_sequence)
            image_size = None if image_size is None else weights.image_size or image_size
        if request.sequence_length is not None and sequence_unit(model) is SequenceUnit.TOKENS:
            sequence_length = request.sequence_length
        for backend in request.backends:
            for precision in request.precisions:
                for workload in request.workloads:
                    for batch_size in sorted(set(request.batch_sizes)):
                        case = Case(
                            model_type=model.name,
                            family=model.family,
                            task=task,
                            size=size,
                            backend=backend,
                            precision=precision,
                            batch_size=batch_size,
                            workload=workload,
                            sequence_length=sequence_length,
                            image_size=image_size,
                            threads=request.threads,
                            cold=request.cold,
                            new_tokens=(request.new_tokens or NEW_TOKENS) if workload is Workload.GENERATION else None,
                            workers=(request.workers or WORKERS) if workload is Workload.CONCURRENCY else None,
                            compiled=request.compiled,
                            attention=request.attention,
                            checkpoint=None if weights is None else weights.name,
                            checkpoint_digest=None if weights is None else weights.digest,
                        )
                        found.setdefault(case)
    return list(found)


def _pair(case: Case, against: Against, model: ModelType) -> tuple[Case, ...]:
    """The case and its partner, as `against` alone makes it; alone where there is none to measure."""
    new = against.applied_to(case)
    return (case,) if new == case or _is_of_another_unit(new, case, model) else (case, new)


def _is_of_another_unit(new: Case, case: Case, model: ModelType) -> bool:
    """Whether the partner would have a length in tokens where the type counts something else."""
    return new.sequence_length != case.sequence_length and sequence_unit(model) is not SequenceUnit.TOKENS


def _left_out(group: tuple[Case, ...], failures: Sequence[Failure | None]) -> list[SkippedCase]:
    """All of a group; one that could run alone says why it does not."""
    why = next(failure for failure in failures if failure is not None)
    with_partner = replace(why, reason=f"Left out with its partner: {why.reason}")
    return [SkippedCase(case=one, failure=own or with_partner) for one, own in zip(group, failures, strict=True)]


def _no_difference(group: tuple[Case, ...], against: Against | None, model: ModelType) -> Failure | None:
    if against is None or len(group) == 2:
        return None
    reason = f"{group[0].model} is the same in both configurations: {against.text} changes nothing of it."
    if _is_of_another_unit(against.applied_to(group[0]), group[0], model):
        reason = (
            f"A length of {against.sequence_length} tokens means nothing to {group[0].model}, whose length is in "
            f"{sequence_unit(model)}; measure its pairs in a run without sequence-length."
        )
    return Failure(kind=FailureKind.NOT_AVAILABLE, reason=reason)


def _within(length: int | None, most: int | None) -> int | None:
    return length if length is None or most is None else min(length, most)


def _of(case: Case, facts: Facts) -> ModelFacts | None:
    """Those of the case's model at its size; tiny ones are not counted, because they always fit."""
    return facts.get((case.model_type, case.size))


def _size(request: RunRequest, facts: ModelFacts | None, memory: FreeMemory) -> Size:
    """One for all backends, so that they can be compared."""
    if request.size is not SizeChoice.AUTO:
        return Size(request.size.value)
    if facts is None or facts.parameters > MOST_PARAMETERS or not memory.holds_least_of(facts, request.all_backends):
        return Size.TINY
    return Size.DEFAULT


def _obstacle(
    case: Case,
    backends: Mapping[str, BackendStatus],
    facts: ModelFacts | None,
    memory: FreeMemory,
    already_measured: set[str],
) -> Failure | None:
    status = backends.get(case.backend)
    if status is None or not status.available:
        reason = status.reason if status is not None and status.reason else "It was not detected."
        return Failure(kind=FailureKind.NOT_AVAILABLE, reason=f"Backend {case.backend} cannot run here: {reason}")
    if case.precision.value not in status.precisions:
        known = ", ".join(status.precisions)
        why = status.refused.get(case.precision.value)
        reason = f"{case.backend} does not run {case.precision} here{f' ({why})' if why else ''}; it runs {known}."
        return Failure(kind=FailureKind.NOT_AVAILABLE, reason=reason)
    if case.case_id in already_measured:
        return Failure(kind=FailureKind.ALREADY_MEASURED, reason="Measured here within the last 7 days.")
    estimate = _estimate(case, facts)
    short = None if estimate is None else shortage(estimate, case, memory)
    if facts is not None and short is not None:
        each = f" for {case.workers} workers with a model each" if case.workers else ""
        reason = (
            f"Needs about {short.needed_bytes / 2**30:.1f} GiB{each} ({facts.parameters / 1e6:,.0f} M parameters); "
            f"{short.free_bytes / 2**30:.1f} GiB are free{short.where}."
        )
        return Failure(kind=FailureKind.DOES_NOT_FIT, reason=reason)
    return None


def _impossible(case: Case, model: ModelType) -> Failure | None:
    """What this type cannot do anywhere, and what its backend cannot do with any type."""
    if (refusal := refusal_of(case)) is not None:
        return Failure(kind=FailureKind.NOT_AVAILABLE, reason=refusal)
    if case.workload is Workload.GENERATION and "generates" not in model.traits:
        reason = (
            f"{model.name} has no generate() that makes as many tokens as it is asked for; "
            "measure its forward passes with the workload inference."
        )
        return Failure(kind=FailureKind.NOT_AVAILABLE, reason=reason)
    if case.size == Size.DEFAULT and model.default_problem is not None:
        return Failure(kind=FailureKind.NOT_AVAILABLE, reason=f"{model.default_problem}, or measure it tiny.")
    return None


def _cost(case: Case, facts: ModelFacts | None) -> tuple[object, ...]:
    weight = facts.parameters if facts is not None else 0
    return (
        weight,
        case.model_type,
        list(Workload)[::-1].index(case.workload),
        list(Precision).index(case.precision),
        case.backend,
        case.batch_size,
    )
