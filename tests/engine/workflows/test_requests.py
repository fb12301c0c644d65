"""What the first run asks for, and what incremental mode and generating take into account."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.domain.result import FailureKind, ResultStatus
from engine.domain.run import SizeChoice
from engine.domain.skillset import GenerationStatus
from engine.errors import InvalidValue
from engine.stats.comparison import FEWEST_PROCESSES
from engine.storage import results
from engine.workflows.check_request import check_request
from engine.workflows.device_turns import PROCESSOR, Cancelled
from engine.workflows.first_run_request import first_run_request
from engine.workflows.generate_skillsets import generate_skillsets
from engine.workflows.plan_run import plan_run
from engine.workflows.workbench import Workbench
from tests.builders import a_request
from tests.engine.workflows.fake_launcher import FakeLauncher

Open = Callable[[FakeLauncher], Workbench]
PATIENCE = 20.0


def test_the_first_run_measures_its_types_often_enough_to_compare(open_workbench: Open):
    workbench = open_workbench(FakeLauncher())
    request = first_run_request(workbench)
    assert list(request.models) == sorted(model.name for model in workbench.catalog.first_run)
    assert request.protocol.processes >= FEWEST_PROCESSES
    assert min(request.batch_sizes) == 1
    check_request(workbench, request)


@pytest.mark.parametrize(
    ("models", "size", "words"),
    [
        (("bert-large-uncased",), SizeChoice.TINY, "bert-large-uncased is a size of bert itself, so size tiny"),
        (("bert", "google-bert/bert-large-uncased"), SizeChoice.TINY, "contradicts it; leave the size at auto"),
        (("bert-large-uncased",), SizeChoice.DEFAULT, "so size default contradicts it"),
    ],
)
def test_a_checkpoint_and_a_size_that_it_is_not_are_refused_together(open_workbench: Open, models, size, words):
    with pytest.raises(InvalidValue, match=words) as caught:
        check_request(open_workbench(FakeLauncher()), a_request(*models, size=size))
    assert caught.value.field == "size"


@pytest.mark.parametrize("size", [SizeChoice.AUTO, SizeChoice.DEFAULT])
def test_beside_a_checkpoint_the_size_is_that_of_the_types(open_workbench: Open, size: SizeChoice):
    workbench = open_workbench(FakeLauncher(parameters=lambda case: 7))
    request = a_request("bert", "google-bert/bert-large-uncased", size=size)
    check_request(workbench, request)
    planned = plan_run(workbench, request).planned
    assert sorted(item.case.size for item in planned) == ["bert-large-uncased", "default"]


def test_a_checkpoint_that_does_not_fit_is_skipped_by_its_own_count(open_workbench: Open):
    workbench = open_workbench(FakeLauncher(parameters=lambda case: 7 if case.size == "default" else 10**15))
    plan = plan_run(workbench, a_request("bert", "bert-large-uncased"))
    assert [item.case.size for item in plan.planned] == ["default"]
    assert [(left.case.size, left.failure.kind) for left in plan.skipped] == [
        ("bert-large-uncased", FailureKind.DOES_NOT_FIT)
    ]


def run_incrementally(workbench: Workbench) -> list[tuple[ResultStatus, FailureKind | None]]:
    run = workbench.supervisor.submit(a_request("bert", incremental=True))
    workbench.supervisor.wait(run.run_id, PATIENCE)
    with workbench.database.cursor() as cursor:
        return [(row.status, row.failure and row.failure.kind) for row in results.of_run(cursor, run.run_id)]


def test_incremental_mode_measures_again_what_another_skillset_measured(open_workbench: Open):
    workbench = open_workbench(FakeLauncher())
    measured, left_out = (ResultStatus.COMPLETED, None), (ResultStatus.SKIPPED, FailureKind.ALREADY_MEASURED)
    assert run_incrementally(workbench) == [measured]
    assert run_incrementally(workbench) == [left_out]
    module = workbench.settings.skillset_dir / "hf_bert.py"
    module.write_text(module.read_text().replace("num_hidden_layers=2", "num_hidden_layers=3"))
    assert run_incrementally(workbench) == [measured]
    assert run_incrementally(workbench) == [left_out]
    module.unlink()
    assert run_incrementally(workbench) == [left_out], "the text that will be generated is the one first measured"


def test_a_faulty_template_fails_its_own_cases_in_incremental_mode(
    open_workbench: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    template = tmp_path / "custom" / "templates" / "skillset" / "vision.py.j2"
    template.parent.mkdir(parents=True)
    template.write_text("{{ 1 / 0 }}")
    monkeypatch.setenv("MODELDYNO_CUSTOM", str(tmp_path / "custom"))
    workbench = open_workbench(FakeLauncher())
    run = workbench.supervisor.submit(a_request("bert", "vit", incremental=True))
    workbench.supervisor.wait(run.run_id, PATIENCE)
    with workbench.database.cursor() as cursor:
        ended = {row.case.model_type: row for row in results.of_run(cursor, run.run_id)}
    assert {name: row.status for name, row in ended.items()} == {
        "bert": ResultStatus.COMPLETED,
        "vit": ResultStatus.FAILED,
    }
    assert f"{template}, line 1: ZeroDivisionError" in ended["vit"].failure.reason


def test_generating_waits_for_the_measurement_under_way(open_workbench: Open):
    launcher, outcomes = FakeLauncher(), []
    workbench = open_workbench(launcher)
    with workbench.supervisor.device_turns.turn(PROCESSOR, threading.Event()):
        generating = threading.Thread(target=lambda: outcomes.extend(generate_skillsets(workbench, ["bert"])))
        generating.start()
        generating.join(0.3)
        assert generating.is_alive() and launcher.calls == []
    generating.join(PATIENCE)
    assert [outcome.status for outcome in outcomes] == [GenerationStatus.VERIFIED]


def test_generating_that_waits_can_be_cancelled(open_workbench: Open):
    launcher, cancel = FakeLauncher(), threading.Event()
    workbench = open_workbench(launcher)
    with workbench.supervisor.device_turns.turn(PROCESSOR, threading.Event()):
        threading.Timer(0.2, cancel.set).start()
        with pytest.raises(Cancelled):
            generate_skillsets(workbench, ["bert"], cancel=cancel)
    assert launcher.calls == []
