from __future__ import annotations

from datetime import timedelta

import pytest

from engine.domain.case import Precision, Workload
from engine.domain.compatibility import CompatibilityOutcome
from engine.domain.model import Family, Size
from engine.domain.result import FailureKind, Provenance, ResultFilter, ResultStatus
from engine.storage import compatibility, results
from tests.builders import A_TIME, a_case, a_failed_result, a_machine_state, a_result

RESULTS = [
    a_result(a_case("bert", batch_size=1), run_id="one", started_at=A_TIME),
    a_result(a_case("bert", batch_size=8), run_id="one", started_at=A_TIME + timedelta(seconds=1)),
    a_result(a_case("vit", precision=Precision.BF16), run_id="two", started_at=A_TIME + timedelta(seconds=2)),
    a_failed_result(a_case("t5", backend="cuda"), run_id="two", started_at=A_TIME + timedelta(seconds=3)),
    a_result(
        a_case("gpt2", size=Size.TINY, workload=Workload.STARTUP),
        environment_id="elsewhere",
        run_id="three",
        started_at=A_TIME + timedelta(seconds=4),
    ),
    a_result(a_case("bart"), provenance=Provenance.SIMULATED, run_id="three", started_at=A_TIME + timedelta(seconds=5)),
]


@pytest.fixture
def filled(database):
    for result in RESULTS:
        database.write(lambda cursor, result=result: results.save(cursor, result))
    return database


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, [4, 3, 2, 1, 0]),
        ({"include_simulated": True}, [5, 4, 3, 2, 1, 0]),
        ({"limit": 2}, [4, 3]),
        ({"limit": 0}, []),
        ({"models": ("bert",)}, [1, 0]),
        ({"models": ("bert", "vit")}, [2, 1, 0]),
        ({"models": ("nobody' or true --",)}, []),
        ({"families": (Family.VISION,)}, [2]),
        ({"backends": ("cuda",)}, [3]),
        ({"precisions": (Precision.BF16,)}, [2]),
        ({"batch_sizes": (8,)}, [1]),
        ({"workloads": (Workload.STARTUP,)}, [4]),
        ({"sizes": (Size.TINY,)}, [4]),
        ({"statuses": (ResultStatus.FAILED,)}, [3]),
        ({"run_id": "two"}, [3, 2]),
        ({"environment_id": "elsewhere"}, [4]),
        ({"models": ("bert",), "batch_sizes": (1,), "run_id": "one"}, [0]),
    ],
)
def test_filters_select_newest_first(filled, wanted, expected):
    restriction = ResultFilter(**wanted)
    with filled.cursor() as cursor:
        assert results.find(cursor, restriction) == [RESULTS[index] for index in expected]
        if restriction.limit is None:
            assert results.count(cursor, restriction) == len(expected)


def test_a_run_lists_its_results_oldest_first_with_simulated_ones(filled):
    with filled.cursor() as cursor:
        assert results.of_run(cursor, "three") == RESULTS[4:]


def test_recently_measured_cases_are_those_completed_in_this_environment_since_then(filled):
    present = {result.case.model_type: "0" * 64 for result in RESULTS}
    with filled.cursor() as cursor:
        found = results.recently_measured(cursor, "env-0001", A_TIME + timedelta(seconds=1), present, processes=1)
    assert found == {RESULTS[1].case.case_id, RESULTS[2].case.case_id}


def test_what_another_skillset_measured_was_not_recently_measured(filled):
    edited = {RESULTS[1].case.model_type: "0" * 64, RESULTS[2].case.model_type: "1" * 64}
    with filled.cursor() as cursor:
        found = results.recently_measured(cursor, "env-0001", A_TIME + timedelta(seconds=1), edited, processes=1)
    assert found == {RESULTS[1].case.case_id}


def test_what_ran_beside_other_cases_does_not_stand_in_for_a_case_alone(database):
    beside = a_result(a_case("bert"), result_id="b", machine=a_machine_state(is_side_by_side=True))
    alone = a_result(a_case("gpt2"), result_id="a", machine=None)
    present = {"bert": beside.skillset_checksum or "", "gpt2": alone.skillset_checksum or ""}

    def save(cursor):
        for result in (beside, alone):
            results.save(cursor, result)

    database.write(save)
    with database.cursor() as cursor:
        found = results.recently_measured(cursor, beside.environment_id, A_TIME, present, processes=1)
    assert found == {alone.case.case_id}


def test_a_case_is_measured_once_as_many_processes_completed_as_are_asked_for(database):
    case = a_case("bert")
    rows = [
        a_result(case, repetition=0),
        a_result(case, repetition=1),
        a_failed_result(case, repetition=2),
        a_result(case, repetition=0, result_id="of another text", skillset_checksum="1" * 64),
    ]
    for row in rows:
        database.write(lambda cursor, row=row: results.save(cursor, row))
    with database.cursor() as cursor:
        found = [
            results.recently_measured(cursor, "env-0001", A_TIME, {"bert": "0" * 64}, processes=processes)
            for processes in (1, 2, 3)
        ]
    assert found == [{case.case_id}, {case.case_id}, set()]


def test_of_an_execution_carried_out_after_it_was_cancelled_only_the_later_row_is_read(database):
    later = A_TIME + timedelta(hours=1)
    cancelled = a_failed_result(kind=FailureKind.CANCELLED, status=ResultStatus.CANCELLED, result_id="9")
    carried_out, next_process = a_result(result_id="1", started_at=later), a_result(repetition=1, result_id="2")
    for row in (cancelled, carried_out, next_process):
        database.write(lambda cursor, row=row: results.save(cursor, row))
    of_run, only_cancelled = (
        ResultFilter(run_id="run-0001"),
        ResultFilter(run_id="run-0001", statuses=(ResultStatus.CANCELLED,)),
    )
    with database.cursor() as cursor:
        assert results.of_run(cursor, "run-0001") == [next_process, carried_out]
        assert results.find(cursor, of_run) == [carried_out, next_process]
        assert (results.count(cursor, of_run), results.count(cursor, only_cancelled)) == (2, 0)


def test_durations_are_of_completed_measured_results_newest_first(filled):
    with filled.cursor() as cursor:
        anywhere = results.durations(cursor, None)
        here = results.durations(cursor, "env-0001", limit=1)
    assert anywhere == [(RESULTS[index].case, 1.9) for index in (4, 2, 1, 0)]
    assert here == [(RESULTS[2].case, 1.9)]


def test_the_wide_view_carries_medians_and_facts(filled):
    with filled.cursor() as cursor:
        row = cursor.execute(
            "select latency_seconds, items_per_second, peak_memory_bytes, parameters, flops, module_import_seconds "
            "from results where model_type = 'vit'"
        ).fetchone()
    assert row == (pytest.approx(0.042), pytest.approx(1 / 0.042), 5.1e8, 109_482_240, 22_350_000_000, None)


def test_the_long_view_carries_samples_as_a_list(filled):
    with filled.cursor() as cursor:
        rows = cursor.execute(
            "select samples, sample_count, unit from measurements where model_type = 'vit' and metric = 'latency'"
        ).fetchall()
    assert rows == [(list(RESULTS[2].measurements[0].samples), 12, "s")]


def test_the_view_of_failures_gives_kind_and_reason(filled):
    with filled.cursor() as cursor:
        rows = cursor.execute("select model_type, failure_kind, failure_reason from failures").fetchall()
    assert rows == [("t5", "error", "ValueError: bad shape")]


def _outcomes(database):
    with database.cursor() as cursor:
        return {
            (found.model_type, found.backend): (found.outcome, found.reason)
            for found in compatibility.load(cursor, "env-0001")
        }


def test_compatibility_follows_from_results(filled):
    unavailable = a_failed_result(a_case("bert", backend="rocm"), FailureKind.NOT_AVAILABLE, "No GPU.")
    skipped = a_result(a_case("bert", backend="openvino"), status=ResultStatus.SKIPPED)
    for result in (unavailable, skipped):
        filled.write(lambda cursor, result=result: results.save(cursor, result))
    assert _outcomes(filled) == {
        ("bert", "cpu"): (CompatibilityOutcome.WORKS, None),
        ("vit", "cpu"): (CompatibilityOutcome.WORKS, None),
        ("t5", "cuda"): (CompatibilityOutcome.FAILS, "ValueError: bad shape"),
        ("bert", "rocm"): (CompatibilityOutcome.UNAVAILABLE, "No GPU."),
    }


def test_compatibility_is_judged_by_the_newest_run_and_by_its_best_case(filled):
    later = A_TIME + timedelta(days=1)
    large = a_failed_result(
        a_case("bert", batch_size=64), FailureKind.OUT_OF_MEMORY, "Too large.", run_id="new", started_at=later
    )
    filled.write(lambda cursor: results.save(cursor, large))
    assert _outcomes(filled)["bert", "cpu"] == (CompatibilityOutcome.FAILS, "Too large.")
    small = a_result(a_case("bert"), run_id="new", result_id="small", started_at=later)
    filled.write(lambda cursor: results.save(cursor, small))
    assert _outcomes(filled)["bert", "cpu"] == (CompatibilityOutcome.WORKS, None)


def test_the_estimate_made_before_is_kept_and_stands_beside_what_was_measured(database):
    result = a_result(estimated_bytes=612_000_000)
    database.write(lambda cursor: results.save(cursor, result))
    database.write(lambda cursor: results.save(cursor, a_result(result_id="without")))
    names = "estimated_bytes, peak_memory_bytes, estimated_over_measured"
    with database.cursor() as cursor:
        assert {found.estimated_bytes for found in results.find(cursor, ResultFilter())} == {612_000_000, None}
        (row,) = cursor.execute(f"select {names} from memory_estimates").fetchall()
    assert row == (612_000_000, 510_000_000, pytest.approx(1.2))


def test_when_a_case_was_last_measured_here(filled):
    with filled.cursor() as cursor:
        found = results.last_measured(cursor, RESULTS[0].environment_id)
    assert found == {result.case.case_id: result.started_at for result in RESULTS[:3]}
