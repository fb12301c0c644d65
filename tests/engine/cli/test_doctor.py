from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.cli.doctor import tell_calibration
from engine.config import Settings
from engine.domain.calibration import Calibration, FindingState, MeterCheck
from engine.storage import calibrations
from engine.storage.database import Database
from engine.workflows.calibrate import calibrate
from engine.workflows.workbench import Workbench
from tests.calibration_builders import A_MISSED_FINDING, AN_OPEN_FINDING, a_calibration
from tests.engine.cli import processes
from tests.engine.cli.conftest import Cli


def test_the_meters_of_this_machine_are_calibrated_in_real_processes(
    fresh: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """With fewer trials than the command line offers, which would take half a minute."""
    settings = Settings.load(home=fresh)
    with Workbench.open(settings) as bench:
        made = calibrate(bench, groups=1)
    status = tell_calibration(made, as_json=True)
    found = json.loads(capfd.readouterr().out)
    states = {finding["check"]: finding["state"] for finding in found["findings"]}
    assert set(states) == {check.label for check in MeterCheck}
    assert FindingState.FAILED.value not in states.values()
    assert states["resident_memory"] in ("reached", "unavailable")
    assert states["allocator_peak"] in ("reached", "unavailable")
    assert status == (1 if "missed" in states.values() else 0)
    assert found["noise"]["process_spread"] > 0 and found["noise"]["pairs"] == 10
    assert [line["processes"] for line in found["resolution"]] == [3, 5, 10]
    assert (found["trials"], found["holds"]) == (1, False)
    database = Database.open(settings.db_path)
    try:
        with database.cursor() as cursor:
            kept = calibrations.newest(cursor, found["environment"])
    finally:
        database.close()
    assert kept is not None and kept.calibration_id == found["calibration_id"]


@pytest.mark.parametrize(
    ("made", "status", "said"),
    [
        (a_calibration(), 0, "All 4 goals hold."),
        (a_calibration(findings=(AN_OPEN_FINDING,)), 0, "0 goals hold, 1 is not shown yet: 190 trials would"),
        (a_calibration(findings=(A_MISSED_FINDING,)), 1, "1 of 1 goals does not hold: false alarms."),
    ],
)
def test_a_goal_that_does_not_hold_is_the_exit_status(
    capfd: pytest.CaptureFixture[str], made: Calibration, status: int, said: str
) -> None:
    assert tell_calibration(made, as_json=False) == status
    output, _ = capfd.readouterr()
    assert said in output
    assert "A comparison resolves" in output
    assert ("Close other programs" in output) is (status == 1)


def test_what_cannot_be_meant_is_refused(cli: Cli, fresh: Path) -> None:
    told = cli("doctor", "--server", "http://127.0.0.1:1", "--benchmark-dir", fresh)
    assert (told.status, told.output) == (2, "")
    assert "Trust page" in told.errors
    few = cli("doctor", "--groups", "9", "--benchmark-dir", fresh)
    assert few.status == 2 and "10<=x<=1000" in few.errors
    both = cli("doctor", "--quick", "--groups", "200", "--benchmark-dir", fresh)
    assert both.status == 2 and "give one of them" in both.errors


def test_ctrl_c_ends_it_and_keeps_nothing(fresh: Path) -> None:
    process = processes.start("doctor", "--quick", home=fresh)
    processes.read_until(process, lambda line: line.startswith("[0/") and "Timing known sleeps" in line)
    family = processes.descendants(process)
    output, errors = processes.interrupt(process)
    assert (process.returncode, output) == (130, "")
    assert errors.splitlines()[-1] == "Interrupted; nothing of it is kept."
    assert processes.survivors(family) == []
