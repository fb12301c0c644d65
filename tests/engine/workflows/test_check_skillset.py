"""Suites over real tiny models, and over modules that hang, kill themselves, or answer without memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil
import pytest

from engine.benchmarking.fork_server import ForkServerLauncher
from engine.benchmarking.launchers import ProcessOutcome
from engine.conformance.ended import Ended
from engine.conformance.journal import Journal
from engine.domain.conformance import Check, Verdict
from engine.domain.result import Failure, FailureKind
from engine.domain.skillset_suite import (
    SUITES,
    SkillsetSuite,
    SuiteCheck,
    SuiteCheckOutcome,
    SuiteOutcome,
    SuiteProgress,
    SuiteVerdict,
    Trial,
)
from engine.errors import LauncherFailure, SkillsetFailure, UnknownName
from engine.skillsets.render import render
from engine.skillsets.shared_file import identity_of
from engine.skillsets.write import write
from engine.workflows.check_skillset import check_skillset
from engine.workflows.device_turns import PROCESSOR, Cancelled
from engine.workflows.workbench import Workbench
from tests.engine.workflows.examining_launcher import ExaminingLauncher

Open = Callable[[object], Workbench]


class Watched:
    """A launcher lent to a workbench, and where its processes were told to write."""

    def __init__(self, launcher: ForkServerLauncher) -> None:
        self._launcher = launcher
        self.folders: list[Path] = []
        self.outcomes: list[ProcessOutcome] = []
        self.begun = threading.Event()

    def run(self, function: str, arguments: Mapping[str, Any], **how: Any) -> ProcessOutcome:
        if "folder" in arguments:
            self.folders.append(Path(arguments["folder"]))
        self.begun.set()
        outcome = self._launcher.run(function, arguments, **how)
        self.outcomes.append(outcome)
        return outcome

    def close(self) -> None:
        """Whoever made the launcher closes it."""

    def left(self) -> list[object]:
        """Folders and processes that are still there."""
        pids = [outcome.pid for outcome in self.outcomes if outcome.pid is not None]
        return [folder.parent for folder in self.folders if folder.parent.exists()] + [
            pid for pid in pids if psutil.pid_exists(pid)
        ]


@pytest.fixture
def launcher(loaded: ForkServerLauncher) -> Watched:
    return Watched(loaded)


@pytest.fixture
def workbench(open_workbench: Open, launcher: Watched) -> Workbench:
    return open_workbench(launcher)


def put(workbench: Workbench, source: str) -> None:
    """The module of bert with `source` below it, as if a person had edited it."""
    model = workbench.catalog.get("bert")
    path = write(model, render(model), workbench.settings.skillset_dir)
    path.write_text(f"{path.read_text()}\n\nimport os, time\n_load, _Skillset = load, Skillset\n{source}\n")


def at_infer(statements: str) -> str:
    lines = "\n".join(f"        {line}" for line in statements.splitlines())
    return f"class Skillset(_Skillset):\n    def infer(self, inputs):\n{lines}\n        return super().infer(inputs)\n"


def by_check(outcome: SuiteOutcome) -> dict[SuiteCheck, SuiteCheckOutcome]:
    assert tuple(each.check for each in outcome.outcomes) == SUITES[outcome.suite]
    return {each.check: each for each in outcome.outcomes}


def not_passed(outcome: SuiteOutcome) -> dict[str, tuple[str, str | None]]:
    return {
        check.value: (each.verdict.value, each.reason)
        for check, each in by_check(outcome).items()
        if each.verdict is not SuiteVerdict.PASSED
    }


@pytest.mark.parametrize(
    ("model_type", "suite"),
    [
        ("bert", SkillsetSuite.COMPREHENSIVE),
        ("gpt2", SkillsetSuite.COMPREHENSIVE),
        ("gpt2", SkillsetSuite.FAULT_TOLERANCE),
        ("vit", SkillsetSuite.FAULT_TOLERANCE),
        ("whisper", SkillsetSuite.COMPREHENSIVE),
        ("ddpm", SkillsetSuite.COMPREHENSIVE),
    ],
)
def test_generated_skillsets_pass(workbench: Workbench, launcher: Watched, model_type: str, suite: SkillsetSuite):
    outcome = check_skillset(workbench, model_type, suite)
    missing = not_passed(outcome)
    assert {verdict for verdict, _ in missing.values()} <= {"not_applicable"}
    assert set(missing) <= {"generate", "not_a_number", "beyond_vocabulary"}
    assert outcome.verdict is SuiteVerdict.PASSED
    assert outcome.checksum == identity_of(Path(outcome.path))
    assert outcome.processes == (1 if suite is SkillsetSuite.COMPREHENSIVE else 5)
    assert launcher.left() == []


def test_a_missing_module_is_generated_and_a_present_one_used(workbench: Workbench):
    path = workbench.settings.skillset_dir / "hf_bert.py"
    assert not path.exists()
    first = check_skillset(workbench, "bert", SkillsetSuite.BASIC)
    assert (first.path, first.verdict) == (str(path), SuiteVerdict.PASSED)
    put(workbench, "raise ValueError('no luck')")
    second = check_skillset(workbench, "bert", SkillsetSuite.BASIC)
    assert second.checksum != first.checksum
    imported, *others = second.outcomes
    assert imported.verdict is SuiteVerdict.FAILED
    assert (imported.reason or "").startswith("ValueError: no luck (hf_bert.py:")
    assert [each.verdict for each in others] == [SuiteVerdict.NOT_TRIED] * 3
    assert others[0].reason == "It needs import."


def test_a_module_that_hangs_costs_the_check_that_it_hangs_in(workbench: Workbench, launcher: Watched):
    put(workbench, at_infer("if inputs['input_ids'].ndim != 2: time.sleep(600)"))
    outcome = check_skillset(workbench, "bert", SkillsetSuite.FAULT_TOLERANCE, seconds=8.0)
    found = by_check(outcome)
    assert found[Trial.WRONG_RANK].verdict is SuiteVerdict.FAILED
    assert (found[Trial.WRONG_RANK].reason or "").startswith("Stopped after 8 s, ")
    assert set(not_passed(outcome)) == {"wrong_rank", "not_a_number"}
    assert outcome.processes == 6
    assert launcher.left() == []


def test_a_module_that_kills_itself_is_reported_as_killed_and_the_rest_is_tried(workbench: Workbench):
    put(workbench, at_infer("if 'no_such_input' in inputs: os.kill(os.getpid(), 9)"))
    found = check_skillset(workbench, "bert", SkillsetSuite.FAULT_TOLERANCE)
    assert not_passed(found) == {
        "unknown_input": ("failed", "The process was killed from outside (SIGKILL)."),
        "not_a_number": ("not_applicable", "It reads no real values."),
    }
    assert found.verdict is SuiteVerdict.FAILED


def test_what_needs_a_check_that_killed_its_process_is_not_tried(workbench: Workbench):
    put(workbench, at_infer("os.kill(os.getpid(), 9)"))
    outcome = check_skillset(workbench, "bert", SkillsetSuite.FAULT_TOLERANCE)
    found = by_check(outcome)
    assert found[Check.CONSTRUCT].verdict is SuiteVerdict.PASSED
    assert found[Check.FORWARD].verdict is SuiteVerdict.FAILED
    others = [each for check, each in found.items() if isinstance(check, Trial)]
    assert {(each.verdict, each.reason) for each in others} == {(SuiteVerdict.NOT_TRIED, "It needs forward.")}
    assert outcome.processes == 1


def test_an_answer_without_the_memory_for_it_is_found_out(workbench: Workbench):
    swallows = """
class Skillset(_Skillset):
    def infer(self, inputs):
        try:
            return super().infer(inputs)
        except RuntimeError:
            return {"outputs": {"logits": torch.zeros(3, 1)}}
"""
    put(workbench, swallows)
    found = by_check(check_skillset(workbench, "bert", SkillsetSuite.FAULT_TOLERANCE))[Trial.OUT_OF_MEMORY]
    assert found.verdict is SuiteVerdict.FAILED
    assert (found.reason or "").startswith("Out of memory, the process ended as wrong_output: No output has rows")


def test_a_missing_package_is_an_error_and_no_failure(workbench: Workbench):
    put(workbench, "import no_such_package")
    outcome = check_skillset(workbench, "bert", SkillsetSuite.BASIC)
    assert (outcome.verdict, outcome.outcomes[0].verdict) == (SuiteVerdict.ERROR, SuiteVerdict.ERROR)
    assert outcome.outcomes[0].reason == "The package no_such_package is not installed; pip install no_such_package."


def test_cancelling_kills_within_a_second_and_leaves_nothing(workbench: Workbench, launcher: Watched):
    put(workbench, "print('under way', flush=True)\ntime.sleep(600)")
    cancel, lines = threading.Event(), []

    def cancel_once_it_runs(line: str) -> None:
        lines.append((line, threading.current_thread()))
        cancelled_at.append(time.monotonic())
        cancel.set()

    cancelled_at: list[float] = []
    with pytest.raises(Cancelled):
        check_skillset(workbench, "bert", SkillsetSuite.BASIC, cancel=cancel, on_log=cancel_once_it_runs)
    assert time.monotonic() - cancelled_at[0] < 1.0
    assert lines == [("under way", threading.current_thread())]
    assert launcher.left() == []


def test_cancelling_before_its_turn_starts_no_process(workbench: Workbench, launcher: Watched):
    cancel = threading.Event()
    told: list[SuiteProgress] = []
    with workbench.supervisor.device_turns.turn(PROCESSOR, threading.Event()), pytest.raises(Cancelled):
        threading.Timer(0.2, cancel.set).start()
        check_skillset(workbench, "bert", SkillsetSuite.BASIC, cancel=cancel, on_progress=told.append)
    assert [each.step for each in told] == ["Waiting for another measurement"]
    assert launcher.outcomes == []


def test_what_has_ended_is_told_once_and_in_order(workbench: Workbench):
    told: list[SuiteProgress] = []
    outcome = check_skillset(workbench, "bert", SkillsetSuite.COMPREHENSIVE, on_progress=told.append)
    news = [each for progress in told for each in progress.news]
    assert tuple(news) == outcome.outcomes
    assert (told[-1].done, told[-1].total) == (len(outcome.outcomes), len(outcome.outcomes))
    assert [each.done for each in told] == sorted(each.done for each in told)
    assert all(one != other for one, other in pairwise(told))


def test_an_error_of_the_listener_ends_the_process(workbench: Workbench, launcher: Watched):
    put(workbench, "print('under way', flush=True)\ntime.sleep(600)")

    def refuse(line: str) -> None:
        raise OSError("nobody listens")

    with pytest.raises(OSError, match="nobody listens"):
        check_skillset(workbench, "bert", SkillsetSuite.BASIC, on_log=refuse)
    assert launcher.left() == []


def test_a_type_that_there_is_not_is_refused(workbench: Workbench, launcher: Watched):
    with pytest.raises(UnknownName, match="Did you mean bert"):
        check_skillset(workbench, "brt", SkillsetSuite.BASIC)
    part = next(model.name for model in workbench.catalog.types.values() if not model.model_class)
    with pytest.raises(SkillsetFailure, match=f"No skillset of {part} can be tested: "):
        check_skillset(workbench, part, SkillsetSuite.BASIC)
    assert launcher.outcomes == []


@pytest.mark.parametrize(("lasted", "verdict", "calls"), [(1.0, "passed", 2), (59.0, "failed", 1)])
def test_a_check_is_not_blamed_for_the_time_that_others_took(
    open_workbench: Open, lasted: float, verdict: str, calls: int
):
    class Slow(ExaminingLauncher):
        def run(self, function: str, arguments: Mapping[str, Any], **how: Any) -> ProcessOutcome:
            if self.calls:
                return super().run(function, arguments, **how)
            self.calls.append(("bert", 60.0, arguments))
            journal = Journal(Path(arguments["folder"]))
            for check in (Check.IMPORT, Check.CONSTRUCT, Check.FORWARD):
                journal.end(Ended(check=check, verdict=Verdict.WORKS))
            journal.begin(Check.FINITE)
            return ProcessOutcome(failure=Failure(kind=FailureKind.TIMEOUT, reason="Killed."), seconds=lasted, pid=1)

    launcher = Slow()
    workbench = open_workbench(launcher)
    put(workbench, "")
    outcome = check_skillset(workbench, "bert", SkillsetSuite.BASIC)
    assert (outcome.verdict.value, len(launcher.calls)) == (verdict, calls)


def test_a_process_that_says_nothing_is_an_error_and_not_asked_for_ever(open_workbench: Open):
    class Mute(ExaminingLauncher):
        def run(self, function: str, arguments: Mapping[str, Any], **how: Any) -> ProcessOutcome:
            return ProcessOutcome(value={"ended": 0}, seconds=0.1, pid=1)

    workbench = open_workbench(Mute())
    put(workbench, "")
    outcome = check_skillset(workbench, "bert", SkillsetSuite.BASIC)
    assert {each.verdict for each in outcome.outcomes} == {SuiteVerdict.ERROR}
    assert (outcome.outcomes[0].reason or "").startswith("The process ended well and did not say how")


def test_without_processes_there_is_an_error_and_no_outcome(open_workbench: Open):
    workbench = open_workbench(ExaminingLauncher(refused=("bert",)))
    put(workbench, "")
    with pytest.raises(LauncherFailure, match="fork server could not be started"):
        check_skillset(workbench, "bert", SkillsetSuite.BASIC)
