"""Calibrations come back equal; of each environment the newest counts."""

from __future__ import annotations

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


def test_the_newest_of_the_environment_counts(database: Database) -> None:
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


def test_people_query_findings_with_their_state(database: Database) -> None:
    _save(database, a_calibration(findings=(A_MISSED_FINDING,)))
    asked = "select check_name, value, goal, state from calibrations"
    assert sandbox.run_query(database, asked).rows == [("false_alarms", 0.08, 0.02, "missed")]
