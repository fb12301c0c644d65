"""Writing without room fails with one sentence, loses nothing, and works again when there is room."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from engine.domain.result import ResultFilter
from engine.errors import DiskFull
from engine.storage import problems, results
from engine.storage.database import Database
from tests.builders import a_result
from tests.engine.storage import child

WRITER = """
    import json, random, resource, sys
    from pathlib import Path
    from engine.domain.measurement import Measurement, Metric
    from engine.domain.result import ResultFilter
    from engine.errors import DiskFull
    from engine.storage import connection, results
    from engine.storage.database import Database
    from tests.builders import a_result

    path, limit, fold = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    connection._LOG_BYTES = fold
    database = Database.open(path)

    def save(number, samples):
        measured = Measurement(metric=Metric.LATENCY, samples=tuple(random.random() for _ in range(samples)))
        result = a_result(result_id=f"r{number}", measurements=(measured,))
        database.write(lambda c: results.save(c, result))
        return result.result_id

    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    saved, refused, number = [], [], 0
    while len(refused) < 3:
        number += 1
        try:
            saved.append(save(number, 20_000))
        except DiskFull as error:
            refused.append(error.message)
    with database.cursor() as cursor:
        readable = sorted(r.result_id for r in results.find(cursor, ResultFilter()))
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    after = [save(1000 + more, 10) for more in range(3)]
    if sys.argv[4] == "close":
        database.close()
    print(json.dumps({"saved": saved, "refused": refused, "readable": readable, "after": after}), flush=True)
    if sys.argv[4] == "kill":
        import os, signal

        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("ending", ["close", "kill"])
@pytest.mark.parametrize(
    ("limit", "fold"),
    [(3 * 2**20, 16 * 2**20), (5 * 2**20, 3 * 2**20)],
    ids=["the log outgrows the room", "folding the log outgrows the room"],
)
def test_no_room_for_growth(tmp_path, ending, limit, fold):
    path = tmp_path / "a.duckdb"
    process = child.start(WRITER, str(path), str(limit), str(fold), ending)
    output, errors = process.communicate(timeout=120)
    assert output, errors
    told = json.loads(output)
    assert len(told["saved"]) >= 5, "the limit struck before anything was written"
    assert all(str(path) in message and "Free space" in message for message in told["refused"])
    assert told["readable"] == sorted(told["saved"])
    database = Database.open(path)
    with database.cursor() as cursor:
        kept = {result.result_id for result in results.find(cursor, ResultFilter())}
    database.close()
    assert kept == {*told["saved"], *told["after"]}


FIRST_START = """
    import resource, sys
    from pathlib import Path
    from engine.errors import DiskFull
    from engine.storage.database import Database

    path = Path(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
    try:
        Database.open(path)
    except DiskFull as error:
        print(error.message)
    print([entry.name for entry in path.parent.iterdir()])
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    Database.open(path).close()
"""


@pytest.mark.parametrize("room", [0, 4096, 20_000])
def test_a_first_start_without_room_leaves_nothing_in_the_way_of_the_next(tmp_path, room):
    message, left = child.run(FIRST_START, str(tmp_path / "a.duckdb"), str(room)).splitlines()
    assert message.startswith(f"No room to write to {tmp_path / 'a.duckdb'}")
    assert left == "[]"


def test_the_message_of_a_full_disk_is_recognised():
    for text in ("No space left on device", "Disk quota exceeded", "File too large"):
        explained = problems.explain_write_error(Path("/x/a.duckdb"), duckdb.IOException(f"IO Error: {text}"))
        assert isinstance(explained, DiskFull)


def test_a_fatal_refusal_of_duckdb_is_healed_by_opening_anew(database):
    """Readers elsewhere finish first, then the file is opened anew and everything is there."""
    database.write(lambda cursor: results.save(cursor, a_result()))
    connection = database._connection
    before = connection._root
    connection.renew()
    assert connection._root is None
    with database.cursor() as cursor:
        assert results.find(cursor, ResultFilter()) == [a_result()]
    assert connection._root is not None and connection._root is not before
