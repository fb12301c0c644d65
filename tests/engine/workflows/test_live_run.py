from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest

from engine.domain.result import ResultStatus
from engine.domain.run import RunStatus
from engine.workflows.live_run import LOG_LINES, LiveRun
from engine.workflows.watching import Subscription
from tests.builders import A_TIME, a_case, a_failed_result, a_plan, a_result, a_run, a_skipped_case


def a_live_run() -> LiveRun:
    live = LiveRun(a_run(RunStatus.RUNNING, total=0))
    live.set_plan(
        a_plan(a_case("bert"), a_case("gpt2"), skipped=[a_skipped_case(a_case("llama"))]),
        [a_failed_result(a_case("llama"), status=ResultStatus.SKIPPED)],
    )
    return live


def test_the_plan_gives_a_row_per_execution_and_one_per_case_left_out() -> None:
    progress = a_live_run().snapshot()
    assert [(row.case.model_type, row.state) for row in progress.cases] == [
        ("bert", "queued"),
        ("gpt2", "queued"),
        ("llama", "skipped"),
    ]
    assert (progress.run.total, progress.run.skipped, progress.run.completed) == (3, 1, 0)
    assert progress.fraction == pytest.approx(1 / 3)


def test_a_result_is_counted_once_and_shows_its_figures() -> None:
    live = a_live_run()
    live.begin_case(0, "bert")
    assert live.snapshot().cases[0].state == "running"
    live.end_case(0, a_result(a_case("bert"), latency=0.5))
    progress = live.snapshot()
    assert progress.run.completed == 1
    assert progress.cases[0].latency_seconds == pytest.approx(0.5)
    assert progress.cases[0].throughput == pytest.approx(2.0)


def test_an_abandoned_execution_is_queued_again() -> None:
    live = a_live_run()
    live.begin_case(1, "gpt2")
    live.leave_case(1)
    assert live.snapshot().cases[1].state == "queued"
    assert live.snapshot().run.done == 1


def test_the_log_keeps_only_the_newest_lines() -> None:
    live = a_live_run()
    for number in range(LOG_LINES + 5):
        live.add_log(f"line {number}")
    log = live.snapshot().log
    assert len(log) == LOG_LINES
    assert (log[0], log[-1]) == ("line 5", f"line {LOG_LINES + 4}")


def test_a_cancelling_run_does_not_become_running_again() -> None:
    live = a_live_run()
    live.set_status(RunStatus.CANCELLING)
    live.set_status(RunStatus.RUNNING, at=A_TIME)
    assert live.run.status is RunStatus.CANCELLING
    live.set_status(RunStatus.CANCELLED, at=A_TIME)
    assert live.run.status is RunStatus.CANCELLED


def test_the_remaining_time_runs_down_and_is_unknown_once_overdue() -> None:
    live = a_live_run()
    assert live.snapshot().remaining_seconds is None
    live.set_remaining((100.0, 200.0))
    live.begin_case(0, "bert")
    time.sleep(0.01)
    remaining = live.snapshot().remaining_seconds
    assert remaining is not None
    assert 99.0 < remaining[0] < 100.0 and 199.0 < remaining[1] < 200.0
    live.set_remaining((0.0, 0.01))
    time.sleep(0.02)
    assert live.snapshot().remaining_seconds is None


def test_the_remaining_time_stands_still_unless_an_execution_is_under_way() -> None:
    live = LiveRun(a_run(RunStatus.INITIALIZING))
    live.set_plan(a_plan(a_case("bert"), a_case("gpt2")), [])
    live.set_remaining((100.0, 200.0))
    for status in (RunStatus.QUEUED, RunStatus.RUNNING):
        live.set_status(status, at=A_TIME)
        time.sleep(0.01)
        assert live.snapshot().remaining_seconds == (100.0, 200.0), status
    live.begin_case(0, "bert")
    time.sleep(0.01)
    live.end_case(0, a_result(a_case("bert")))
    between = live.snapshot().remaining_seconds
    assert between is not None and between[1] < 200.0
    time.sleep(0.01)
    assert live.snapshot().remaining_seconds == between


def test_elapsed_time_is_that_of_every_attempt_and_stands_still_before_its_turn_and_after_its_end() -> None:
    live = LiveRun(a_run(RunStatus.INITIALIZING, active_seconds=3600.0))
    live.set_status(RunStatus.QUEUED, at=A_TIME)
    time.sleep(0.01)
    assert live.snapshot().elapsed_seconds == 3600.0
    live.set_status(RunStatus.RUNNING, at=A_TIME)
    time.sleep(0.01)
    assert 3600.0 < live.snapshot().elapsed_seconds < 3610.0
    live.set_status(RunStatus.COMPLETED, at=A_TIME + timedelta(seconds=12))
    ended = live.snapshot()
    assert ended.elapsed_seconds == ended.run.active_seconds == 3612.0


def test_a_run_that_never_had_its_turn_was_carried_out_for_no_time() -> None:
    live = LiveRun(a_run(RunStatus.INITIALIZING))
    live.set_status(RunStatus.CANCELLED, at=A_TIME)
    assert (live.snapshot().elapsed_seconds, live.run.active_seconds) == (0.0, None)


@pytest.mark.parametrize("late", [RunStatus.CANCELLING, RunStatus.RUNNING, RunStatus.CANCELLED])
def test_a_run_that_has_ended_stays_as_it_ended(late: RunStatus) -> None:
    live = a_live_run()
    assert live.set_status(RunStatus.COMPLETED, at=A_TIME)
    before = live.snapshot()
    assert not live.set_status(late, at=A_TIME)
    assert live.snapshot() == before


def test_a_subscriber_gets_the_present_at_once_and_then_only_the_newest() -> None:
    live = a_live_run()
    subscription = Subscription(live, live.snapshot())
    first = subscription.next(0)
    assert first is not None
    assert subscription.next(0) is None
    for number in range(50):
        live.add_log(str(number))
    second = subscription.next(0)
    assert second is not None
    assert second.log[-1] == "49"
    assert second.sequence == first.sequence + 50
    assert subscription.next(0) is None


def test_a_waiting_subscriber_is_woken_by_a_change() -> None:
    live = a_live_run()
    subscription = Subscription(live, live.snapshot())
    subscription.next(0)
    threading.Timer(0.05, live.set_step, ["bert, process 1"]).start()
    started = time.monotonic()
    changed = subscription.next(5.0)
    assert changed is not None and changed.current_step == "bert, process 1"
    assert time.monotonic() - started < 2.0


def test_closing_wakes_a_waiting_subscriber() -> None:
    live = a_live_run()
    subscription = Subscription(live, live.snapshot())
    subscription.next(0)
    threading.Timer(0.05, subscription.close).start()
    started = time.monotonic()
    assert subscription.next(5.0) is None
    assert time.monotonic() - started < 2.0


def test_the_end_is_delivered_and_then_nothing_blocks() -> None:
    live = a_live_run()
    subscription = Subscription(live, live.snapshot())
    subscription.next(0)
    live.set_status(RunStatus.COMPLETED, at=A_TIME)
    final = subscription.next(5.0)
    assert final is not None and final.run.status is RunStatus.COMPLETED
    assert final.fraction == 1.0 and final.remaining_seconds is None
    started = time.monotonic()
    assert subscription.next(5.0) is None
    assert time.monotonic() - started < 1.0
