from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from engine.benchmarking.cold import ColdLauncher
from engine.benchmarking.server_launcher import ServerLauncher
from engine.domain.result import FailureKind
from engine.errors import InvalidValue

FUNCTIONS = "tests.engine.benchmarking.case_functions"
ALLOWED = ("tests.",)
CHECKOUT = Path(__file__).resolve().parents[3]


@pytest.fixture
def bare() -> Iterator[ServerLauncher]:
    """The same machinery as the product's launchers without the seconds that torch takes to import."""
    launcher = ServerLauncher(preload=(), environment={}, fresh=False, allowed_prefixes=ALLOWED)
    yield launcher
    launcher.close()


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_for(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


def read_pids(path: Path) -> list[int]:
    assert wait_for(path.exists)
    return [int(word) for word in path.read_text().split()]


def test_a_function_gets_its_arguments_in_a_process_and_session_of_its_own(bare):
    outcome = bare.run(f"{FUNCTIONS}:echo", {"depth": [1, {"a": None}]}, timeout_seconds=20)
    assert outcome.ok and outcome.failure is None
    assert outcome.value["arguments"] == {"depth": [1, {"a": None}]}
    assert outcome.value["pid"] == outcome.pid == outcome.value["session"] != os.getpid()
    assert outcome.peak_rss_bytes > 1_000_000


def test_arguments_and_values_larger_than_a_socket_buffer_arrive_whole(bare):
    text = "x" * 3_000_000
    outcome = bare.run(f"{FUNCTIONS}:echo", {"text": text}, timeout_seconds=20)
    assert outcome.value["arguments"]["text"] == text


def test_output_is_streamed_line_by_line_and_kept(bare):
    lines = []
    outcome = bare.run(f"{FUNCTIONS}:say", {"lines": ["one", "zwei ü"]}, timeout_seconds=20, on_log=lines.append)
    assert lines[:2] == ["one", "zwei ü"]
    assert sorted(lines[2:]) == ["and on stderr", "no line end"] or lines[2:] == ["and on stderr", "no line end"]
    assert "zwei ü\n" in outcome.log


def test_output_is_kept_without_what_colours_a_terminal(bare):
    lines = []
    outcome = bare.run(f"{FUNCTIONS}:say", {"lines": ["\x1b[31mred\x1b[0m"]}, timeout_seconds=20, on_log=lines.append)
    assert lines[0] == "red"
    assert outcome.log.startswith("red\n")


def test_an_exception_is_an_error_with_its_traceback(bare):
    outcome = bare.run(f"{FUNCTIONS}:divide", {"dividend": 1, "divisor": 0}, timeout_seconds=20)
    assert not outcome.ok and outcome.value is None
    assert outcome.failure.kind is FailureKind.ERROR
    assert outcome.failure.reason == "ZeroDivisionError: division by zero"
    assert 'arguments["dividend"] / arguments["divisor"]' in outcome.failure.log


def test_a_value_that_json_cannot_carry_is_an_error(bare):
    outcome = bare.run(f"{FUNCTIONS}:not_json", {}, timeout_seconds=20)
    assert outcome.failure.kind is FailureKind.ERROR
    assert "not JSON serializable" in outcome.failure.reason


def test_an_unknown_function_is_an_error(bare):
    outcome = bare.run(f"{FUNCTIONS}:no_such_thing", {}, timeout_seconds=20)
    assert "no_such_thing" in outcome.failure.reason


@pytest.mark.parametrize("function", ["os:system", "engine", "subprocess.x:run", "tests:run", "engine.a:b;c"])
def test_functions_outside_the_allowed_packages_are_refused(function):
    launcher = ServerLauncher(preload=(), environment={}, fresh=False)
    with pytest.raises(InvalidValue, match="not a function that a case process may run"):
        launcher.run(function, {}, timeout_seconds=1)


def test_a_timeout_kills_the_process_within_half_a_second(bare, tmp_path):
    bare.warm_up()
    started = time.monotonic()
    outcome = bare.run(f"{FUNCTIONS}:sleep", {"seconds": 60, "pid_file": str(tmp_path / "pid")}, timeout_seconds=1.0)
    assert time.monotonic() - started < 1.5
    assert outcome.failure.kind is FailureKind.TIMEOUT
    assert "after 1 s" in outcome.failure.reason
    assert not is_running(read_pids(tmp_path / "pid")[0])


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT", "SIGILL"])
def test_death_by_a_signal_is_a_crash_that_names_it(bare, name):
    outcome = bare.run(f"{FUNCTIONS}:crash", {"signal": name}, timeout_seconds=20)
    assert outcome.failure.kind is FailureKind.CRASHED
    assert name in outcome.failure.reason
    assert "about to crash" in outcome.failure.log


def test_a_real_segmentation_fault_leaves_the_line_that_caused_it_in_the_log(bare):
    outcome = bare.run(f"{FUNCTIONS}:read_address_zero", {}, timeout_seconds=20)
    assert outcome.failure.kind is FailureKind.CRASHED
    assert "in read_address_zero" in outcome.failure.log


def test_killed_from_outside_is_not_called_out_of_memory(bare):
    outcome = bare.run(f"{FUNCTIONS}:crash", {"signal": "SIGKILL"}, timeout_seconds=20)
    assert outcome.failure.kind is FailureKind.CRASHED
    assert "killed from outside" in outcome.failure.reason


def test_leaving_without_a_result_is_a_crash_with_the_exit_status(bare):
    outcome = bare.run(f"{FUNCTIONS}:leave", {"status": 7}, timeout_seconds=20)
    assert outcome.failure.kind is FailureKind.CRASHED
    assert "exit status 7" in outcome.failure.reason


def test_python_memory_beyond_the_limit_is_out_of_memory(bare):
    limit = 64 * 2**20
    outcome = bare.run(f"{FUNCTIONS}:allocate", {"bytes": 4 * limit}, timeout_seconds=20, memory_limit_bytes=limit)
    assert outcome.failure.kind is FailureKind.OUT_OF_MEMORY
    assert "limit of 64 MiB" in outcome.failure.reason
    fits = bare.run(f"{FUNCTIONS}:allocate", {"bytes": limit // 2}, timeout_seconds=20, memory_limit_bytes=limit)
    assert fits.ok


def test_a_tensor_beyond_the_limit_is_out_of_memory_and_one_below_fits(loaded):
    limit = 256 * 2**20
    beyond = loaded.run(
        f"{FUNCTIONS}:allocate_tensor", {"bytes": 2 * limit}, timeout_seconds=60, memory_limit_bytes=limit
    )
    assert beyond.failure.kind is FailureKind.OUT_OF_MEMORY
    assert "allocate" in beyond.failure.reason
    within = loaded.run(
        f"{FUNCTIONS}:allocate_tensor", {"bytes": limit // 2}, timeout_seconds=60, memory_limit_bytes=limit
    )
    assert within.ok


def test_the_fork_server_has_one_thread_and_its_children_compute_with_several(loaded):
    first = loaded.run(f"{FUNCTIONS}:multiply", {"threads": 2, "size": 512}, timeout_seconds=60)
    assert first.value == {"sum": 512.0**3, "threads": 2}
    assert psutil.Process(loaded.server_pid).num_threads() == 1
    second = loaded.run(f"{FUNCTIONS}:multiply", {"threads": 1, "size": 512}, timeout_seconds=60)
    assert second.value == {"sum": 512.0**3, "threads": 1}


def test_a_forked_case_costs_a_fraction_of_a_second(loaded):
    loaded.warm_up()
    seconds = sorted(loaded.run(f"{FUNCTIONS}:echo", {}, timeout_seconds=60).seconds for _ in range(5))
    assert seconds[0] < 0.5


def test_importing_the_launchers_never_imports_torch():
    code = "import sys, engine.benchmarking.launchers; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_cancelling_kills_the_process_and_all_it_started_within_half_a_second(bare, tmp_path):
    cancel = threading.Event()
    outcomes = []
    thread = threading.Thread(
        target=lambda: outcomes.append(
            bare.run(
                f"{FUNCTIONS}:sleep_with_offspring",
                {"seconds": 60, "pid_file": str(tmp_path / "pids")},
                timeout_seconds=60,
                cancel=cancel,
            )
        )
    )
    thread.start()
    pids = read_pids(tmp_path / "pids")
    assert all(is_running(pid) for pid in pids) and len(pids) == 4
    cancelled_at = time.monotonic()
    cancel.set()
    thread.join(5)
    assert time.monotonic() - cancelled_at < 0.5
    assert outcomes[0].failure.kind is FailureKind.CANCELLED
    assert wait_for(lambda: not any(is_running(pid) for pid in pids), 0.5)


def test_cancelled_before_the_start_runs_nothing(bare, tmp_path):
    cancel = threading.Event()
    cancel.set()
    outcome = bare.run(
        f"{FUNCTIONS}:sleep", {"seconds": 1, "pid_file": str(tmp_path / "pid")}, timeout_seconds=5, cancel=cancel
    )
    assert outcome.failure.kind is FailureKind.CANCELLED
    assert not (tmp_path / "pid").exists()


def test_closing_ends_calls_under_way_and_the_server(tmp_path):
    launcher = ServerLauncher(preload=(), environment={}, fresh=False, allowed_prefixes=ALLOWED)
    outcomes = []
    arguments = {"seconds": 60, "pid_file": str(tmp_path / "pid")}
    thread = threading.Thread(
        target=lambda: outcomes.append(launcher.run(f"{FUNCTIONS}:sleep", arguments, timeout_seconds=60))
    )
    thread.start()
    pid = read_pids(tmp_path / "pid")[0]
    server_pid = launcher.server_pid
    launcher.close()
    thread.join(5)
    assert outcomes[0].failure.kind is FailureKind.CANCELLED
    assert wait_for(lambda: not is_running(pid) and not is_running(server_pid), 2)


def test_a_killed_fork_server_is_started_again_for_the_next_call(bare):
    first = bare.run(f"{FUNCTIONS}:echo", {}, timeout_seconds=20)
    os.kill(bare.server_pid, signal.SIGKILL)
    second = bare.run(f"{FUNCTIONS}:echo", {}, timeout_seconds=20)
    assert first.ok and second.ok


def test_a_fork_server_killed_under_a_call_is_started_again_and_the_call_repeated(bare, tmp_path):
    lines = []
    outcome = bare.run(
        f"{FUNCTIONS}:kill_parent", {"once": str(tmp_path / "done")}, timeout_seconds=20, on_log=lines.append
    )
    assert outcome.value == {"survived": True}
    assert lines == ["The fork server died; it is started again and the case repeated."]


def test_a_case_that_always_kills_its_fork_server_is_a_crash_and_the_next_one_works(bare):
    outcome = bare.run(f"{FUNCTIONS}:kill_parent", {}, timeout_seconds=20)
    assert outcome.failure.kind is FailureKind.CRASHED
    assert bare.run(f"{FUNCTIONS}:echo", {}, timeout_seconds=20).ok


def test_a_killed_fork_server_takes_its_cases_along(bare, tmp_path):
    pid_file = tmp_path / "pids"
    cancel = threading.Event()
    thread = threading.Thread(
        target=bare.run,
        args=(f"{FUNCTIONS}:sleep_with_offspring", {"seconds": 60, "pid_file": str(pid_file)}),
        kwargs={"timeout_seconds": 60, "cancel": cancel},
    )
    thread.start()
    case, in_group, *_ = read_pids(pid_file)
    pid_file.unlink()
    os.kill(bare.server_pid, signal.SIGKILL)
    assert wait_for(lambda: not is_running(case) and not is_running(in_group), 2)
    escaped = read_pids(pid_file)
    cancel.set()
    thread.join(5)
    assert wait_for(lambda: not any(is_running(pid) for pid in escaped), 1)


_SUPERVISOR = """
import sys
from engine.benchmarking.server_launcher import ServerLauncher
launcher = ServerLauncher(preload=(), environment={{}}, fresh={fresh}, allowed_prefixes=("tests.",))
launcher.warm_up()
print(launcher.server_pid, flush=True)
launcher.run("{functions}:sleep_with_offspring", {{"seconds": 60, "pid_file": sys.argv[1]}}, timeout_seconds=60)
"""


@pytest.mark.parametrize("fresh", [False, True], ids=["forked", "cold"])
def test_nothing_survives_the_sigkill_of_the_launching_process(tmp_path, fresh):
    pid_file = tmp_path / "pids"
    code = _SUPERVISOR.format(fresh=fresh, functions=FUNCTIONS)
    supervisor = subprocess.Popen(
        [sys.executable, "-c", code, str(pid_file)], stdout=subprocess.PIPE, text=True, cwd=CHECKOUT
    )
    server_pid = int(supervisor.stdout.readline())
    pids = [server_pid, *read_pids(pid_file)]
    assert all(is_running(pid) for pid in pids)
    supervisor.kill()
    supervisor.wait()
    assert wait_for(lambda: not any(is_running(pid) for pid in pids), 3)


def test_calls_from_many_threads_do_not_mix_their_answers(bare):
    outcomes = {}

    def call(number: int) -> None:
        outcomes[number] = bare.run(f"{FUNCTIONS}:echo", {"number": number}, timeout_seconds=30)

    threads = [threading.Thread(target=call, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert {number: outcome.value["arguments"]["number"] for number, outcome in outcomes.items()} == {
        number: number for number in range(12)
    }
    assert len({outcome.pid for outcome in outcomes.values()}) == 12


def test_a_cold_call_has_nothing_preloaded_and_leaves_no_process():
    launcher = ColdLauncher(allowed_prefixes=ALLOWED)
    try:
        outcome = launcher.run(f"{FUNCTIONS}:echo", {}, timeout_seconds=30)
        assert outcome.value["loaded"] is False
        assert outcome.pid == outcome.value["session"]
        failed = launcher.run(f"{FUNCTIONS}:divide", {"dividend": 1, "divisor": 0}, timeout_seconds=30)
        assert failed.failure.kind is FailureKind.ERROR
    finally:
        launcher.close()
    assert launcher.server_pid is None
    assert not is_running(outcome.pid)


def test_a_preloaded_module_that_fails_is_reported_and_does_not_stop_the_server():
    launcher = ServerLauncher(preload=("no_such_module",), environment={}, fresh=False, allowed_prefixes=ALLOWED)
    try:
        assert launcher.run(f"{FUNCTIONS}:echo", {}, timeout_seconds=20).ok
    finally:
        launcher.close()


def test_an_interpreter_that_cannot_start_is_an_outcome_not_an_exception():
    launcher = ServerLauncher(
        preload=(), environment={"PYTHONHOME": "/nonexistent"}, fresh=False, allowed_prefixes=ALLOWED
    )
    outcome = launcher.run(f"{FUNCTIONS}:echo", {}, timeout_seconds=20)
    launcher.close()
    assert outcome.failure.kind is FailureKind.ERROR
    assert "fork server ended while it was starting" in outcome.failure.reason
