"""Turns between programs, with a name of the test's own, so that real programs on this machine do not matter."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from engine.workflows.device_claims import DeviceClaims
from engine.workflows.device_turns import Cancelled, DeviceTurns

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="abstract sockets are Linux's")

CHECKOUT = Path(__file__).resolve().parents[3]
CPU = frozenset({"cpu"})
CUDA = frozenset({"cuda"})
PATIENCE = 20.0

_OTHER_PROGRAM = """
import sys, threading
from engine.workflows.device_claims import DeviceClaims
with DeviceClaims(sys.argv[1]).held(frozenset({"cpu"}), threading.Event()):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def name(tmp_path: Path) -> str:
    return f"modeldyno-test-{os.getpid()}-{tmp_path.name}"


def never() -> threading.Event:
    return threading.Event()


def other_program(name: str) -> subprocess.Popen[str]:
    """Another process that holds the processor until it is written to or killed."""
    command = [sys.executable, "-c", _OTHER_PROGRAM, name]
    process = subprocess.Popen(command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    return process


@pytest.mark.parametrize("end", ["lets go", "is killed"])
def test_a_program_waits_for_another_until_that_lets_go_or_dies(name, end, caplog):
    other, got_it, waits, lines = other_program(name), threading.Event(), threading.Event(), []

    def wait_for_it() -> None:
        with DeviceClaims(name).held(CPU, never(), on_wait=lambda line: (lines.append(line), waits.set())):
            got_it.set()

    with caplog.at_level(logging.INFO):
        thread = threading.Thread(target=wait_for_it)
        thread.start()
        assert waits.wait(PATIENCE)
        assert not got_it.wait(0.2)
        if end == "is killed":
            other.kill()
        else:
            other.communicate("\n", timeout=PATIENCE)
        assert got_it.wait(PATIENCE)
    thread.join(PATIENCE)
    other.wait(PATIENCE)
    assert lines == [f"Waiting for process {other.pid}, which measures on cpu"]
    assert lines[0] in caplog.text


def test_other_devices_and_other_names_are_nobodys_concern(name):
    with DeviceClaims(name).held(CPU, never()):
        with DeviceClaims(name).held(CUDA, never(), on_wait=pytest.fail):
            pass
        with DeviceClaims(f"{name}-other").held(CPU, never(), on_wait=pytest.fail):
            pass


def test_a_cancelled_wait_leaves_no_claim_behind(name):
    cancel = threading.Event()
    with DeviceClaims(name).held(CPU, never()):
        threading.Timer(0.1, cancel.set).start()
        with pytest.raises(Cancelled), DeviceClaims(name).held(CPU, cancel):
            pytest.fail("it was not its turn")
    with DeviceClaims(name).held(frozenset({"cpu", "cuda"}), never(), on_wait=pytest.fail):
        pass


def test_who_held_it_last_does_not_overtake_who_waits(name):
    order, waits = [], threading.Event()

    def wait_for_it() -> None:
        with DeviceClaims(name).held(CPU, never(), on_wait=lambda _: waits.set()):
            order.append("waiting")

    first = DeviceClaims(name)
    with first.held(CPU, never()):
        thread = threading.Thread(target=wait_for_it)
        thread.start()
        assert waits.wait(PATIENCE)
    with first.held(CPU, never()):
        order.append("again")
    thread.join(PATIENCE)
    assert order == ["waiting", "again"]


def test_a_turn_inside_the_program_includes_the_claim_on_the_machine(name):
    turns = DeviceTurns(DeviceClaims(name))
    with turns.turn(CPU, never()):
        cancel = threading.Event()
        cancel.set()
        with pytest.raises(Cancelled), DeviceClaims(name).held(CPU, cancel):
            pytest.fail("two programs on one device")
    with DeviceClaims(name).held(CPU, never(), on_wait=pytest.fail):
        pass


def test_a_failing_holder_lets_go(name):
    with pytest.raises(RuntimeError), DeviceClaims(name).held(CPU, never()):
        raise RuntimeError
    with DeviceClaims(name).held(CPU, never(), on_wait=pytest.fail):
        pass
