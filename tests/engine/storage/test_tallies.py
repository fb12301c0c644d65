from __future__ import annotations

from datetime import timedelta

import pytest

from engine.domain.result import FailureKind, Provenance, ResultStatus
from engine.domain.run import RunStatus
from engine.storage import results, runs, tallies
from engine.storage.database import Database
from tests.builders import A_TIME, AN_ENVIRONMENT_ID, a_case, a_failed_result, a_failure, a_request, a_result

STORED = [
    a_result(a_case("bert"), duration_seconds=0.5),
    a_result(a_case("gpt2"), duration_seconds=0.6),
    a_result(a_case("t5"), duration_seconds=30.0, started_at=A_TIME - timedelta(seconds=1)),
    a_result(a_case("vit"), duration_seconds=7.0, provenance=Provenance.SIMULATED),
    a_failed_result(a_case("bart"), FailureKind.TIMEOUT, duration_seconds=300.0),
    a_failed_result(a_case("clip"), FailureKind.TIMEOUT, duration_seconds=0.0),
    a_result(
        a_case("llama"),
        status=ResultStatus.SKIPPED,
        failure=a_failure(FailureKind.DOES_NOT_FIT, "It does not fit."),
        duration_seconds=0.0,
    ),
]


@pytest.fixture
def filled(database: Database) -> Database:
    database.write(lambda cursor: [results.save(cursor, result) for result in STORED])
    for status in (RunStatus.COMPLETED, RunStatus.COMPLETED, RunStatus.QUEUED):
        database.write(lambda cursor, status=status: runs.create(cursor, a_request(), AN_ENVIRONMENT_ID, status))
    return database


def test_rows_are_counted_by_how_they_ended_where_they_come_from_and_why(filled):
    with filled.cursor() as cursor:
        found = tallies.tallies(cursor)
    assert found.runs == {RunStatus.COMPLETED: 2, RunStatus.QUEUED: 1}
    assert found.results == {
        (ResultStatus.COMPLETED, Provenance.MEASURED): 3,
        (ResultStatus.COMPLETED, Provenance.SIMULATED): 1,
        (ResultStatus.FAILED, Provenance.MEASURED): 2,
        (ResultStatus.SKIPPED, Provenance.MEASURED): 1,
    }
    assert found.failures == {
        (ResultStatus.FAILED, FailureKind.TIMEOUT): 2,
        (ResultStatus.SKIPPED, FailureKind.DOES_NOT_FIT): 1,
    }


def test_durations_are_of_what_a_process_carried_out_since_then_a_bound_holding_what_equals_it(filled):
    with filled.cursor() as cursor:
        found = tallies.durations(cursor, since=A_TIME, bounds=(0.5, 10.0, 60.0))
    assert found == {
        ResultStatus.COMPLETED: tallies.Durations(counts=(1, 1, 0, 0), total_seconds=pytest.approx(1.1)),
        ResultStatus.FAILED: tallies.Durations(counts=(0, 0, 0, 1), total_seconds=300.0),
    }


def test_an_empty_database_has_durations_of_nothing(database):
    with database.cursor() as cursor:
        assert tallies.tallies(cursor) == tallies.Tallies(runs={}, results={}, failures={})
        nothing = tallies.Durations(counts=(0, 0), total_seconds=0.0)
        found = tallies.durations(cursor, since=A_TIME, bounds=(1.0,))
    assert found == {ResultStatus.COMPLETED: nothing, ResultStatus.FAILED: nothing}
