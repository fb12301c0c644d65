"""What a request comes to, worked out by hand: order, rounds, and what is left out and why."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from engine.benchmarking.memory_fit import FreeMemory, estimate_memory
from engine.benchmarking.plan import MOST_PARAMETERS, plan_cases
from engine.catalog.chosen import ChosenModel
from engine.domain.against import Against, partner_of
from engine.domain.case import Precision, Workload
from engine.domain.model import ModelFacts, ModelType, Size
from engine.domain.result import FailureKind
from engine.domain.run import WORKERS, Plan, RunRequest, SizeChoice
from tests.builders import a_backend_status, a_case, a_model, a_protocol, a_request, some_facts

GIB = 2**30
BACKENDS = {"cpu": a_backend_status("cpu"), "cuda": a_backend_status("cuda", available=False)}


def facts_of(millions: float) -> ModelFacts:
    return some_facts(parameters=int(millions * 1e6), parameter_bytes=int(4e6 * millions))


FACTS = {
    ("bert", "default"): facts_of(110),
    ("bert", "bert-large-uncased"): facts_of(335),
    ("vit", "default"): facts_of(86),
    ("llama", "default"): facts_of(6738),
    ("llama", "Llama-3.1-8B"): facts_of(8030),
}


def gib(model: str, size: str) -> str:
    """What one example of it needs; test_memory_fit.py does that sum by hand."""
    return f"{estimate_memory(FACTS[model, size], a_case()).needed_bytes / GIB:.1f} GiB"


CHECKPOINTS = {"bert-large-uncased": "bert", "Llama-3.1-8B": "llama"}
LENGTHS = {"vit": (None, None), "wav2vec2": ("samples", 16_000)}
"""Unit and default of the types that do not take 128 tokens."""


def shape_of(model: ModelType, size: str) -> tuple[int | None, int | None]:
    return LENGTHS.get(model.name, ("tokens", 128))[1], None


def planned(
    request: RunRequest,
    *,
    memory: int = 16 * GIB,
    measured: frozenset[str] = frozenset(),
    on_device: Mapping[str, int | None] | None = None,
) -> Plan:
    """`on_device`: free memory of devices with some of their own, which are here then."""
    backends = BACKENDS | {name: a_backend_status(name) for name in on_device or {}}
    free = FreeMemory(host_bytes=memory, by_backend=on_device or {})
    models = [
        ChosenModel(
            model=a_model(
                CHECKPOINTS.get(name, name),
                sequence_unit=LENGTHS.get(name, ("tokens", 128))[0],
                traits=("generates",) if name == "gpt2" else (),
            ),
            size=name if name in CHECKPOINTS else None,
        )
        for name in request.models
    ]
    return plan_cases(request, models, shape_of, backends, FACTS, free, set(measured), [])


def test_rounds_go_through_every_case_before_any_is_measured_again():
    plan = planned(a_request("bert", "vit", batch_sizes=(8, 1), protocol=a_protocol(processes=3)))
    order = [(item.repetition, item.case.model_type, item.case.batch_size) for item in plan.planned]
    one_round = [("vit", 1), ("vit", 8), ("bert", 1), ("bert", 8)]
    assert order == [(repetition, *case) for repetition in range(3) for case in one_round]


def test_batch_sizes_of_one_model_follow_each_other_from_small_to_large():
    request = a_request("bert", "vit", batch_sizes=(4, 1, 2), precisions=(Precision.FP32, Precision.BF16))
    for _, series in groupby(planned(request).planned, lambda item: (item.case.model_type, item.case.precision)):
        assert [item.case.batch_size for item in series] == [1, 2, 4]


def test_a_case_asked_for_twice_is_planned_once():
    assert len(planned(a_request("bert", "bert", batch_sizes=(1, 1))).planned) == 1


def test_auto_takes_the_default_size_where_it_fits_and_is_not_too_long_a_wait():
    sizes = {item.case.model_type: item.case.size for item in planned(a_request("bert", "llama")).planned}
    assert FACTS["llama", "default"].parameters > MOST_PARAMETERS
    assert sizes == {"bert": Size.DEFAULT, "llama": Size.TINY}
    little = planned(a_request("bert"), memory=estimate_memory(FACTS["bert", "default"], a_case()).needed_bytes - 1)
    assert [item.case.size for item in little.planned] == [Size.TINY]


def test_auto_runs_tiny_what_nobody_could_count():
    assert [item.case.size for item in planned(a_request("gpt2")).planned] == [Size.TINY]


def test_the_default_size_asked_for_by_name_is_left_out_when_it_does_not_fit():
    plan = planned(a_request("llama", size=SizeChoice.DEFAULT))
    (left_out,) = plan.skipped
    assert (plan.planned, left_out.failure.kind) == ((), FailureKind.DOES_NOT_FIT)
    assert left_out.failure.reason == f"Needs about {gib('llama', 'default')} (6,738 M parameters); 16.0 GiB are free."


def test_every_worker_needs_room_for_a_model_of_its_own():
    memory = int(1.5 * estimate_memory(FACTS["bert", "default"], a_case()).needed_bytes)
    workloads = (Workload.CONCURRENCY, Workload.INFERENCE)
    plan = planned(a_request("bert", size=SizeChoice.DEFAULT, workloads=workloads, batch_sizes=(1,)), memory=memory)
    assert [item.case.workload for item in plan.planned] == [Workload.INFERENCE]
    (left_out,) = plan.skipped
    assert " GiB for 2 workers with a model each (110 M parameters); " in left_out.failure.reason


def on_cuda(name: str = "bert", **changes: Any) -> RunRequest:
    return a_request(name, size=SizeChoice.DEFAULT, backends=("cuda",), **changes)


def test_what_runs_on_a_gpu_has_to_fit_its_memory_and_not_that_of_the_machine():
    fits = planned(on_cuda(), memory=GIB, on_device={"cuda": 16 * GIB})
    assert [item.case.backend for item in fits.planned] == ["cuda"]
    (left_out,) = planned(on_cuda(), memory=64 * GIB, on_device={"cuda": GIB}).skipped
    assert left_out.failure.kind is FailureKind.DOES_NOT_FIT
    assert left_out.failure.reason.endswith(" GiB (110 M parameters); 1.0 GiB are free on the GPU.")


def test_a_model_for_a_gpu_is_built_in_the_machines_memory():
    (left_out,) = planned(on_cuda(), memory=GIB // 2, on_device={"cuda": 16 * GIB}).skipped
    assert left_out.failure.reason.endswith("; 0.5 GiB are free to build it in.")


def test_a_gpu_whose_free_memory_nobody_tells_is_planned_unchecked_and_named():
    plan = planned(on_cuda("llama"), memory=64 * GIB, on_device={"cuda": None})
    assert (len(plan.planned), plan.unchecked) == (1, ("cuda",))
    assert planned(on_cuda("llama"), memory=64 * GIB, on_device={"cuda": 64 * GIB}).unchecked == ()
    assert planned(a_request("bert"), on_device={"cuda": None}).unchecked == ()


def test_auto_takes_one_size_that_fits_the_gpu_too():
    request = a_request("bert", backends=("cpu", "cuda"))
    assert {item.case.size for item in planned(request, on_device={"cuda": 2 * GIB}).planned} == {Size.DEFAULT}
    assert {item.case.size for item in planned(request, on_device={"cuda": GIB}).planned} == {Size.TINY}


def test_a_checkpoint_is_planned_at_its_own_size_beside_its_type():
    plan = planned(a_request("bert-large-uncased", "bert", "vit"))
    order = [(item.case.model_type, item.case.size, item.case.label) for item in plan.planned]
    assert order == [
        ("vit", "default", "vit cpu fp32 batch 1"),
        ("bert", "default", "bert cpu fp32 batch 1"),
        ("bert", "bert-large-uncased", "bert-large-uncased cpu fp32 batch 1"),
    ]


def test_a_checkpoint_that_does_not_fit_is_left_out_by_its_own_parameters_and_never_run_tiny():
    plan = planned(a_request("Llama-3.1-8B", "bert-large-uncased"))
    assert [item.case.size for item in plan.planned] == ["bert-large-uncased"]
    (left_out,) = plan.skipped
    assert (left_out.case.size, left_out.failure.kind) == ("Llama-3.1-8B", FailureKind.DOES_NOT_FIT)
    needed = gib("llama", "Llama-3.1-8B")
    assert left_out.failure.reason == f"Needs about {needed} (8,030 M parameters); 16.0 GiB are free."


def test_a_backend_or_precision_that_is_not_here_is_left_out_with_the_reason():
    plan = planned(a_request("bert", backends=("cpu", "cuda"), precisions=(Precision.FP32, Precision.INT8)))
    assert [(item.case.backend, item.case.precision) for item in plan.planned] == [("cpu", Precision.FP32)]
    reasons = {(left.case.backend, str(left.case.precision)): left.failure.reason for left in plan.skipped}
    assert reasons["cpu", "int8"] == "cpu does not run int8 here; it runs fp32, bf16."
    assert reasons["cuda", "fp32"] == "Backend cuda cannot run here: No cuda device was found."
    assert {left.failure.kind for left in plan.skipped} == {FailureKind.NOT_AVAILABLE}


def test_a_precision_that_somebody_may_expect_is_left_out_with_why():
    why = "its kernels convert to fp32 and back"
    backends = {"cpu": a_backend_status("cpu", refused={"fp16": why})}
    request = a_request("bert", precisions=(Precision.FP16,), batch_sizes=(1,))
    plan = plan_cases(
        request,
        [ChosenModel(model=a_model("bert"), size=None)],
        lambda *_: (128, None),
        backends,
        FACTS,
        FreeMemory(host_bytes=GIB),
        set(),
        [],
    )
    assert [left.failure.reason for left in plan.skipped] == [
        f"cpu does not run fp16 here ({why}); it runs fp32, bf16."
    ]


def test_what_was_measured_already_is_left_out_and_the_rest_planned():
    first = planned(a_request("bert", batch_sizes=(1, 8)))
    known = frozenset({first.planned[0].case.case_id})
    plan = planned(a_request("bert", batch_sizes=(1, 8)), measured=known)
    assert [item.case.batch_size for item in plan.planned] == [8]
    assert [(left.case.batch_size, left.failure.kind) for left in plan.skipped] == [(1, FailureKind.ALREADY_MEASURED)]


def test_a_sequence_length_goes_to_types_that_read_tokens_only():
    cases = [item.case for item in planned(a_request("bert", "vit", "wav2vec2", sequence_length=64)).planned]
    assert {case.model_type: case.sequence_length for case in cases} == {"bert": 64, "vit": None, "wav2vec2": 16_000}


def test_tokens_and_workers_go_to_their_own_workloads():
    request = a_request("gpt2", workloads=tuple(Workload), batch_sizes=(1,), new_tokens=8, compiled=True)
    cases = {item.case.workload: item.case for item in planned(request).planned}
    assert {workload: case.new_tokens for workload, case in cases.items()} == {
        Workload.GENERATION: 8,
        **dict.fromkeys((Workload.STARTUP, Workload.INFERENCE, Workload.CONCURRENCY)),
    }
    assert [workload for workload, case in cases.items() if case.workers == WORKERS] == [Workload.CONCURRENCY]
    assert all(case.compiled for case in cases.values())


def test_a_type_that_generates_nothing_is_left_out_of_generation():
    plan = planned(a_request("bert", workloads=(Workload.GENERATION, Workload.INFERENCE), batch_sizes=(1,)))
    assert {item.case.workload for item in plan.planned} == {Workload.INFERENCE}
    (left_out,) = plan.skipped
    assert left_out.failure.kind is FailureKind.NOT_AVAILABLE
    assert left_out.failure.reason.startswith("bert has no generate() that makes as many tokens")


def test_threads_cold_and_workloads_reach_the_cases():
    request = a_request("bert", workloads=(Workload.STARTUP, Workload.INFERENCE), threads=2, cold=True)
    cases = [item.case for item in planned(request).planned]
    assert [case.workload for case in cases] == [Workload.INFERENCE, Workload.STARTUP]
    assert all(case.threads == 2 and case.cold for case in cases)


def test_a_batch_that_does_not_fit_is_left_out_and_a_smaller_one_runs():
    facts = FACTS["bert", "default"]
    large = 4096
    plan = planned(a_request("bert", batch_sizes=(1, large)), memory=2 * estimate_memory(facts, a_case()).needed_bytes)
    assert [(item.case.size, item.case.batch_size) for item in plan.planned] == [(Size.DEFAULT, 1)]
    assert [(left.case.batch_size, left.failure.kind) for left in plan.skipped] == [(large, FailureKind.DOES_NOT_FIT)]


def test_every_planned_case_says_what_memory_it_should_take_unless_it_is_tiny():
    plan = planned(a_request("bert", "llama"))
    assert {item.case.model_type: item.estimated_bytes is None for item in plan.planned} == {
        "bert": False,
        "llama": True,
    }


def test_without_a_past_the_time_is_a_guess_and_still_a_range():
    plan = planned(a_request("bert"))
    assert plan.is_guess and plan.estimated_seconds is not None
    low, high = plan.estimated_seconds
    assert 0 < low < high


def test_a_budget_puts_each_model_first_and_what_it_does_not_reach_last():
    request = a_request("bert", "vit", batch_sizes=(1, 8), protocol=a_protocol(processes=2), budget_seconds=8.0)
    plan = planned(request)
    order = [(item.repetition, item.case.model_type, item.case.batch_size) for item in plan.planned]
    assert order[:2] == [(0, "vit", 1), (0, "bert", 1)]
    reached = [item.in_budget for item in plan.planned]
    assert reached == sorted(reached, reverse=True) and len(set(reached)) == 2
    assert plan.estimated_seconds is not None and plan.estimated_seconds[1] <= 8.0
    assert len(plan.planned) == 8, "what is not reached stays planned: it runs if there is time"


def test_a_budget_composes_with_what_was_measured_already():
    first = planned(a_request("bert", batch_sizes=(1, 8)))
    known = frozenset({first.planned[0].case.case_id})
    plan = planned(a_request("bert", batch_sizes=(1, 8), budget_seconds=600.0), measured=known)
    assert [item.case.batch_size for item in plan.planned] == [8]


def test_the_two_of_a_pair_are_neighbours_and_change_places_every_round():
    request = a_request(
        "bert", batch_sizes=(8, 1), against=Against(precision=Precision.BF16), protocol=a_protocol(processes=3)
    )
    order = [(item.repetition, item.case.batch_size, item.case.precision) for item in planned(request).planned]
    first, second = Precision.FP32, Precision.BF16
    there = [(1, first), (1, second), (8, first), (8, second)]
    back = [(1, second), (1, first), (8, second), (8, first)]
    assert order == [(number, *one) for number, turn in enumerate((there, back, there)) for one in turn]


def test_a_case_that_cannot_run_is_left_out_with_its_partner():
    plan = planned(a_request("bert", against=Against(precision=Precision.INT8)))
    assert plan.planned == ()
    why = "cpu does not run int8 here; it runs fp32, bf16."
    assert {item.case.precision: item.failure.reason for item in plan.skipped} == {
        Precision.FP32: f"Left out with its partner: {why}",
        Precision.INT8: why,
    }


def test_pairs_are_measured_anew_whatever_was_measured_before():
    request = a_request("bert", against=Against(precision=Precision.BF16))
    known = frozenset(item.case.case_id for item in planned(request).planned)
    assert len(known) == 2
    assert len(planned(request, measured=known).planned) == 2


def test_a_type_that_does_not_differ_makes_no_pair():
    plan = planned(a_request("bert", "vit", against=Against(sequence_length=64)))
    assert [(item.case.model_type, item.case.sequence_length) for item in plan.planned] == [("bert", 128), ("bert", 64)]
    (left_out,) = plan.skipped
    assert left_out.case.model_type == "vit" and "sequence-length=64 changes nothing of it" in left_out.failure.reason


def test_the_partner_that_is_planned_is_the_one_that_everybody_finds():
    against = Against(precision=Precision.BF16, sequence_length=64)
    plan = planned(a_request("bert", "vit", "wav2vec2", against=against))
    cases = [item.case for item in plan.planned]
    assert [(case.model_type, case.sequence_length) for case in cases] == [
        *(("vit", None), ("vit", None), ("bert", 128), ("bert", 64)),
    ]
    for base, new in zip(cases[::2], cases[1::2], strict=True):
        assert partner_of(against, base, []) == new and partner_of(against, new, [base]) == base
    (left_out,) = plan.skipped
    assert (left_out.case.model_type, left_out.case.sequence_length) == ("wav2vec2", 16_000)
    assert left_out.failure.reason.startswith(
        "A length of 64 tokens means nothing to wav2vec2, whose length is in samp"
    )
