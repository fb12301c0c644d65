"""A report that is made is in the folder and in the database, or in neither."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from engine.domain.run import Run, RunStatus
from engine.errors import NotFinished, StorageError
from engine.storage import reports, results, runs
from engine.workflows.make_report import make_report
from engine.workflows.workbench import Workbench
from tests.builders import a_request, a_result
from tests.engine.workflows.fake_launcher import FakeLauncher


@pytest.fixture
def workbench(open_workbench: Callable[[FakeLauncher], Workbench]) -> Workbench:
    return open_workbench(FakeLauncher())


def a_run_of_one_result(workbench: Workbench, status: RunStatus) -> Run:
    environment_id = workbench.environment.environment_id

    def keep(cursor) -> Run:
        run = runs.create(cursor, a_request(), environment_id)
        results.save(cursor, a_result(run_id=run.run_id, environment_id=environment_id))
        runs.set_status(cursor, run.run_id, status, at=datetime.now(UTC))
        return runs.get(cursor, run.run_id)

    return workbench.database.write(keep)


def test_a_report_is_in_the_folder_and_in_the_list(workbench):
    made = make_report(workbench, a_run_of_one_result(workbench, RunStatus.COMPLETED).run_id)
    with workbench.database.cursor() as cursor:
        assert [report.filename for report in reports.recent(cursor)] == [made.filename]
    assert [path.name for path in workbench.settings.report_dir.iterdir()] == [made.filename]


def test_a_report_that_could_not_be_listed_leaves_no_file(workbench, monkeypatch):
    run = a_run_of_one_result(workbench, RunStatus.COMPLETED)

    def no_room(cursor, report):
        raise StorageError("The disk is full.")

    monkeypatch.setattr(reports, "save", no_room)
    with pytest.raises(StorageError, match="disk is full"):
        make_report(workbench, run.run_id)
    assert list(workbench.settings.report_dir.iterdir()) == []


def test_a_run_under_way_has_no_report_yet(workbench):
    run = a_run_of_one_result(workbench, RunStatus.RUNNING)
    with pytest.raises(NotFinished, match="a report is made once it has ended"):
        make_report(workbench, run.run_id)
