from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from engine.errors import QueryFailed, QueryRefused, TooManyQueries
from engine.storage import environments, results, runs, sandbox
from engine.storage.database import Database
from engine.storage.query_places import MAX_QUERIES
from tests.builders import a_case, a_failed_result, a_request, a_result, an_environment
from tests.engine.storage.harmless_queries import HARMLESS


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    database = Database.open(tmp_path_factory.mktemp("sandbox") / "modeldyno.duckdb")
    database.write(lambda cursor: environments.save(cursor, an_environment()))
    run = database.write(lambda cursor: runs.create(cursor, a_request(), an_environment().environment_id))
    for index in range(5):
        result = a_result(run_id=run.run_id, result_id=f"r{index}", repetition=index, latency=0.01 * (index + 1))
        database.write(lambda cursor, result=result: results.save(cursor, result))
    database.write(lambda cursor: results.save(cursor, a_failed_result(a_case("vit"), run_id=run.run_id)))
    yield database
    database.close()


def test_a_query_answers_with_columns_types_and_rows(filled):
    table = sandbox.run_query(
        filled,
        "select model_type, count(*) as n, max(latency_seconds) as slowest, max(measured_at) as at "
        "from results where status = 'completed' group by all",
    )
    assert table.columns == ("model_type", "n", "slowest", "at")
    assert table.types == ("VARCHAR", "BIGINT", "DOUBLE", "TIMESTAMP WITH TIME ZONE")
    assert table.rows == [("bert", 5, 0.05, "2026-03-14T09:26:53+00:00")]
    assert not table.truncated
    assert table.seconds > 0


@pytest.mark.parametrize("sql", HARMLESS)
def test_a_harmless_query_runs(filled, sql):
    assert sandbox.run_query(filled, sql).columns


def test_values_keep_what_json_can_carry(filled):
    table = sandbox.run_query(
        filled,
        "select 1.5::decimal(10, 2), 0.12345678901234567891::decimal(38, 20), 2::hugeint ** 100, true, null, "
        "date '2026-01-02', interval 90 minute, [1, null], {'a': [0.5]}, map {'k': 1}, 'ab'::blob, 'x'",
    )
    (row,) = table.rows
    assert row == (
        1.5, "0.12345678901234567891", 2.0**100, True, None, "2026-01-02", "01:30:00", [1, None], {"a": [0.5]},
        {"k": 1}, "6162", "x",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("interval '1 month 2 days'", "1 month 2 days"),
        ("'infinity'::timestamp", "infinity"),
        ("'-infinity'::date", "-infinity"),
        ("'infinity'::timestamptz", "infinity"),
        ("timestamp_ns '2026-01-02 03:04:05.123456789'", "2026-01-02T03:04:05.123456789"),
        ("timestamptz '2026-01-02 03:04:05+00'", "2026-01-02T03:04:05+00:00"),
        ("null::date", None),
    ],
)
def test_times_that_python_lacks_arrive_whole(filled, value, text):
    assert sandbox.run_query(filled, f"select {value}; -- ; so it is").rows == [(text,)]


def test_reading_times_as_text_keeps_names_types_and_order(filled):
    table = sandbox.run_query(
        filled, "select i as a, date '2026-01-01' + i::int as a from range(3) t(i) order by 1 desc"
    )
    assert (table.columns, table.types) == (("a", "a"), ("BIGINT", "DATE"))
    assert table.rows == [(2, "2026-01-03"), (1, "2026-01-02"), (0, "2026-01-01")]


def test_infinities_stay_numbers(filled):
    assert sandbox.run_query(filled, "select 1 / 0.0, -1 / 0.0").rows == [(float("inf"), float("-inf"))]


def test_pivot_needs_its_values(filled):
    with pytest.raises(QueryRefused, match=r"ON column IN \("):
        sandbox.run_query(filled, "pivot results on status using count(*)")
    sql = "pivot (select status from results) on status in ('completed', 'failed') using count(*)"
    assert sandbox.run_query(filled, sql).rows == [(5, 1)]


def test_a_statement_of_thousands_of_parts_is_told_to_shorten(filled):
    with pytest.raises(QueryFailed, match="shorten it"):
        sandbox.run_query(filled, " union all ".join(["select 1"] * 4000))


def test_the_time_shown_includes_the_copying(database):
    begun = time.perf_counter()
    with database.snapshots._making:  # somebody else's copy is being made
        asked = threading.Thread(target=lambda: answers.append(sandbox.run_query(database, "select 1")))
        answers: list[sandbox.QueryTable] = []
        asked.start()
        time.sleep(0.5)
    asked.join()
    assert 0.5 <= answers[0].seconds <= time.perf_counter() - begun


def test_no_more_queries_at_once_than_there_is_memory_for(filled):
    with ExitStack() as others:
        for number in range(MAX_QUERIES):
            others.enter_context(filled.snapshots.places.place(f"client {number}", patience_seconds=0))
        with pytest.raises(TooManyQueries, match="2 other queries are running; ask again"):
            sandbox.run_query(filled, "select 1", patience_seconds=0.1)
    assert sandbox.run_query(filled, "select 1").rows == [(1,)]


def test_a_fresh_write_is_seen_at_once(database):
    count = "select count(*) from results"
    assert sandbox.run_query(database, count).rows == [(0,)]
    database.write(lambda cursor: results.save(cursor, a_result()))
    assert sandbox.run_query(database, count).rows == [(1,)]


def test_more_rows_than_allowed_are_cut_and_said_to_be(filled):
    table = sandbox.run_query(filled, "select * from range(1000)", max_rows=10)
    assert len(table.rows) == 10 and table.truncated
    exact = sandbox.run_query(filled, "select * from range(10)", max_rows=10)
    assert len(exact.rows) == 10 and not exact.truncated


def test_an_endless_result_is_cut_without_being_computed(filled):
    table = sandbox.run_query(filled, "select * from range(1000000000000)", max_rows=1000, timeout_seconds=5)
    assert len(table.rows) == 1000 and table.truncated


def test_a_heavy_result_is_cut(filled):
    table = sandbox.run_query(filled, "select repeat('x', 20000) from range(2000)")
    assert 700 < len(table.rows) < 900 and table.truncated


def test_one_row_that_is_too_large_is_refused(filled):
    with pytest.raises(QueryFailed, match="One row is larger than"):
        sandbox.run_query(filled, "select repeat('x', 20000000)")


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("selct 1", 'Line 1, column 1: syntax error at or near "selct"'),
        ("select 1\nfrom results\nwhere (", "Line 3"),
        ("select latency from results", 'Line 1, column 8: Referenced column "latency" not found'),
        ("select latency from results", '"latency_seconds"'),
        ("select\n  model_type,\n  sum(nothing)\nfrom results", "Line 3, column 7: "),
        ("select " + "1, " * 200 + "absent from results", "Line 1, column 608: "),
        ("select * from resultz", "Did you mean results?"),
        ("select medain(latency_seconds) from results", "Did you mean median"),
        ("select model_type + 1 from results", "explicit type casts."),
        ("select 'abc'::int", "Line 1, column 13: Could not convert"),
        ("select 'abc'::int, interval 1 day", "Line 1, column 13: Could not convert"),
        ("select date '2026-01-01',\n  'abc'::int", "Line 2, column 8: Could not convert"),
    ],
)
def test_mistakes_are_located_and_helped(filled, sql, message):
    with pytest.raises((QueryFailed, QueryRefused)) as caught:
        sandbox.run_query(filled, sql)
    assert message in caught.value.message
    assert str(filled.path) not in caught.value.message
    assert "Error:" not in caught.value.message


SLOW = "select count(*) from range(100000000) a, range(1000000) b"


def test_two_users_at_once_do_not_wait_for_each_other(filled):
    failures: list[str] = []

    def ask_too_much() -> None:
        try:
            sandbox.run_query(filled, SLOW, timeout_seconds=4, client="slow")
        except QueryFailed as error:
            failures.append(error.message)

    slow = threading.Thread(target=ask_too_much)
    slow.start()
    time.sleep(0.3)
    assert sandbox.run_query(filled, "select 1").rows == [(1,)]
    assert slow.is_alive(), "the quick query waited for the slow one"
    slow.join()
    assert "longer than 4 s" in failures[0]


def test_the_column_browser_lists_what_can_be_queried(filled):
    with filled.cursor() as cursor, filled.snapshots.current() as copy:
        cursor.execute(f"attach '{copy}' as copy_in_the_making (read_only)")
        listed = sandbox.schema(filled)
        cursor.execute("detach copy_in_the_making")
    assert list(listed) == [
        *("results", "measurements", "failures", "runs", "environments", "compatibility", "conformance"),
        *("memory_estimates", "calibrations", "imports"),
    ]
    assert ("latency_seconds", "DOUBLE") in listed["results"]
    assert ("samples", "DOUBLE[]") in listed["measurements"]
    for view, columns in listed.items():
        assert sandbox.run_query(filled, f"from {view} limit 0").columns == tuple(name for name, _ in columns)


def test_the_process_of_a_query_imports_little():
    from tests.engine.storage import child

    loaded = child.run("import sys, engine.storage.sandbox_child; print(sorted(n.split('.')[0] for n in sys.modules))")
    for heavy in ("numpy", "pandas", "torch", "sqlglot", "plotly", "psutil"):
        assert f"'{heavy}'" not in loaded


def test_no_copy_is_left_in_use(filled):
    sandbox.run_query(filled, "select 1")
    left = [path for path in Path(filled.path.parent).iterdir() if ".snapshot-" in path.name]
    assert len(left) == 1
