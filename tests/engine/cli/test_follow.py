from __future__ import annotations

import pytest

from engine.cli.follow import Standing, Teller, display
from engine.domain.case import Workload
from engine.domain.run import RunStatus
from tests.builders import a_case, a_case_progress, a_progress, a_run


def test_each_outcome_is_news_once() -> None:
    teller = Teller()
    first = teller.standing(a_progress())
    assert (first.done, first.total, first.remaining) == (1, 4, (12.0, 20.0))
    assert first.news == (f"[1/4] {a_case().label}, process 1: completed, 42.0 ms",)
    assert teller.standing(a_progress()).news == ()


def test_what_went_wrong_is_news_with_its_reason() -> None:
    cases = (a_case_progress(0, "failed", reason="ValueError: bad"), a_case_progress(1, "skipped", reason="Too large."))
    progress = a_progress(a_run(RunStatus.RUNNING, total=2), cases=cases)
    assert [line.rpartition("process 1: ")[2] for line in Teller().standing(progress).news] == [
        "failed: ValueError: bad",
        "skipped: Too large.",
    ]


def test_a_log_has_a_line_for_each_outcome_and_none_for_waiting(capsys: pytest.CaptureFixture[str]) -> None:
    planning = Standing(done=0, total=0, step="Counting parameters", remaining=None)
    running = Standing(done=0, total=2, step="bert, process 1 of 2", remaining=(1.0, 2.0))
    ended = Standing(done=1, total=2, step="bert, process 2 of 2", remaining=None, news=("[1/2] bert: completed",))
    with display(quiet=False) as shown:
        for standing in (planning, planning, running, running, ended):
            shown.show(standing)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == ["Counting parameters", "[1/2] bert: completed"]


def test_a_log_says_once_for_which_program_it_waits(capsys: pytest.CaptureFixture[str]) -> None:
    waiting = "Waiting for process 7, which measures on cpu"
    steps = [waiting, waiting, "bert, process 1 of 2", waiting, waiting.replace("7", "8")]
    with display(quiet=False) as shown:
        for step in steps:
            shown.show(Standing(done=0, total=2, step=step, remaining=None))
    assert capsys.readouterr().err.splitlines() == [waiting, waiting.replace("7", "8")]


def test_quiet_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with display(quiet=True) as shown:
        shown.show(Standing(done=1, total=1, step="bert", remaining=None, news=("done",)))
    assert capsys.readouterr() == ("", "")


def test_a_workload_without_latency_tells_its_rate() -> None:
    case = a_case("gpt2", workload=Workload.GENERATION, new_tokens=32)
    row = a_case_progress(0, "completed", case, latency_seconds=None, throughput=82.0)
    assert Teller().standing(a_progress(cases=(row,))).news[0].endswith("completed, 82.0 tokens/s")
