from __future__ import annotations

from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from engine.domain.calibration import CalibrationProgress
from engine.storage import calibrations
from engine.workflows.calibration_job import CalibrationState
from tests.app.stand_in import StandInWorkbench
from tests.calibration_builders import A_MISSED_FINDING, AN_OPEN_FINDING, a_calibration, a_noise

ADDRESS = "/api/benchmark/calibration"
PROBLEM = "application/problem+json"


def test_before_the_first_there_is_none(client: FlaskClient) -> None:
    assert client.get(ADDRESS).json == {
        "calibration": None,
        "newest": None,
        "under_way": None,
        "error": None,
    }


def test_the_newest_is_told_with_its_findings(client: FlaskClient, bench: StandInWorkbench) -> None:
    bench.database.write(lambda cursor: calibrations.save(cursor, a_calibration()))
    missed = a_calibration(days=1, findings=(A_MISSED_FINDING,))
    bench.database.write(lambda cursor: calibrations.save(cursor, missed))
    found = client.get(ADDRESS).json["calibration"]
    assert (found["calibration_id"], found["holds"]) == ("calibration-1", False)
    assert found["findings"] == [
        {
            "check": "false_alarms",
            "state": "missed",
            "value": 0.08,
            "unit": "share",
            "goal": 0.02,
            "low": 0.03,
            "high": 0.15,
            "detail": "8 of 100 after correction.",
            "problem": None,
        }
    ]
    assert found["noise"]["process_spread"] == 0.01
    assert found["resolution"][0] == {"processes": 3, "change": None, "change_in_pairs": None}
    assert len(found["next_steps"]) == 1


def test_a_quick_one_after_a_full_one_is_told_beside_it(client: FlaskClient, bench: StandInWorkbench) -> None:
    few = replace(a_noise(), pairs=100)
    quick = a_calibration(days=1, is_quick=True, findings=(AN_OPEN_FINDING,), noise=few)
    for made in (a_calibration(), quick):
        bench.database.write(lambda cursor, made=made: calibrations.save(cursor, made))
    told = client.get(ADDRESS).json
    assert (told["calibration"]["trials"], told["newest"]["trials"]) == (50, 10)
    assert [told[name]["calibration_id"] for name in ("calibration", "newest")] == ["calibration-0", "calibration-1"]
    assert (told["newest"]["holds"], told["newest"]["not_shown"]) == (False, ["false_alarms"])
    assert told["newest"]["findings"][0]["state"] == "open"


def test_one_is_started_followed_and_cancelled(client: FlaskClient, bench: StandInWorkbench) -> None:
    answer = client.post(ADDRESS, json={"quick": True})
    assert (answer.status_code, answer.headers["Location"]) == (202, ADDRESS)
    assert bench.calibration.started == [10]
    again = client.post(ADDRESS, json={})
    assert (again.status_code, again.content_type) == (409, PROBLEM)
    progress = CalibrationProgress(step="Timing known sleeps", done=3, total=12, remaining_seconds=(1.0, 2.0))
    bench.calibration.state = CalibrationState(progress=progress)
    assert client.get(ADDRESS).json["under_way"] == {
        "status": "running",
        "current_step": "Timing known sleeps",
        "progress": 0.25,
        "processes": {"done": 3, "total": 12},
        "estimated_remaining_range": [1.0, 2.0],
    }
    assert client.post(f"{ADDRESS}/cancel").json["status"] == "cancelling"
    assert client.get(ADDRESS).json["under_way"]["status"] == "cancelling"


@pytest.mark.parametrize(("body", "trials"), [({}, 50), ({"quick": True}, 10), ({"groups": 200}, 200)])
def test_as_many_trials_are_made_as_were_asked_for(
    client: FlaskClient, bench: StandInWorkbench, body: dict[str, object], trials: int
) -> None:
    assert client.post(ADDRESS, json=body).status_code == 202
    assert bench.calibration.started == [trials]


def test_there_is_nothing_to_cancel_without_one(client: FlaskClient) -> None:
    assert client.post(f"{ADDRESS}/cancel").status_code == 409


def test_what_cannot_be_meant_is_refused(client: FlaskClient, bench: StandInWorkbench) -> None:
    bodies = ({"fast": True}, {"quick": "yes"}, {"groups": 9}, {"groups": 1001}, {"quick": True, "groups": 200})
    for body in bodies:
        answer = client.post(ADDRESS, json=body)
        assert 400 <= answer.status_code < 500 and answer.content_type == PROBLEM
    assert bench.calibration.started == []
