from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest

from engine.domain.case import Precision, Workload
from engine.domain.result import Failure, FailureKind, Result, ResultFilter, ResultStatus
from engine.domain.run import Run, RunStatus, SizeChoice
from engine.domain.skillset import GenerationStatus
from engine.errors import BackendUnavailable, Conflict, DiskFull, InvalidValue, NotFound, UnknownName
from engine.storage import results, runs, skillsets
from engine.workflows.make_report import make_report
from engine.workflows.plan_run import plan_run
from engine.workflows.result_rows import result_rows
from engine.workflows.workbench import Workbench
from tests.builders import a_protocol, a_request, an_environment
from tests.engine.workflows.fake_launcher import FakeLauncher

Open = Callable[[FakeLauncher], Workbench]
PATIENCE = 20.0


def rows(workbench: Workbench, run: Run) -> list[Result]:
    with workbench.database.cursor() as cursor:
        return results.of_run(cursor, run.run_id)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.005)


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


def test_a_type_without_a_recipe_is_refused_with_those_that_have_one(open_workbench: Open) -> None:
    workbench = open_workbench(FakeLauncher())
    unverified = next(model.name for model in workbench.catalog.types.values() if not model.verified)
    with pytest.raises(InvalidValue, match="no recipe") as refusal:
        workbench.supervisor.submit(a_request(unverified))
    assert "bert" in refusal.value.message


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


class _SlowlyCounting(FakeLauncher):
    def _count_facts(self, arguments, started):
        self.begun.set()
        time.sleep(0.2)
        return super()._count_facts(arguments, started)


def test_one_process_at_a_time_and_runs_in_the_order_of_asking(open_workbench: Open) -> None:
    launcher = _SlowlyCounting(seconds=0.02)
    workbench = open_workbench(launcher)
    first = workbench.supervisor.submit(a_request("bert", "gpt2"))
    quickly_planned = [workbench.supervisor.submit(a_request(name, size=SizeChoice.TINY)) for name in ("vit", "t5")]
    until(lambda: workbench.supervisor.progress(quickly_planned[1].run_id).run.status is RunStatus.QUEUED)
    assert workbench.supervisor.progress(first.run_id).run.status is RunStatus.INITIALIZING
    ended = [workbench.supervisor.wait(run.run_id, PATIENCE) for run in (first, *quickly_planned)]
    assert [run.status for run in ended] == [RunStatus.COMPLETED] * 3
    assert launcher.most_at_once == 1
    assert [case.model_type for case in launcher.measured()] == ["bert", "gpt2", "vit", "t5"]
    times = [(run.started_at, run.finished_at) for run in ended]
    assert all(before[1] <= after[0] for before, after in pairwise(times))


def test_a_run_whose_planning_fails_leaves_the_line(open_workbench: Open) -> None:
    launcher = FakeLauncher(slow=("count_facts",))
    workbench = open_workbench(launcher)
    first = workbench.supervisor.submit(a_request("bert"))
    launcher.begun.wait(PATIENCE)
    second = workbench.supervisor.submit(a_request("vit", size=SizeChoice.TINY))
    workbench.supervisor.cancel(first.run_id)
    assert workbench.supervisor.wait(second.run_id, PATIENCE).status is RunStatus.COMPLETED


def test_active_runs_are_listed_in_the_order_in_which_they_will_run(open_workbench: Open) -> None:
    launcher = FakeLauncher(slow=("measure_case",))
    workbench = open_workbench(launcher)
    submitted = [workbench.supervisor.submit(a_request("bert", size=SizeChoice.TINY)) for _ in range(3)]
    workbench.supervisor.cancel(submitted[1].run_id)
    workbench.supervisor.wait(submitted[1].run_id, PATIENCE)
    workbench.supervisor.resume(submitted[1].run_id)
    assert [progress.run.number for progress in workbench.supervisor.active()] == [1, 3, 2]


@pytest.mark.parametrize("function", ["count_facts", "verify", "measure_case"])
def test_cancelling_stops_whatever_the_run_is_doing(open_workbench: Open, function: str) -> None:
    launcher = FakeLauncher(slow=(function,))
    workbench = open_workbench(launcher)
    run = workbench.supervisor.submit(a_request("bert", "vit"))
    assert launcher.begun.wait(PATIENCE)
    started = time.monotonic()
    assert workbench.supervisor.cancel(run.run_id).status is RunStatus.CANCELLING
    ended = workbench.supervisor.wait(run.run_id, PATIENCE)
    assert time.monotonic() - started < 2.0
    assert (ended.status, ended.completed, ended.failed) == (RunStatus.CANCELLED, 0, 0)
    assert ended.cancelled == (1 if function == "measure_case" else 0)
    with workbench.database.cursor() as cursor:
        assert runs.get(cursor, run.run_id).status is RunStatus.CANCELLED


def test_a_queued_run_can_be_cancelled_while_another_goes_on(open_workbench: Open) -> None:
    launcher = FakeLauncher(seconds=0.2)
    workbench = open_workbench(launcher)
    first = workbench.supervisor.submit(a_request("bert", batch_sizes=(1, 2, 4), progressive=False))
    until(lambda: workbench.supervisor.progress(first.run_id).run.status is RunStatus.RUNNING)
    second = workbench.supervisor.submit(a_request("vit", size=SizeChoice.TINY))
    until(lambda: workbench.supervisor.progress(second.run_id).run.status is RunStatus.QUEUED)
    workbench.supervisor.cancel(str(second.number))
    assert workbench.supervisor.wait(second.run_id, 2.0).status is RunStatus.CANCELLED
    assert workbench.supervisor.wait(first.run_id, PATIENCE).status is RunStatus.COMPLETED
    assert all(case.model_type == "bert" for case in launcher.measured())


def test_cancelling_what_has_ended_or_never_was_is_told(open_workbench: Open) -> None:
    workbench = open_workbench(FakeLauncher())
    run = workbench.supervisor.submit(a_request())
    workbench.supervisor.wait(run.run_id, PATIENCE)
    with pytest.raises(Conflict, match="completed"):
        workbench.supervisor.cancel(run.run_id)
    with pytest.raises(NotFound):
        workbench.supervisor.cancel("no-such-run")


def test_cancelling_twice_does_no_harm(open_workbench: Open) -> None:
    launcher = FakeLauncher(seconds=5.0)
    workbench = open_workbench(launcher)
    run = workbench.supervisor.submit(a_request())
    assert [workbench.supervisor.cancel(run.run_id).status for _ in range(2)] == [RunStatus.CANCELLING] * 2


def test_a_cancel_that_comes_as_the_run_ends_is_refused_and_the_end_stands(open_workbench: Open) -> None:
    workbench = open_workbench(FakeLauncher())
    run = workbench.supervisor.submit(a_request())
    workbench.supervisor.wait(run.run_id, PATIENCE)
    live = workbench.supervisor._ended[run.run_id]
    workbench.supervisor._live[run.run_id] = live
    with pytest.raises(Conflict, match="completed"):
        workbench.supervisor.cancel(run.run_id)
    del workbench.supervisor._live[run.run_id]
    assert workbench.supervisor.progress(run.run_id).run.status is RunStatus.COMPLETED


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

    workbench.database = _Instead(database, write)
    run = workbench.supervisor.submit(a_request(batch_sizes=(1, 2, 4), progressive=False))
    until(lambda: workbench.supervisor.progress(run.run_id).run.completed >= 1)
    full.set()
    ended = workbench.supervisor.wait(run.run_id, PATIENCE)
    assert ended.status is RunStatus.FAILED
    assert ended.error is not None and "No room" in ended.error
    full.clear()
    assert 1 <= len(rows(workbench, run)) < 3


class _Instead:
    """A database whose writes go elsewhere."""

    def __init__(self, database, write) -> None:
        self._database = database
        self.write = write

    def __getattr__(self, name: str):
        return getattr(self._database, name)


def test_closing_interrupts_and_another_process_resumes_without_repeating(open_workbench: Open, settings) -> None:
    slow = FakeLauncher(seconds=0.1)
    request = a_request("bert", "vit", batch_sizes=(1, 8), protocol=a_protocol(processes=2))
    with Workbench.open(settings, launcher=slow, environment=an_environment()) as workbench:
        run = workbench.supervisor.submit(request)
        until(lambda: workbench.supervisor.progress(run.run_id).run.completed >= 2)
    quick = FakeLauncher()
    again = open_workbench(quick)
    with again.database.cursor() as cursor:
        interrupted = runs.get(cursor, run.run_id)
    assert interrupted.status is RunStatus.INTERRUPTED
    before = interrupted.completed
    assert 2 <= before < 8 and interrupted.cancelled == 0
    assert again.supervisor.progress(run.run_id).run.status is RunStatus.INTERRUPTED
    resumed = again.supervisor.resume(run.run_id)
    assert (resumed.run_id, resumed.number) == (run.run_id, run.number)
    ended = again.supervisor.wait(run.run_id, PATIENCE)
    assert (ended.status, ended.completed, ended.total) == (RunStatus.COMPLETED, 8, 8)
    assert len(quick.measured()) == 8 - before
    stored = rows(again, run)
    assert len(stored) == len({(row.case.case_id, row.repetition) for row in stored}) == 8


def test_a_cancelled_run_can_be_resumed_and_a_completed_one_cannot(open_workbench: Open) -> None:
    launcher = FakeLauncher(slow=("measure_case",))
    workbench = open_workbench(launcher)
    run = workbench.supervisor.submit(a_request())
    launcher.begun.wait(PATIENCE)
    with pytest.raises(Conflict, match="running"):
        workbench.supervisor.resume(run.run_id)
    workbench.supervisor.cancel(run.run_id)
    workbench.supervisor.wait(run.run_id, PATIENCE)
    launcher.slow = ()
    workbench.supervisor.resume(run.run_id)
    ended = workbench.supervisor.wait(run.run_id, PATIENCE)
    assert (ended.status, ended.completed, ended.cancelled) == (RunStatus.COMPLETED, 1, 0)
    assert [row.status for row in rows(workbench, run)] == [ResultStatus.COMPLETED]
    assert [row["status"] for row in result_rows(workbench, ResultFilter(run_id=run.run_id))] == ["completed"]
    assert "cancelled" not in make_report(workbench, run.run_id).summary
    with pytest.raises(Conflict, match="completed"):
        workbench.supervisor.resume(run.run_id)


def test_a_run_is_not_resumed_in_another_environment(open_workbench: Open, settings) -> None:
    launcher = FakeLauncher(slow=("measure_case",))
    with Workbench.open(settings, launcher=launcher, environment=an_environment()) as workbench:
        run = workbench.supervisor.submit(a_request())
        launcher.begun.wait(PATIENCE)
    elsewhere = an_environment(environment_id="another")
    with (
        Workbench.open(settings, launcher=FakeLauncher(), environment=elsewhere) as later,
        pytest.raises(Conflict, match="another environment"),
    ):
        later.supervisor.resume(run.run_id)


def test_watchers_see_the_beginning_the_end_and_never_go_back(open_workbench: Open) -> None:
    launcher = FakeLauncher(seconds=0.03)
    workbench = open_workbench(launcher)
    run = workbench.supervisor.submit(a_request(batch_sizes=(1, 2, 4, 8), progressive=False))
    seen = []
    subscription = workbench.supervisor.subscribe(run.run_id)
    while (progress := subscription.next(PATIENCE)) is not None:
        seen.append(progress)
        if progress.run.status.is_final:
            break
    assert seen[-1].run.status is RunStatus.COMPLETED and seen[-1].fraction == 1.0
    sequences = [progress.sequence for progress in seen]
    assert sequences == sorted(set(sequences))
    done = [progress.run.done for progress in seen]
    assert done == sorted(done)
    assert any(row.state == "running" for progress in seen for row in progress.cases)
    assert any(progress.remaining_seconds is not None for progress in seen)
    late = workbench.supervisor.subscribe(run.run_id)
    final = late.next(1.0)
    assert final is not None and final.run.status is RunStatus.COMPLETED
    assert late.next(0.0) is None
    assert any("bert" in line for line in final.log)


def test_progress_of_an_old_run_comes_from_storage(open_workbench: Open, settings) -> None:
    with Workbench.open(settings, launcher=FakeLauncher(), environment=an_environment()) as workbench:
        run = workbench.supervisor.submit(a_request("bert", "vit"))
        workbench.supervisor.wait(run.run_id, PATIENCE)
    later = open_workbench(FakeLauncher())
    progress = later.supervisor.progress(str(run.number))
    assert progress.run.status is RunStatus.COMPLETED
    assert [row.state for row in progress.cases] == ["completed", "completed"]
    assert all(row.latency_seconds is not None for row in progress.cases)
    with pytest.raises(NotFound):
        later.supervisor.progress("99")


def test_nothing_starts_or_is_stored_after_closing(open_workbench: Open) -> None:
    workbench = open_workbench(FakeLauncher(slow=("count_facts",)))
    run = workbench.supervisor.submit(a_request())
    workbench.supervisor.close()
    workbench.supervisor.close()
    with pytest.raises(Conflict, match="ending"):
        workbench.supervisor.submit(a_request())
    with pytest.raises(Conflict, match="ending"):
        workbench.supervisor.resume(run.run_id)
    with workbench.database.cursor() as cursor:
        assert [found.status for found in runs.recent(cursor)] == [RunStatus.INTERRUPTED]


def test_a_submit_that_meets_the_end_of_the_program_leaves_no_run(open_workbench: Open) -> None:
    workbench = open_workbench(FakeLauncher())
    database, closing = workbench.database, []

    def write(action):
        closing.append(threading.Thread(target=workbench.supervisor.close))
        closing[0].start()
        closing[0].join(0.1)
        assert closing[0].is_alive(), "closing waits for a run that is being let in"
        workbench.database = database
        return database.write(action)

    workbench.database = _Instead(database, write)
    run = workbench.supervisor.submit(a_request())
    closing[0].join(PATIENCE)
    with database.cursor() as cursor:
        assert runs.get(cursor, run.run_id).status is RunStatus.INTERRUPTED


def test_of_two_resumptions_at_once_one_is_refused(open_workbench: Open) -> None:
    launcher = FakeLauncher(slow=("measure_case",))
    workbench = open_workbench(launcher)
    run = workbench.supervisor.submit(a_request())
    launcher.begun.wait(PATIENCE)
    workbench.supervisor.cancel(run.run_id)
    workbench.supervisor.wait(run.run_id, PATIENCE)
    outcomes: list[str] = []
    meet = threading.Barrier(4)

    def resume() -> None:
        meet.wait()
        try:
            workbench.supervisor.resume(run.run_id)
            outcomes.append("resumed")
        except Conflict:
            outcomes.append("refused")

    threads = [threading.Thread(target=resume) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["refused"] * 3 + ["resumed"]
    until(lambda: workbench.supervisor.progress(run.run_id).run.status is RunStatus.RUNNING)
    with workbench.database.cursor() as cursor:
        assert runs.get(cursor, run.run_id).status is RunStatus.RUNNING


def test_elapsed_time_is_the_same_before_and_after_a_restart(open_workbench: Open, settings) -> None:
    with Workbench.open(settings, launcher=FakeLauncher(seconds=0.05), environment=an_environment()) as workbench:
        run = workbench.supervisor.submit(a_request())
        workbench.supervisor.wait(run.run_id, PATIENCE)
        live = workbench.supervisor.progress(run.run_id)
    later = open_workbench(FakeLauncher()).supervisor.progress(run.run_id)
    assert 0.05 <= live.elapsed_seconds < PATIENCE
    assert later.elapsed_seconds == pytest.approx(live.elapsed_seconds, abs=1e-6)
    assert later.run.active_seconds == later.elapsed_seconds


def test_backends_are_remembered_between_starts(open_workbench: Open, settings) -> None:
    first = FakeLauncher()
    with Workbench.open(settings, launcher=first, environment=an_environment()) as workbench:
        found = workbench.backends()
    second = FakeLauncher()
    later = open_workbench(second)
    assert later.backends() == found
    assert (first.count("detect_backends"), second.count("detect_backends")) == (1, 0)
    later.backends(refresh=True)
    assert second.count("detect_backends") == 1


def test_results_are_not_lost_to_readers_while_a_run_goes_on(open_workbench: Open) -> None:
    workbench = open_workbench(FakeLauncher(seconds=0.05))
    run = workbench.supervisor.submit(a_request(batch_sizes=(1, 2, 4), progressive=False))
    until(lambda: workbench.supervisor.progress(run.run_id).run.completed >= 1)
    with workbench.database.cursor() as cursor:
        assert results.count(cursor, ResultFilter(run_id=run.run_id)) >= 1
    workbench.supervisor.wait(run.run_id, PATIENCE)
