from __future__ import annotations

from pathlib import Path

import pytest

from engine.cli.local_run import carry_out, report_on
from engine.domain.result import FailureKind
from engine.domain.run import RunStatus
from engine.errors import InvalidValue
from engine.storage import runs
from engine.workflows.workbench import Workbench
from tests.builders import a_failure, a_protocol, a_request
from tests.engine.workflows.fake_launcher import FakeLauncher


def test_a_run_is_followed_line_by_line_to_its_end(bench: Workbench, capsys: pytest.CaptureFixture[str]) -> None:
    run = carry_out(bench, a_request("bert", "vit"), quiet=False)
    assert (run.status, run.completed) == (RunStatus.COMPLETED, 2)
    captured = capsys.readouterr()
    lines = captured.err.splitlines()
    assert captured.out == ""
    assert lines[0] == f"Run 1 ({run.run_id}) on {bench.environment.label}"
    assert [line for line in lines if line.endswith("completed, 10.0 ms")] == lines[-2:]


def test_a_quiet_run_says_nothing(bench: Workbench, capsys: pytest.CaptureFixture[str]) -> None:
    assert carry_out(bench, a_request(), quiet=True).status is RunStatus.COMPLETED
    assert capsys.readouterr() == ("", "")


def test_the_report_of_a_run_lies_where_it_is_said_to_lie(bench: Workbench, capsys: pytest.CaptureFixture[str]) -> None:
    path, status = report_on(bench, carry_out(bench, a_request(), quiet=True), quiet=False)
    assert status == 0
    assert path is not None and path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert capsys.readouterr().err == f"Report: {path}\n"


def test_a_report_that_cannot_be_written_fails_and_keeps_the_results(
    bench: Workbench, capsys: pytest.CaptureFixture[str]
) -> None:
    run = carry_out(bench, a_request(), quiet=True)
    bench.settings.report_dir.write_text("a file where the folder should be")
    assert report_on(bench, run, quiet=True) == (None, 1)
    told = capsys.readouterr().err
    assert told.startswith(f"Report not written: The report could not be written to {bench.settings.report_dir}")


def test_a_budget_too_short_for_any_case_is_refused_before_a_run_is_stored(bench: Workbench) -> None:
    assert isinstance(bench.launcher, FakeLauncher)
    bench.launcher.parameters = lambda case: 400_000_000
    request = a_request(budget_seconds=1.0, protocol=a_protocol(min_iterations=50, max_iterations=50))
    with pytest.raises(InvalidValue, match="too short for a single case"):
        carry_out(bench, request, quiet=True)
    with bench.database.cursor() as cursor:
        assert runs.recent(cursor) == []


def test_a_run_without_figures_has_no_report(bench: Workbench, capsys: pytest.CaptureFixture[str]) -> None:
    assert isinstance(bench.launcher, FakeLauncher)
    bench.launcher.failures = lambda case: a_failure(FailureKind.CRASHED, "Killed by signal 11.")
    run = carry_out(bench, a_request(), quiet=True)
    assert (run.status, run.failed) == (RunStatus.COMPLETED, 1)
    assert report_on(bench, run, quiet=False) == (None, 0)
    assert capsys.readouterr().err == "No report: nothing was measured.\n"
    assert not Path(bench.settings.report_dir).exists()
