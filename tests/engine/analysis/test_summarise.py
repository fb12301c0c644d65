from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from engine.analysis.summarise import summarise
from engine.domain.case import Workload
from engine.domain.measurement import IntervalMethod, Measurement, Metric
from engine.domain.result import FailureKind, Provenance, ResultStatus
from tests.builders import A_TIME, a_case, a_failed_result, a_machine_state, a_result, an_environment

LATER = A_TIME + timedelta(hours=1)


def three_processes(run_id: str = "run-a", *, at=A_TIME, latency: float = 0.04):
    return [
        a_result(
            latency=latency * factor,
            repetition=number,
            run_id=run_id,
            result_id=f"{run_id}-{number}",
            started_at=at + timedelta(seconds=number),
        )
        for number, factor in enumerate((1.0, 1.1, 0.9))
    ]


def test_the_latency_of_a_case_is_the_median_of_its_processes_medians() -> None:
    (summary,) = summarise(three_processes())
    latency = summary.estimates[Metric.LATENCY]
    assert latency.value == pytest.approx(0.04)
    assert latency.method is IntervalMethod.T_LOG_PROCESSES
    assert (latency.processes, latency.samples) == (3, 36)
    assert summary.process_values[Metric.LATENCY] == pytest.approx((0.04, 0.044, 0.036))
    assert (summary.completed, summary.failed, summary.last_failure) == (3, 0, None)


def test_one_slow_iteration_does_not_move_the_value_of_its_process() -> None:
    skewed = Measurement(metric=Metric.LATENCY, samples=(0.010, 0.011, 0.012, 0.013, 0.200))
    (summary,) = summarise([a_result(measurements=(skewed,), repetition=number) for number in range(2)])
    assert summary.process_values[Metric.LATENCY] == (0.012, 0.012)
    assert summary.estimates[Metric.LATENCY].value == 0.012


def test_memory_is_shown_with_its_range() -> None:
    (summary,) = summarise(three_processes())
    assert summary.estimates[Metric.PEAK_MEMORY].method is IntervalMethod.RANGE


def test_a_single_process_says_that_its_interval_is_its_own() -> None:
    (summary,) = summarise([a_result()])
    assert summary.estimates[Metric.LATENCY].method is IntervalMethod.ORDER_STATISTIC
    assert summary.estimates[Metric.THROUGHPUT].method is IntervalMethod.NONE


def test_gaps_between_tokens_have_an_interval_over_processes_alone() -> None:
    case = a_case("gpt2", workload=Workload.GENERATION, new_tokens=3)
    gaps = (Measurement(metric=Metric.INTER_TOKEN_LATENCY, samples=(0.01, 0.02, 0.03) * 10),)
    processes = [a_result(case, measurements=gaps, repetition=number) for number in range(3)]
    alone, together = (
        summarise(found)[0].estimates[Metric.INTER_TOKEN_LATENCY] for found in (processes[:1], processes)
    )
    assert (alone.value, alone.method, alone.low, alone.samples) == (0.02, IntervalMethod.NONE, None, 30)
    assert (together.method, together.processes, together.samples) == (IntervalMethod.T_LOG_PROCESSES, 3, 90)


def test_runs_are_never_mixed_and_the_newest_is_shown() -> None:
    (summary,) = summarise([*three_processes("new", at=LATER, latency=0.08), *three_processes("old")])
    assert summary.estimates[Metric.LATENCY].value == pytest.approx(0.08)
    assert (summary.completed, summary.last_run_id) == (3, "new")
    assert summary.measured_at == LATER + timedelta(seconds=2)


def test_a_run_just_begun_takes_nothing_away_from_a_full_one() -> None:
    def processes(run_id: str, how_many: int, latency: float, hours: int):
        at = A_TIME + timedelta(hours=hours)
        return [
            a_result(latency=latency, repetition=n, run_id=run_id, result_id=f"{run_id}-{n}", started_at=at)
            for n in range(how_many)
        ]

    def shown(*rows: list, partial: tuple[str, ...]) -> str:
        return summarise([row for run in rows for row in run], partial_runs=partial)[0].last_run_id

    full, begun = processes("full", 10, 0.04, hours=0), processes("begun", 4, 0.05, hours=1)
    assert shown(full, begun, partial=("begun",)) == "full"
    assert shown(full, begun, partial=()) == "begun", "carried out with fewer processes, as was asked"
    assert shown(full, processes("grown", 10, 0.05, hours=2), partial=("grown",)) == "grown"
    small = processes("small", 2, 0.05, hours=-1)
    assert shown(small, begun, partial=("small", "begun")) == "begun"
    assert shown(begun, processes("lone", 1, 0.05, hours=3), partial=("begun", "lone")) == "begun"


def test_a_newer_failure_stands_beside_the_last_good_figures() -> None:
    failure = a_failed_result(run_id="new", started_at=LATER, reason="it broke")
    (summary,) = summarise([*three_processes("old"), failure])
    assert (summary.completed, summary.failed, summary.last_run_id) == (3, 1, "old")
    assert summary.last_failure is not None and summary.last_failure.reason == "it broke"


def test_a_failure_before_the_shown_run_is_history() -> None:
    failure = a_failed_result(run_id="older", started_at=A_TIME - timedelta(hours=1))
    (summary,) = summarise([failure, *three_processes()])
    assert (summary.failed, summary.last_failure) == (0, None)


def test_a_case_that_only_failed_has_a_reason_and_no_figures() -> None:
    (summary,) = summarise([a_failed_result(reason="no kernel")])
    assert summary.estimates == {}
    assert (summary.completed, summary.failed) == (0, 1)
    assert summary.last_failure is not None and summary.last_failure.reason == "no kernel"


@pytest.mark.parametrize("kind", [FailureKind.ALREADY_MEASURED, FailureKind.PLATEAU, FailureKind.OUT_OF_BUDGET])
def test_what_was_not_needed_leaves_no_trace(kind: FailureKind) -> None:
    skipped = a_failed_result(kind=kind, status=ResultStatus.SKIPPED, run_id="new", started_at=LATER)
    assert summarise([skipped]) == []
    (summary,) = summarise([*three_processes("old"), skipped])
    assert summary.failed == 0


def test_what_does_not_fit_is_told() -> None:
    skipped = a_failed_result(kind=FailureKind.DOES_NOT_FIT, status=ResultStatus.SKIPPED, reason="needs 30 GiB")
    (summary,) = summarise([skipped])
    assert summary.last_failure is not None and summary.last_failure.reason == "needs 30 GiB"


def test_cancelled_executions_say_nothing() -> None:
    assert summarise([a_failed_result(kind=FailureKind.CANCELLED, status=ResultStatus.CANCELLED)]) == []


def test_environments_and_provenance_are_kept_apart() -> None:
    elsewhere = a_result(environment_id="other", result_id="b")
    simulated = a_result(provenance=Provenance.SIMULATED, result_id="c")
    summaries = summarise([a_result(), elsewhere, simulated])
    assert {(found.environment_id, found.provenance) for found in summaries} == {
        ("env-0001", Provenance.MEASURED),
        ("other", Provenance.MEASURED),
        ("env-0001", Provenance.SIMULATED),
    }


def test_one_noisy_process_marks_the_case_and_the_machine_is_named() -> None:
    environment = an_environment()
    noisy = a_result(machine=a_machine_state(cpu_steal=0.2), repetition=1, result_id="n")
    (summary,) = summarise([a_result(), noisy], {environment.environment_id: environment})
    assert summary.is_noisy
    assert summary.machine_label == environment.label


def test_a_case_is_quiet_only_where_that_was_read() -> None:
    unread = a_result(machine=a_machine_state(cpu_busy_others=None, cpu_steal=None), repetition=1, result_id="u")
    assert summarise([a_result(), unread])[0].is_noisy is False
    assert summarise([unread])[0].is_noisy is None
    untold = replace(unread, machine=a_machine_state(is_gpu_untold=True))
    assert summarise([a_result(), untold])[0].is_noisy is None
    assert summarise([a_result(machine=None)])[0].is_noisy is None


def test_batch_sizes_are_different_cases() -> None:
    assert len(summarise([a_result(a_case(batch_size=1)), a_result(a_case(batch_size=8))])) == 2


def test_cold_starts_are_never_pooled_with_preloaded_ones() -> None:
    cold, warm = (a_case(workload=Workload.STARTUP, cold=is_cold) for is_cold in (True, False))
    found = summarise([a_result(cold, result_id="cold"), a_result(warm, result_id="warm")])
    assert {summary.case.cold: summary.completed for summary in found} == {True: 1, False: 1}


def test_other_numbers_of_tokens_or_workers_are_other_cases() -> None:
    generated = [a_case("gpt2", workload=Workload.GENERATION, new_tokens=count) for count in (16, 32)]
    served = [a_case(workload=Workload.CONCURRENCY, workers=count) for count in (2, 4)]
    found = summarise(a_result(case, result_id=str(number)) for number, case in enumerate([*generated, *served]))
    assert [summary.completed for summary in found] == [1, 1, 1, 1]
