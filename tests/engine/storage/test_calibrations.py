"""Calibrations come back equal; of each environment that with the most trials counts for a month."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.domain.calibration import PAIRS, Calibration, Finding, MeterCheck
from engine.storage import calibrations, sandbox
from engine.storage.database import Database
from tests.builders import AN_ENVIRONMENT_ID
from tests.calibration_builders import A_MISSED_FINDING, a_calibration, a_noise


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
    ("trials", "counts"),
    [
        ({1: 50, 3: 50, 5: 10, 6: 10}, "calibration-3"),
        ({5: 10, 6: 10}, "calibration-6"),
        ({3: 50, 34: 10}, "calibration-34"),
        ({3: 200, 4: 50, 5: 10}, "calibration-4"),
        ({3: 50, 4: 200}, "calibration-4"),
        ({3: 200, 20: 50, 34: 10}, "calibration-20"),
        ({3: 50, 4: None}, "calibration-3"),
        ({3: 10, 4: None}, "calibration-3"),
        ({}, None),
    ],
)
def test_the_newest_that_was_not_quick_counts_for_a_month(
    database: Database, trials: dict[int, int | None], counts: str | None
) -> None:
    _save(database, a_calibration(days=99, calibration_id="elsewhere", environment_id="env-0002"))
    for day, groups in trials.items():
        noise = None if groups is None else replace(a_noise(), pairs=groups * PAIRS)
        _save(database, a_calibration(days=day, noise=noise, is_quick=groups == 10))
    with database.cursor() as cursor:
        found = calibrations.counting(cursor, AN_ENVIRONMENT_ID)
    assert (found.calibration_id if found is not None else None) == counts


def test_people_query_findings_with_their_state(database: Database) -> None:
    _save(database, a_calibration(findings=(A_MISSED_FINDING,)))
    asked = "select check_name, value, goal, state from calibrations"
    assert sandbox.run_query(database, asked).rows == [("false_alarms", 0.08, 0.02, "missed")]
