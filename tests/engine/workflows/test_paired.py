"""A run in pairs, from its request to its verdicts, and when it ends early."""

from __future__ import annotations

import threading

import pytest

from engine.domain.against import Against
from engine.domain.case import Case, Precision
from engine.domain.result import Failure, FailureKind, ResultStatus
from engine.domain.run import RunStatus
from engine.errors import BackendUnavailable, InvalidValue
from engine.workflows.make_report import make_report
from engine.workflows.paired import paired_rows, verdicts_of, whole_pairs
from engine.workflows.workbench import Workbench
from tests.builders import a_case, a_failed_result, a_protocol, a_request, a_result, an_environment
from tests.engine.workflows.fake_launcher import FakeLauncher
from tests.engine.workflows.supervised import PATIENCE, Open, rows, until

BF16 = Against(precision=Precision.BF16)


def half_as_long(case: Case) -> float:
    return 0.01 * case.batch_size * (0.5 if case.precision is Precision.BF16 else 1.0)


def test_a_run_in_pairs_is_measured_in_changing_order_and_has_verdicts(open_workbench: Open) -> None:
    launcher = FakeLauncher(latency=half_as_long)
    workbench = open_workbench(launcher)
    run = workbench.supervisor.submit(a_request(against=BF16, protocol=a_protocol(processes=8)))
    ended = workbench.supervisor.wait(run.run_id, PATIENCE)
    assert (ended.status, ended.completed, ended.total) == (RunStatus.COMPLETED, 16, 16)
    tickets = [(arguments["ticket"], arguments["case"]) for name, arguments in launcher.calls if name == "measure_case"]
    turns = {(ticket["address"], ticket["place"]): case["precision"] for ticket, case in tickets}
    first_of_each = [turns[ticket["address"], 0] for ticket, _ in tickets]
    assert first_of_each == ["fp32", "fp32", "bf16", "bf16"] * 4
    assert [turns[ticket["address"], 1] for ticket, _ in tickets] == ["bf16", "bf16", "fp32", "fp32"] * 4
    told = {row["metric"]: row for row in paired_rows(workbench, ended)}
    assert set(told) == {"latency", "throughput", "peak_memory"}
    latency = told["latency"]
    assert (latency["base"], latency["new"], latency["pairs"], latency["verdict"]) == ("fp32", "bf16", 8, "better")
    told_apart = ("backend", "precision", "sequence_length", "threads", "compiled", "attention", "cold")
    assert [latency[name] for name in told_apart] == ["cpu", "fp32", 128, None, False, None, False]
    assert latency["ratio"] == pytest.approx(0.5) and latency["low"] <= 0.5 <= latency["high"]
    assert latency["p_value"] == pytest.approx(2 / 256) and latency["q_value"] >= latency["p_value"]
    assert latency["sentence"].startswith("bf16 is 2.00x faster than fp32 (")
    assert told["peak_memory"]["verdict"] == "same"
    assert (latency["comparisons"], latency["resolution"][:10]) == (3, "resolves ±")
    assert 0.03 <= latency["resolvable_change"] < 0.05
    assert "the only one of 3 comparisons that differs" in latency["resolution_grounds"]
    report = (workbench.settings.report_dir / make_report(workbench, run.run_id).filename).read_text()
    assert "Verdicts in pairs" in report and latency["sentence"] in report
    assert "--against precision=bf16" in report


def test_nobody_measures_between_the_two_of_a_pair(open_workbench: Open) -> None:
    launcher = FakeLauncher(seconds=0.05)
    workbench = open_workbench(launcher)
    request = a_request(against=BF16, batch_sizes=(1, 2), protocol=a_protocol(processes=2))
    run = workbench.supervisor.submit(request)
    seen = [0]
    for _ in range(3):
        until(lambda: len(launcher.measured()) > seen[-1])
        with workbench.supervisor.device_turns.turn(frozenset({"cpu"}), threading.Event()):
            seen.append(len(launcher.measured()))
    assert [count % 2 for count in seen] == [0, 0, 0, 0]
    assert workbench.supervisor.wait(run.run_id, PATIENCE).completed == 8


def test_nobody_sees_a_verdict_before_the_end(open_workbench: Open) -> None:
    workbench = open_workbench(FakeLauncher(seconds=0.1))
    run = workbench.supervisor.submit(a_request(against=BF16, protocol=a_protocol(processes=8)))
    until(lambda: workbench.supervisor.progress(run.run_id).run.completed >= 2)
    assert verdicts_of(workbench, workbench.supervisor.progress(run.run_id).run) == []
    workbench.supervisor.cancel(run.run_id)
    ended = workbench.supervisor.wait(run.run_id, PATIENCE)
    (latency, *_) = verdicts_of(workbench, ended)
    assert latency.found.pairs >= 1


def test_another_run_has_no_verdicts(open_workbench: Open) -> None:
    workbench = open_workbench(FakeLauncher())
    run = workbench.supervisor.submit(a_request())
    assert paired_rows(workbench, workbench.supervisor.wait(run.run_id, PATIENCE)) == []


@pytest.mark.parametrize(
    ("against", "error", "told"),
    [
        (Against(backend="cuda"), BackendUnavailable, "No cuda device was found"),
        (Against(threads=1000), InvalidValue, "1000 threads are more than"),
    ],
)
def test_a_second_configuration_that_cannot_run_is_refused_at_once(
    open_workbench: Open, against: Against, error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told):
        open_workbench(FakeLauncher()).supervisor.submit(a_request(against=against))


def test_what_stops_one_of_a_pair_stops_the_other(open_workbench: Open) -> None:
    def in_bf16(case: Case) -> Failure | None:
        lacks_memory = case.precision is Precision.BF16 and case.batch_size > 1
        return Failure(kind=FailureKind.OUT_OF_MEMORY, reason="Ran out of memory.") if lacks_memory else None

    launcher = FakeLauncher(latency=lambda case: 0.01, failures=in_bf16)
    workbench = open_workbench(launcher)
    request = a_request(against=BF16, batch_sizes=(1, 2, 4), protocol=a_protocol(processes=2))
    run = workbench.supervisor.submit(request)
    workbench.supervisor.wait(run.run_id, PATIENCE)
    measured = [(case.batch_size, case.precision.value) for case in launcher.measured()]
    pairs = [sorted(measured[at : at + 2]) for at in range(0, len(measured), 2)]
    assert pairs == [[(size, "bf16"), (size, "fp32")] for size in (1, 2, 1)]
    skipped = [row for row in rows(workbench, run) if row.status is ResultStatus.SKIPPED]
    assert {row.case.batch_size for row in skipped} == {2, 4}
    assert all("memory" in (row.failure.reason if row.failure else "") for row in skipped)


def test_half_a_pair_is_measured_anew_beside_its_partner() -> None:
    base, new = a_case(), BF16.applied_to(a_case())
    request = a_request(against=BF16)
    whole = [a_result(base), a_result(new)]
    half = a_result(new, repetition=1)
    failed = [a_result(base, repetition=2), a_failed_result(new, repetition=2)]
    left_out = a_failed_result(a_case("vit"), FailureKind.NOT_AVAILABLE, "Same.", status=ResultStatus.SKIPPED)
    done = [*whole, half, *failed, left_out]
    assert whole_pairs(request, done) == [*whole, *failed, left_out]
    assert whole_pairs(a_request(), done) == done
    assert whole_pairs(request, [a_result(new)]) == []


def test_a_run_that_ended_between_the_two_of_a_pair_goes_on_with_that_pair(open_workbench: Open, settings) -> None:
    launcher = FakeLauncher()
    run_one = launcher.run

    def run(function, arguments, **how):
        if (
            function.endswith(":measure_case")
            and arguments["case"]["precision"] == "bf16"
            and not arguments["with_facts"]
        ):
            return run_one("tests:hangs", arguments, **how)
        return run_one(function, arguments, **how)

    launcher.run, launcher.slow = run, ("hangs",)  # type: ignore[method-assign]
    request = a_request(against=BF16, protocol=a_protocol(processes=3))
    with Workbench.open(settings, launcher=launcher, environment=an_environment()) as workbench:
        started = workbench.supervisor.submit(request)
        until(lambda: workbench.supervisor.progress(started.run_id).run.completed == 3)
    quick = FakeLauncher()
    again = open_workbench(quick)
    again.supervisor.resume(started.run_id)
    ended = again.supervisor.wait(started.run_id, PATIENCE)
    assert (ended.status, ended.completed, ended.total) == (RunStatus.COMPLETED, 6, 6)
    assert sorted(case.precision for case in quick.measured()) == [Precision.BF16] * 2 + [Precision.FP32] * 2
    assert {found.found.pairs for found in verdicts_of(again, ended)} == {3}
