"""A program that carries a run is killed in the middle of it; what it had stored is kept and not executed again."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from engine.benchmarking.fork_server import ForkServerLauncher
from engine.config import Settings
from engine.domain.result import Result, ResultStatus
from engine.domain.run import RunStatus
from engine.storage import results, runs
from engine.workflows.workbench import Workbench
from tests.engine.workflows.conftest import Uncloseable

CHECKOUT = Path(__file__).resolve().parents[3]
TOTAL = 24
BEFORE_THE_KILL = 3

_PROGRAM = """
import sys
from pathlib import Path
from engine.benchmarking.fork_server import ForkServerLauncher
from engine.config import Settings
from engine.domain.run import SizeChoice
from engine.workflows.workbench import Workbench
from tests.builders import a_protocol, a_request

launcher = ForkServerLauncher()
workbench = Workbench.open(Settings.load(home=Path(sys.argv[1])), launcher=launcher)
protocol = a_protocol(processes=6, warmup=2, min_iterations=4, max_iterations=4)
request = a_request("bert", "vit", size=SizeChoice.TINY, batch_sizes=(1, 2), threads=1, protocol=protocol)
run = workbench.supervisor.submit(request)
watching = workbench.supervisor.subscribe(run.run_id)
done = -1
while (progress := watching.next(120)) is not None:
    if progress.run.done != done:
        done = progress.run.done
        print(run.run_id, done, launcher.server_pid, flush=True)
"""


@pytest.fixture(scope="module")
def killed(tmp_path_factory) -> tuple[Settings, str, int]:
    """The home of a program that was killed once it had stored some rows; its run, and its fork server's pid."""
    settings = Settings.load(home=tmp_path_factory.mktemp("killed"))
    program = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, str(settings.home)], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True
    )
    for line in program.stdout:
        run_id, done, server_pid = line.split()
        if int(done) >= BEFORE_THE_KILL:
            break
    program.kill()
    program.wait()
    assert int(done) < TOTAL, "the run was over before the kill"
    return settings, run_id, int(server_pid)


def rows_of(workbench: Workbench, run_id: str) -> list[Result]:
    with workbench.database.cursor() as cursor:
        return results.of_run(cursor, run_id)


def test_nothing_of_the_killed_program_goes_on_measuring(killed):
    server_pid = killed[2]
    deadline = time.monotonic() + 20.0
    while psutil.pid_exists(server_pid) and psutil.Process(server_pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_run_is_interrupted_and_resuming_executes_only_what_has_no_row(killed, loaded: ForkServerLauncher):
    settings, run_id, _ = killed
    with Workbench.open(settings, launcher=Uncloseable(loaded)) as workbench:
        with workbench.database.cursor() as cursor:
            interrupted = runs.get(cursor, run_id)
        assert (interrupted.status, interrupted.total) == (RunStatus.INTERRUPTED, TOTAL)
        before = rows_of(workbench, run_id)
        assert BEFORE_THE_KILL <= len(before) == interrupted.completed < TOTAL

        workbench.supervisor.resume(run_id)
        ended = workbench.supervisor.wait(run_id, 240.0)
        assert (ended.status, ended.completed, ended.error) == (RunStatus.COMPLETED, TOTAL, None)
        after = rows_of(workbench, run_id)
        assert [row for row in after if row in before] == before, "what was stored is as it was"
        assert len({(row.case.case_id, row.repetition) for row in after}) == len(after) == TOTAL
        assert {row.status for row in after} == {ResultStatus.COMPLETED}
