"""Parameters and operations: counted once, in the turn of the processor, and then remembered."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

import pytest

from engine.catalog.chosen import ChosenModel
from engine.domain.model import Size
from engine.domain.result import Failure, FailureKind
from engine.errors import LauncherFailure
from engine.workflows.case_facts import count_case_facts, count_facts_of, default_case
from engine.workflows.device_turns import PROCESSOR, Cancelled
from engine.workflows.workbench import Workbench
from tests.builders import a_model
from tests.engine.workflows.fake_launcher import FakeLauncher, outcome

Open = Callable[[FakeLauncher], Workbench]
MODELS = [ChosenModel(model=a_model(name)) for name in ("bert", "vit")]


class _Uncounting(FakeLauncher):
    """Cannot count one type."""

    def _count_facts(self, arguments, started):
        if arguments["case"]["model_type"] == "bert":
            return outcome(started, failure=Failure(kind=FailureKind.ERROR, reason="ValueError: no such layer"))
        return super()._count_facts(arguments, started)


def test_facts_are_counted_once_and_remembered_by_the_next_workbench(open_workbench: Open, settings):
    first = FakeLauncher(parameters=lambda case: 7)
    with Workbench.open(settings, launcher=first) as workbench:
        case = default_case(workbench.catalog.get("bert"))
        assert count_case_facts(workbench, case).parameters == 7
        assert count_case_facts(workbench, case).parameters == 7
    later = FakeLauncher(parameters=lambda case: 8)
    assert count_case_facts(open_workbench(later), case).parameters == 7
    assert (first.count("count_facts"), later.count("count_facts")) == (1, 0)


def test_askers_that_wait_for_the_same_count_share_it(open_workbench: Open):
    launcher = FakeLauncher(parameters=lambda case: 7)
    workbench, counts = open_workbench(launcher), []
    case = default_case(workbench.catalog.get("bert"))
    askers = [
        threading.Thread(target=lambda: counts.append(count_case_facts(workbench, case).parameters)) for _ in range(5)
    ]
    with workbench.supervisor.device_turns.turn(PROCESSOR, threading.Event()):
        for asker in askers:
            asker.start()
        time.sleep(0.3)
    for asker in askers:
        asker.join(20.0)
    assert (counts, launcher.count("count_facts")) == ([7] * 5, 1)


def test_who_waits_to_count_says_so_and_says_when_it_counts(open_workbench: Open):
    workbench, steps, waits = open_workbench(FakeLauncher(parameters=lambda case: 7)), [], threading.Event()
    case = default_case(workbench.catalog.get("bert"))

    def tell(step: str) -> None:
        steps.append(step)
        waits.set()

    asker = threading.Thread(target=lambda: count_case_facts(workbench, case, on_step=tell))
    with workbench.supervisor.device_turns.turn(PROCESSOR, threading.Event()):
        asker.start()
        assert waits.wait(20.0)
    asker.join(20.0)
    assert steps == ["Waiting for another measurement", "Counting parameters of bert"]


def test_a_type_that_cannot_be_counted_is_missing_and_said_so(open_workbench: Open, caplog):
    workbench, lines = open_workbench(_Uncounting()), []
    with caplog.at_level(logging.WARNING):
        found = count_facts_of(workbench, MODELS, on_log=lines.append)
    assert list(found) == [("vit", Size.DEFAULT)]
    assert any("could not be counted: ValueError: no such layer" in line for line in lines)
    assert "no such layer" in caplog.text


def test_a_checkpoint_is_counted_by_itself(open_workbench: Open):
    large = ChosenModel(model=a_model("bert"), size="bert-large-uncased")
    workbench, steps = open_workbench(FakeLauncher(parameters=lambda case: len(case.size))), []
    found = count_facts_of(workbench, [MODELS[0], large], on_step=steps.append)
    assert {place: facts.parameters for place, facts in found.items()} == {
        ("bert", "default"): len("default"),
        ("bert", "bert-large-uncased"): len("bert-large-uncased"),
    }
    assert steps[1] == "Counting parameters of bert-large-uncased, 2 of 2"


def test_a_checkpoint_that_cannot_be_counted_stands_as_published_and_is_counted_next_time(open_workbench: Open):
    large = ChosenModel(model=a_model("bert"), size="bert-large-uncased")
    workbench = open_workbench(_Uncounting())
    for _ in range(2):
        found = count_facts_of(workbench, [large])["bert", "bert-large-uncased"]
        assert (found.parameters, found.parameter_bytes) == (336_226_108, 4 * 336_226_108)
    assert workbench.launcher.count("count_facts") == 2


def test_each_type_is_a_step_unless_it_is_known(open_workbench: Open):
    workbench, steps = open_workbench(FakeLauncher()), []
    count_facts_of(workbench, MODELS[:1])
    count_facts_of(workbench, MODELS, on_step=steps.append)
    assert steps == ["Counting parameters of VIT, 2 of 2"]


def test_a_single_case_that_cannot_be_counted_is_an_error_that_names_it(open_workbench: Open):
    workbench = open_workbench(_Uncounting())
    with pytest.raises(LauncherFailure, match="parameters of bert cpu fp32 batch 1 could not be counted: ValueError"):
        count_case_facts(workbench, default_case(MODELS[0].model))


def test_counting_waits_for_the_measurement_under_way_and_gives_up_when_cancelled(open_workbench: Open):
    launcher = FakeLauncher()
    workbench, cancel = open_workbench(launcher), threading.Event()
    with workbench.supervisor.device_turns.turn(PROCESSOR, threading.Event()):
        threading.Timer(0.2, cancel.set).start()
        with pytest.raises(Cancelled):
            count_case_facts(workbench, default_case(MODELS[0].model), cancel=cancel)
    assert launcher.count("count_facts") == 0


def test_a_count_that_is_cancelled_while_it_runs_is_no_failure(open_workbench: Open):
    launcher, cancel = FakeLauncher(slow=("count_facts",)), threading.Event()
    threading.Timer(0.2, cancel.set).start()
    with pytest.raises(Cancelled):
        count_facts_of(open_workbench(launcher), MODELS, cancel=cancel)
