"""What a process acknowledged before SIGKILL is there afterwards; what was under way is interrupted."""

from __future__ import annotations

import random
import time

from engine.domain.result import ResultFilter
from engine.domain.run import RunStatus
from engine.storage import results, runs
from engine.storage.database import Database
from tests.engine.storage import child

ROUNDS = 24

WRITER = """
    import sys
    from pathlib import Path
    from engine.domain.run import RunStatus
    from engine.storage import results, runs
    from engine.storage.database import Database
    from tests.builders import A_TIME, a_request, a_result

    database = Database.open(Path(sys.argv[1]))
    database.write(runs.interrupt_unfinished)
    run = database.write(lambda c: runs.create(c, a_request(), "env"))
    database.write(lambda c: runs.set_status(c, run.run_id, RunStatus.RUNNING, at=A_TIME))
    print("run", run.run_id, flush=True)
    number = 0
    while True:
        number += 1
        result = a_result(run_id=run.run_id, result_id=f"{run.run_id}-{number}", repetition=number)
        database.write(lambda c: results.save(c, result))
        print("result", result.result_id, flush=True)
"""


def test_nothing_acknowledged_is_lost_when_the_writer_is_killed(tmp_path):
    path = tmp_path / "a.duckdb"
    dice = random.Random(20261124)
    acknowledged: set[str] = set()
    started: list[str] = []
    for _ in range(ROUNDS):
        writer = child.start(WRITER, str(path))
        assert writer.stdout is not None
        first = writer.stdout.readline().split()
        assert first[:1] == ["run"], writer.communicate()[1]
        started.append(first[1])
        time.sleep(dice.uniform(0.0, 0.25))
        writer.kill()
        output, _ = writer.communicate(timeout=30)
        whole_lines = output.splitlines() if output.endswith("\n") else output.splitlines()[:-1]
        acknowledged |= {line.split()[1] for line in whole_lines}

    database = Database.open(path)
    assert database.write(runs.interrupt_unfinished) == [started[-1]]
    with database.cursor() as cursor:
        found = results.find(cursor, ResultFilter())
        kept = runs.recent(cursor, limit=ROUNDS + 1)
    database.close()
    assert len(acknowledged) > ROUNDS, "the writers hardly wrote: the kills prove nothing"
    assert acknowledged <= {result.result_id for result in found}
    assert all(len(result.measurements) == 3 for result in found), "a result was stored in part"
    assert len(found) - len(acknowledged) <= ROUNDS, "at most the last write of each round was not yet acknowledged"
    assert [run.run_id for run in reversed(kept)] == started
    assert {run.status for run in kept} == {RunStatus.INTERRUPTED}
