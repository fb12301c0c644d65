"""What a run executes, skips and stores, from its request to its end."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from engine.domain.case import Precision, Workload
from engine.domain.result import Failure, FailureKind, ResultStatus
from engine.domain.run import RunStatus, SizeChoice
from engine.domain.skillset import GenerationStatus
from engine.errors import BackendUnavailable, Conflict, DiskFull, InvalidValue, UnknownName
from engine.storage import runs, skillsets
from engine.workflows.plan_run import plan_run
from engine.workflows.workbench import Workbench
from tests.builders import a_protocol, a_request, an_environment
from tests.engine.workflows.fake_launcher import FakeLauncher
from tests.engine.workflows.supervised import PATIENCE, Instead, Open, rows, until


def test_a_run_goes_through_its_statuses_and_stores_every_result(open_workbench: Open) -> None:
    workbench = open_workbench(FakeLauncher())
    run = workbench.supervisor.submit(a_request("bert", batch_sizes=(1, 8), protocol=a_protocol(processes=3)))
    assert (run.status, run.number) == (RunStatus.INITIALIZING, 1)
    ended = workbench.supervisor.wait(run.run_id, PATIENCE)
    assert ended.status is RunStatus.COMPLETED
    assert (ended.total, ended.completed, ended.failed, ended.error) == (6, 6, 0, None)
    assert ended.started_at is not None and ended.finished_at is not None
    stored = rows(workbench, run)
    assert len({(row.case.case_id, row.repetition) for row in stored}) == 6
    assert all(row.status is ResultStatus.COMPLETED for row in stored)
    with workbench.database.cursor() as cursor:
        assert runs.get(cursor, run.run_id).status is RunStatus.COMPLETED
        (skillset,) = skillsets.latest(cursor)
    assert (skillset.model_type, skillset.status) == ("bert", GenerationStatus.VERIFIED)


def test_only_the_first_process_of_a_case_counts_facts(open_workbench: Open) -> None:
    launcher = FakeLauncher()
    workbench = open_workbench(launcher)
    run = workbench.supervisor.submit(a_request(protocol=a_protocol(processes=2)))
    workbench.supervisor.wait(run.run_id, PATIENCE)
    asked = [arguments["with_facts"] for name, arguments in launcher.calls if name == "measure_case"]
    assert asked == [True, False]


def test_a_graph_that_cannot_be_exported_is_tried_once_a_run(open_workbench: Open) -> None:
    failure = Failure(kind=FailureKind.ERROR, reason="ConversionError: no operator", log="Traceback of the exporter")
    launcher = FakeLauncher(backends=("cpu", "onnxruntime"), failing_exports=failure)
    workbench = open_workbench(launcher)
    for exports in (1, 2):
        request = a_request(backends=("onnxruntime",), protocol=a_protocol(processes=3))
        run = workbench.supervisor.submit(request)
        assert workbench.supervisor.wait(run.run_id, PATIENCE).failed == 3
        assert launcher.count("export_case") == exports
        told = replace(failure, reason=f"Export to onnxruntime failed: {failure.reason}")
        assert [row.failure for row in rows(workbench, run)] == [told] * 3


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"models": ("brt",)}, UnknownName, "bert"),
        ({"backends": ("cpuu",)}, UnknownName, "cpu"),
        ({"backends": ("cuda",)}, BackendUnavailable, "No cuda device was found."),
    ],
)
def test_what_cannot_run_is_refused_at_once(open_workbench: Open, changes, error, words: str) -> None:
    workbench = open_workbench(FakeLauncher())
    with pytest.raises(error, match=words):
        workbench.supervisor.submit(replace(a_request(), **changes))
    with workbench.database.cursor() as cursor:
        assert runs.recent(cursor) == []


def test_more_executions_than_a_run_holds_are_refused_before_any_is_planned(open_workbench: Open) -> None:
    launcher = FakeLauncher()
    workbench = open_workbench(launcher)
    request = a_request("bert", batch_sizes=tuple(range(1, 101)), protocol=a_protocol(processes=1000))
    with pytest.raises(InvalidValue, match="100,000 executions"):
        workbench.supervisor.submit(request)
    with pytest.raises(InvalidValue, match="100,000 executions"):
        plan_run(workbench, request)
    assert launcher.count("count_facts") == 0
    with workbench.database.cursor() as cursor:
        assert runs.recent(cursor) == []


def test_a_type_that_does_not_run_is_refused_with_the_reason(open_workbench: Open) -> None:
    workbench = open_workbench(FakeLauncher())
    with pytest.raises(InvalidValue, match="registers the configuration of nougat and no model class for it"):
        workbench.supervisor.submit(a_request("nougat"))


def test_a_failing_case_is_a_row_and_the_run_goes_on(open_workbench: Open) -> None:
    kinds = {
        "bert": FailureKind.ERROR,
        "gpt2": FailureKind.CRASHED,
        "roberta": FailureKind.TIMEOUT,
        "t5": FailureKind.OUT_OF_MEMORY,
    }

    def fail(case):
        kind = kinds.get(case.model_type)
        return Failure(kind=kind, reason=f"{kind} of {case.model_type}", log="last words") if kind else None

    workbench = open_workbench(FakeLauncher(failures=fail))
    run = workbench.supervisor.submit(a_request(*kinds, "vit"))
    ended = workbench.supervisor.wait(run.run_id, PATIENCE)
    assert (ended.status, ended.failed, ended.completed) == (RunStatus.COMPLETED, 4, 1)
    failed = {row.case.model_type: row.failure for row in rows(workbench, run) if row.failure}
    assert {name: failure.kind for name, failure in failed.items()} == kinds
    assert failed["bert"].reason == "error of bert"


def test_a_skillset_that_does_not_work_fails_its_cases_with_the_reason(open_workbench: Open) -> None:
    launcher = FakeLauncher(broken_skillsets=("bert",))
    workbench = open_workbench(launcher)
    run = workbench.supervisor.submit(a_request("bert", "vit", batch_sizes=(1, 8)))
    ended = workbench.supervisor.wait(run.run_id, PATIENCE)
    assert (ended.status, ended.failed, ended.completed) == (RunStatus.COMPLETED, 2, 2)
    failed = [row.failure for row in rows(workbench, run) if row.failure]
    assert all("not finite" in failure.reason for failure in failed)
    assert {case.model_type for case in launcher.measured()} == {"vit"}
    assert launcher.count("verify") == 2


def test_a_working_skillset_is_not_verified_again_until_it_changes(open_workbench: Open) -> None:
    launcher = FakeLauncher()
    workbench = open_workbench(launcher)

    def run_once() -> int:
        run = workbench.supervisor.submit(a_request("bert"))
        assert workbench.supervisor.wait(run.run_id, PATIENCE).completed == 1
        return launcher.count("verify")

    assert run_once() == 1
    assert run_once() == 1
    path = workbench.settings.skillset_dir / "hf_bert.py"
    path.write_text(path.read_text() + "\n# mine\n")
    assert run_once() == 2
    assert path.read_text().endswith("# mine\n")
    path.unlink()
    assert run_once() == 3
    assert path.is_file()


def test_progressive_mode_skips_batches_beyond_a_failure_and_beyond_a_plateau(open_workbench: Open) -> None:
    def fail(case):
        too_big = case.model_type == "bert" and case.batch_size >= 2
        return Failure(kind=FailureKind.OUT_OF_MEMORY, reason="Out of memory.") if too_big else None

    launcher = FakeLauncher(failures=fail, latency=lambda case: 0.01 * case.batch_size)
    workbench = open_workbench(launcher)
    protocol = a_protocol(processes=2)
    run = workbench.supervisor.submit(a_request("bert", "vit", batch_sizes=(1, 2, 4), protocol=protocol))
    ended = workbench.supervisor.wait(run.run_id, PATIENCE)
    assert ended.status is RunStatus.COMPLETED and ended.done == ended.total == 12
    by_batch = {}
    for row in rows(workbench, run):
        by_batch.setdefault((row.case.model_type, row.case.batch_size), set()).add((row.status, row.repetition))
    completed, failed, skipped = ResultStatus.COMPLETED, ResultStatus.FAILED, ResultStatus.SKIPPED
    assert by_batch["bert", 2] == {(failed, 0), (skipped, 1)}
    assert by_batch["bert", 4] == {(skipped, 0), (skipped, 1)}
    assert by_batch["vit", 2] == {(completed, 0), (completed, 1)}
    assert by_batch["vit", 4] == {(skipped, 0), (skipped, 1)}
    failures = [row.failure for row in rows(workbench, run) if row.case.batch_size == 4 and row.failure]
    assert {failure.kind for failure in failures} == {FailureKind.OUT_OF_MEMORY, FailureKind.PLATEAU}
    reasons = [failure.reason for failure in failures]
    assert any("Out of memory" in reason for reason in reasons)
    assert any("stopped growing" in reason for reason in reasons)


def test_without_progressive_mode_every_batch_is_tried(open_workbench: Open) -> None:
    workbench = open_workbench(FakeLauncher())
    run = workbench.supervisor.submit(a_request("vit", batch_sizes=(1, 2, 4), progressive=False))
    assert workbench.supervisor.wait(run.run_id, PATIENCE).completed == 3


def test_incremental_mode_leaves_out_what_was_measured_this_week(open_workbench: Open) -> None:
    launcher = FakeLauncher()
    workbench = open_workbench(launcher)
    first = workbench.supervisor.submit(a_request("bert"))
    workbench.supervisor.wait(first.run_id, PATIENCE)
    second = workbench.supervisor.submit(a_request("bert", batch_sizes=(1, 8), incremental=True))
    ended = workbench.supervisor.wait(second.run_id, PATIENCE)
    assert (ended.completed, ended.skipped, ended.total) == (1, 1, 2)
    skipped = [row for row in rows(workbench, second) if row.status is ResultStatus.SKIPPED]
    assert [row.failure.kind for row in skipped if row.failure] == [FailureKind.ALREADY_MEASURED]


def test_incremental_mode_measures_again_what_too_few_processes_measured(open_workbench: Open) -> None:
    workbench = open_workbench(FakeLauncher(seconds=0.1))
    request = a_request("bert", size=SizeChoice.TINY, protocol=a_protocol(processes=3))
    first = workbench.supervisor.submit(request)
    until(lambda: workbench.supervisor.progress(first.run_id).run.completed >= 1)
    workbench.supervisor.cancel(first.run_id)
    assert workbench.supervisor.wait(first.run_id, PATIENCE).completed < 3
    second = workbench.supervisor.submit(replace(request, incremental=True))
    ended = workbench.supervisor.wait(second.run_id, PATIENCE)
    assert (ended.completed, ended.skipped) == (3, 0)


def test_what_does_not_fit_is_a_row_with_its_reason(open_workbench: Open) -> None:
    launcher = FakeLauncher(parameters=lambda case: 10**12)
    workbench = open_workbench(launcher)
    run = workbench.supervisor.submit(a_request("llama", size=SizeChoice.DEFAULT, protocol=a_protocol(processes=3)))
    ended = workbench.supervisor.wait(run.run_id, PATIENCE)
    assert (ended.status, ended.skipped, ended.total) == (RunStatus.COMPLETED, 1, 1)
    (row,) = rows(workbench, run)
    assert row.failure is not None and row.failure.kind is FailureKind.DOES_NOT_FIT
    assert launcher.measured() == []


def test_auto_size_runs_tiny_what_is_too_big(open_workbench: Open) -> None:
    launcher = FakeLauncher(parameters=lambda case: 10**12 if case.model_type == "llama" else 10**6)
    workbench = open_workbench(launcher)
    run = workbench.supervisor.submit(a_request("llama", "bert"))
    workbench.supervisor.wait(run.run_id, PATIENCE)
    assert {case.model_type: str(case.size) for case in launcher.measured()} == {"llama": "tiny", "bert": "default"}


def test_a_precision_that_is_not_here_is_a_row_and_the_others_run(open_workbench: Open) -> None:
    workbench = open_workbench(FakeLauncher())
    run = workbench.supervisor.submit(a_request(precisions=(Precision.FP32, Precision.INT8)))
    ended = workbench.supervisor.wait(run.run_id, PATIENCE)
    assert (ended.completed, ended.skipped) == (1, 1)


def test_cold_cases_use_the_cold_launcher(settings) -> None:
    warm, cold = FakeLauncher(), FakeLauncher()
    with Workbench.open(settings, launcher=warm, cold_launcher=cold, environment=an_environment()) as workbench:
        run = workbench.supervisor.submit(a_request(workloads=(Workload.STARTUP,), cold=True))
        assert workbench.supervisor.wait(run.run_id, PATIENCE).completed == 1
    assert len(cold.measured()) == 1 and warm.measured() == []
    assert cold.is_closed and warm.is_closed


def test_a_database_that_refuses_fails_the_run_with_its_reason(open_workbench: Open) -> None:
    launcher = FakeLauncher(seconds=0.05)
    workbench = open_workbench(launcher)
    database = workbench.database
    real_write = database.write
    full = threading.Event()

    def write(action):
        if full.is_set():
            raise DiskFull("No room on the disk of the database; free some.")
        return real_write(action)

    workbench.database = Instead(database, write)
    run = workbench.supervisor.submit(a_request(batch_sizes=(1, 2, 4), progressive=False))
    until(lambda: workbench.supervisor.progress(run.run_id).run.completed >= 1)
    full.set()
    ended = workbench.supervisor.wait(run.run_id, PATIENCE)
    assert ended.status is RunStatus.FAILED
    assert ended.error is not None and "No room" in ended.error
    full.clear()
    assert 1 <= len(rows(workbench, run)) < 3
    with pytest.raises(Conflict, match="Run 1 is failed; there is nothing to cancel"):
        workbench.supervisor.cancel(run.run_id)
    workbench.supervisor.resume(run.run_id)
    ended = workbench.supervisor.wait(run.run_id, PATIENCE)
    assert (ended.status, ended.completed, len(rows(workbench, run))) == (RunStatus.COMPLETED, 3, 3)
