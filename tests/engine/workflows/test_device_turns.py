from __future__ import annotations

import threading
import time

import pytest

from engine.workflows.device_turns import Cancelled, DeviceTurns

CPU = frozenset({"cpu"})
CUDA = frozenset({"cuda"})
BOTH = frozenset({"cpu", "cuda"})


def hold(turns: DeviceTurns, devices: frozenset[str], order: list[str], name: str) -> threading.Thread:
    """A thread that takes its turn and writes down when; returns once it stands in the line."""
    waits = threading.Event()

    def take() -> None:
        with turns.turn(devices, threading.Event(), on_wait=lambda _: waits.set()):
            order.append(name)

    thread = threading.Thread(target=take)
    thread.start()
    assert waits.wait(5)
    return thread


def test_waiters_go_in_the_order_of_asking() -> None:
    turns, order = DeviceTurns(), []
    with turns.turn(CPU, threading.Event()):
        threads = [hold(turns, CPU, order, name) for name in ("first", "second", "third")]
        assert order == []
    for thread in threads:
        thread.join(5)
    assert order == ["first", "second", "third"]


def test_different_devices_do_not_wait_for_each_other() -> None:
    turns = DeviceTurns()
    with turns.turn(CPU, threading.Event()), turns.turn(CUDA, threading.Event(), on_wait=pytest.fail):
        pass


def test_nobody_overtakes_one_that_waits_for_several_devices() -> None:
    turns, order = DeviceTurns(), []
    with turns.turn(CPU, threading.Event()):
        both = hold(turns, BOTH, order, "both")
        cuda = hold(turns, CUDA, order, "cuda")
    both.join(5)
    cuda.join(5)
    assert order == ["both", "cuda"]


def test_a_cancelled_waiter_leaves_the_line_at_once() -> None:
    turns, cancel = DeviceTurns(), threading.Event()
    with turns.turn(CPU, threading.Event()):
        threading.Timer(0.1, cancel.set).start()
        started = time.monotonic()
        with pytest.raises(Cancelled), turns.turn(CPU, cancel):
            pytest.fail("it was not its turn")
        assert time.monotonic() - started < 1.0
    with turns.turn(CPU, threading.Event(), on_wait=pytest.fail):
        pass


def test_a_failing_holder_lets_go() -> None:
    turns = DeviceTurns()
    with pytest.raises(RuntimeError), turns.turn(CPU, threading.Event()):
        raise RuntimeError
    with turns.turn(CPU, threading.Event(), on_wait=pytest.fail):
        pass
