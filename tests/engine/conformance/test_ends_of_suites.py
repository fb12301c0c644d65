"""Launchers that do not tell how a process ended are found out, as are processes that end as they should not."""

from __future__ import annotations

import pytest

from engine.conformance.ends import ALLOWED_LATENESS, judge_killed, judge_out_of_memory, judge_time_limit
from engine.domain.conformance import Verdict
from engine.domain.result import Failure, FailureKind

WELL = {"outputs": 1, "missed": None}
KILLED = Failure(kind=FailureKind.CRASHED, reason="The process was killed from outside (SIGKILL).")
FULL = Failure(kind=FailureKind.OUT_OF_MEMORY, reason="Out of memory: MemoryError")
LATE = Failure(kind=FailureKind.TIMEOUT, reason="Not finished after 1 s; killed.")
DIED = Failure(kind=FailureKind.CRASHED, reason="The process died of SIGSEGV.")


def test_ends_that_are_as_they_should_be():
    assert judge_out_of_memory(FULL, None).verdict is Verdict.WORKS
    assert judge_killed(KILLED, None, None).verdict is Verdict.WORKS
    found = judge_time_limit(LATE, seconds=1.2, limit=1.0, is_gone=True)
    assert found.verdict is Verdict.WORKS
    assert [(each.name, round(each.value, 3)) for each in found.measured] == [("late", 0.2)]


@pytest.mark.parametrize("failure", [DIED, KILLED, LATE])
def test_running_out_of_memory_has_to_be_said(failure: Failure):
    found = judge_out_of_memory(failure, None)
    assert found.verdict is Verdict.FAILS
    assert found.reason == f"Out of memory, the process ended as {failure.kind.value}: {failure.reason}"


def test_what_did_not_come_about_does_not_apply():
    assert judge_out_of_memory(None, {"outputs": 1, "missed": "No limit."}).verdict is Verdict.NOT_APPLICABLE
    assert judge_out_of_memory(None, WELL).verdict is Verdict.FAILS
    assert judge_killed(None, {"outputs": 1, "missed": "No parts."}, None).verdict is Verdict.NOT_APPLICABLE


@pytest.mark.parametrize("failure", [DIED, FULL, LATE])
def test_a_killed_process_has_to_be_reported_as_that(failure: Failure):
    assert judge_killed(failure, None, None).verdict is Verdict.FAILS
    assert judge_killed(None, WELL, None).verdict is Verdict.FAILS


def test_the_process_after_a_killed_one_has_to_run():
    found = judge_killed(KILLED, None, DIED)
    assert found.reason == "The process after a killed one did not run: The process died of SIGSEGV."


def test_a_time_limit_has_to_be_kept():
    assert judge_time_limit(None, seconds=1.0, limit=1.0, is_gone=True).verdict is Verdict.FAILS
    assert judge_time_limit(DIED, seconds=1.0, limit=1.0, is_gone=True).verdict is Verdict.FAILS
    late = judge_time_limit(LATE, seconds=1.1 + ALLOWED_LATENESS, limit=1.0, is_gone=True)
    assert late.reason == "With a limit of 1.0 s the process lasted 3.1 s."
    there = judge_time_limit(LATE, seconds=1.1, limit=1.0, is_gone=False)
    assert there.reason == "The process was told to be stopped at its time limit and still runs."
