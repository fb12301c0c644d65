"""Readers and writers at once: no wrong row, no error, nothing half-written ever seen."""

from __future__ import annotations

import threading

from engine.domain.measurement import Measurement, Metric
from engine.domain.result import ResultFilter
from engine.storage import results, runs
from tests.builders import a_case, a_request, a_result

READERS, WRITERS, EACH = 8, 3, 40


def _result(writer: int, number: int):
    """Every figure of it follows from its id, so that a mixed-up row shows."""
    value = writer * 1000 + number + 0.5
    return a_result(
        a_case(batch_size=writer + 1),
        result_id=f"w{writer}-{number}",
        run_id=f"run-{writer}",
        repetition=number,
        measurements=tuple(Measurement(metric=metric, samples=(value, value)) for metric in Metric),
    )


def test_readers_see_only_whole_and_right_results_while_others_write(database):
    expected = {f"w{w}-{n}": _result(w, n) for w in range(WRITERS) for n in range(EACH)}
    done = threading.Event()
    problems: list[BaseException] = []
    reads = [0] * READERS

    def write(writer: int) -> None:
        try:
            for number in range(EACH):
                result = expected[f"w{writer}-{number}"]
                database.write(lambda cursor, result=result: results.save(cursor, result))
                with database.cursor() as cursor:
                    assert len(results.of_run(cursor, f"run-{writer}")) == number + 1, "own write not seen"
        except BaseException as error:
            problems.append(error)

    def read(reader: int) -> None:
        try:
            while not done.is_set():
                writer = reader % WRITERS
                wanted = ResultFilter(run_id=f"run-{writer}") if reader % 2 else ResultFilter(limit=50)
                with database.cursor() as cursor:
                    found = results.find(cursor, wanted)
                for result in found:
                    assert result == expected[result.result_id]
                if reader % 2:
                    assert sorted(result.repetition for result in found) == list(range(len(found)))
                reads[reader] += 1
        except BaseException as error:
            problems.append(error)

    writers = [threading.Thread(target=write, args=(writer,)) for writer in range(WRITERS)]
    readers = [threading.Thread(target=read, args=(reader,)) for reader in range(READERS)]
    for thread in (*readers, *writers):
        thread.start()
    for thread in writers:
        thread.join(60)
    done.set()
    for thread in readers:
        thread.join(60)
    if problems:
        raise problems[0]
    assert all(count > 0 for count in reads)
    with database.cursor() as cursor:
        assert results.count(cursor, ResultFilter()) == WRITERS * EACH
    assert database.writes == WRITERS * EACH


def test_runs_created_at_once_get_different_numbers(database):
    numbers: list[int] = []

    def create() -> None:
        numbers.append(database.write(lambda cursor: runs.create(cursor, a_request(), "env")).number)

    threads = [threading.Thread(target=create) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(numbers) == list(range(1, 13))


def test_renewing_the_connection_waits_for_readers_and_disturbs_nobody(database):
    database.write(lambda cursor: results.save(cursor, a_result()))
    problems: list[BaseException] = []
    done = threading.Event()

    def read() -> None:
        try:
            while not done.is_set():
                with database.cursor() as cursor:
                    assert results.find(cursor, ResultFilter()) == [a_result()]
        except BaseException as error:
            problems.append(error)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for thread in readers:
        thread.start()
    for _ in range(10):
        database._connection.renew()
    done.set()
    for thread in readers:
        thread.join(30)
    assert problems == []
