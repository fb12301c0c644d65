"""Examinations come back equal; of each type the last one in the version that was examined last counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.domain.case import Precision
from engine.domain.conformance import Check, Conformance, Verdict
from engine.storage import conformance, sandbox
from engine.storage.database import Database
from tests.conformance_builders import A_TRACEBACK, a_conformance, an_outcome

FAILS = {Check.FORWARD: Verdict.FAILS}


def _save(database: Database, *examined: Conformance) -> None:
    def save(cursor):
        for one in examined:
            conformance.save(cursor, one)

    database.write(save)


def _newest(database: Database, **wanted) -> list[Conformance]:
    with database.cursor() as cursor:
        return conformance.newest(cursor, **wanted)


def _without_detail(examined: Conformance) -> Conformance:
    return replace(examined, outcomes=tuple(replace(outcome, detail=None) for outcome in examined.outcomes))


def _names(found: Sequence[Conformance]) -> list[tuple[str, str, str]]:
    return [(one.model_type, one.backend, one.precision.value) for one in found]


def test_an_examination_comes_back_equal_with_its_traceback_when_asked_for(database):
    awkward = an_outcome(Check.FORWARD, Verdict.FAILS, reason="a 'quoted' \"text\" \\ ümlaut 🙂", detail="x\n" * 3000)
    for examined in (
        a_conformance("bert", flops=2**100, peak_rss_bytes=None, checksum=None),
        a_conformance("gpt2", FAILS, backend="cuda", precision=Precision.BF16),
        a_conformance("vit", outcomes=(awkward,)),
        a_conformance("t5", outcomes=()),
    ):
        _save(database, examined)
        assert _newest(database, model_types=[examined.model_type], with_detail=True) == [examined]
        assert _newest(database, model_types=[examined.model_type]) == [_without_detail(examined)]


def test_the_last_examination_of_each_type_backend_and_precision_counts(database):
    _save(
        database,
        a_conformance("gpt2"),
        a_conformance("bert", FAILS, days=1),
        a_conformance("bert", days=2),
        a_conformance("bert", FAILS, precision=Precision.BF16),
        a_conformance("bert", FAILS, backend="cuda"),
    )
    found = _newest(database)
    assert _names(found) == [
        ("bert", "cpu", "bf16"),
        ("bert", "cpu", "fp32"),
        ("bert", "cuda", "fp32"),
        ("gpt2", "cpu", "fp32"),
    ]
    assert [one.verdict for one in found] == [Verdict.FAILS, Verdict.WORKS, Verdict.FAILS, Verdict.WORKS]


def test_of_each_library_the_version_examined_last_counts(database):
    _save(
        database,
        a_conformance("bert", library_version="5.9.0"),
        a_conformance("retired", library_version="5.9.0"),
        a_conformance("bert", FAILS, days=1, library_version="5.10.0"),
        a_conformance("flux", days=-300, library="diffusers", library_version="0.35.0"),
    )
    assert [(one.model_type, one.library_version) for one in _newest(database)] == [
        ("bert", "5.10.0"),
        ("flux", "0.35.0"),
    ]
    with database.cursor() as cursor:
        ten, nine, diffusers = conformance.versions(cursor)
    assert [ten.label, nine.label, diffusers.label] == ["transformers 5.10.0", "transformers 5.9.0", "diffusers 0.35.0"]
    assert [ten.model_types, nine.model_types] == [1, 2]
    assert _names(_newest(database, version=nine)) == [("bert", "cpu", "fp32"), ("retired", "cpu", "fp32")]
    assert _names(_newest(database, version=nine, model_types=["bert"])) == [("bert", "cpu", "fp32")]


def test_the_history_of_a_type_is_every_examination_newest_first(database):
    examined = [a_conformance(days=days, library_version=f"5.{days}.0") for days in (1, 3, 2)]
    _save(database, *examined, a_conformance("gpt2"))
    with database.cursor() as cursor:
        versions = [one.library_version for one in conformance.history(cursor, "bert")]
        assert versions == ["5.3.0", "5.2.0", "5.1.0"]
        assert len(conformance.history(cursor, "bert", limit=2)) == 2
        assert conformance.history(cursor, "brt") == []


def test_nothing_examined_is_nothing_found(database):
    with database.cursor() as cursor:
        assert conformance.newest(cursor) == []
        assert conformance.versions(cursor) == []


def test_people_query_one_row_for_each_check(database):
    _save(database, a_conformance("bert"), a_conformance("bert", FAILS, days=1))
    answer = sandbox.run_query(
        database, "select check_name, verdict, overall_verdict, detail from conformance where verdict = 'fails'"
    )
    assert answer.rows == [("forward", "fails", "fails", A_TRACEBACK)]
