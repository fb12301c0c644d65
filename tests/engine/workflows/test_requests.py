"""What the first run asks for, and what incremental mode and generating take into account."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from engine.domain.result import FailureKind, ResultStatus
from engine.domain.skillset import GenerationStatus
from engine.stats.comparison import FEWEST_PROCESSES
from engine.storage import results
from engine.workflows.check_request import check_request
from engine.workflows.device_turns import PROCESSOR, Cancelled
from engine.workflows.first_run_request import first_run_request
from engine.workflows.generate_skillsets import generate_skillsets
from engine.workflows.workbench import Workbench
from tests.builders import a_request
from tests.engine.workflows.fake_launcher import FakeLauncher

Open = Callable[[FakeLauncher], Workbench]
PATIENCE = 20.0


def test_the_first_run_measures_every_verified_type_often_enough_to_compare(open_workbench: Open):
    workbench = open_workbench(FakeLauncher())
    request = first_run_request(workbench)
    assert list(request.models) == sorted(model.name for model in workbench.catalog.verified)
    assert request.protocol.processes >= FEWEST_PROCESSES
    assert min(request.batch_sizes) == 1
    check_request(workbench, request)


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
    module.write_text(module.read_text().replace("SEED = 0", "SEED = 7"))
    assert run_incrementally(workbench) == [measured]
    assert run_incrementally(workbench) == [left_out]
    module.unlink()
    assert run_incrementally(workbench) == [left_out], "the text that will be generated is the one first measured"


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
