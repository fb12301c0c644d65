"""Calibrations come back equal; of each environment the newest full one counts."""

from __future__ import annotations

import pytest

from engine.domain.calibration import Calibration, Finding, MeterCheck
from engine.storage import calibrations, sandbox
from engine.storage.database import Database
from tests.builders import AN_ENVIRONMENT_ID
from tests.calibration_builders import A_MISSED_FINDING, a_calibration


def _save(database: Database, *made: Calibration) -> None:
    database.write(lambda cursor: [calibrations.save(cursor, one) for one in made])


def test_a_calibration_comes_back_equal(database: Database) -> None:
    failed = Finding(check=MeterCheck.POWER, value=None, problem="It died of signal 11.")
    for made in (
        a_calibration(),
        a_calibration(days=1, noise=None, cpu_busy_others=None, cpu_steal=None, is_quick=True, findings=()),
        a_calibration(days=2, findings=(A_MISSED_FINDING, failed)),
    ):
        _save(database, made)
        with database.cursor() as cursor:
            assert calibrations.newest(cursor, AN_ENVIRONMENT_ID) == made


def test_the_newest_of_the_environment_is_of_no_other(database: Database) -> None:
    elsewhere = a_calibration(days=9, calibration_id="elsewhere", environment_id="env-0002")
    _save(database, a_calibration(days=3), a_calibration(days=1), elsewhere)
    with database.cursor() as cursor:
        newest = calibrations.newest(cursor, AN_ENVIRONMENT_ID)
        assert newest is not None and newest.calibration_id == "calibration-3"
        assert [one.calibration_id for one in calibrations.history(cursor, AN_ENVIRONMENT_ID)] == [
            "calibration-3",
            "calibration-1",
        ]
        assert calibrations.newest(cursor, "env-0003") is None


@pytest.mark.parametrize(
    ("full", "quick", "counts"),
    [((1, 3), (5, 6), "calibration-3"), ((), (5, 6), "calibration-6"), ((3,), (34,), "calibration-34"), ((), (), None)],
)
def test_a_full_one_counts_for_a_month_whatever_quick_ones_follow(
    database: Database, full: tuple[int, ...], quick: tuple[int, ...], counts: str | None
) -> None:
    _save(database, a_calibration(days=99, calibration_id="elsewhere", environment_id="env-0002"))
    _save(database, *(a_calibration(days=day) for day in full), *(a_calibration(days=d, is_quick=True) for d in quick))
    with database.cursor() as cursor:
        found = calibrations.counting(cursor, AN_ENVIRONMENT_ID)
    assert (found.calibration_id if found is not None else None) == counts


def test_people_query_findings_with_their_state(database: Database) -> None:
    _save(database, a_calibration(findings=(A_MISSED_FINDING,)))
    asked = "select check_name, value, goal, state from calibrations"
    assert sandbox.run_query(database, asked).rows == [("false_alarms", 0.08, 0.02, "missed")]
