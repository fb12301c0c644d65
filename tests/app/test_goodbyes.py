from __future__ import annotations

import threading
import time

from app.goodbyes import _MOST, Goodbyes


def test_a_goodbye_is_said_aside_and_gracefully() -> None:
    said: list[tuple[bool, str]] = []
    done = threading.Event()

    def close(may_be_graceful: bool) -> None:
        said.append((may_be_graceful, threading.current_thread().name.partition("_")[0]))
        done.set()

    Goodbyes().say(close)
    assert done.wait(5)
    assert said == [(True, "goodbye")]


def test_where_too_many_wait_others_are_cut_off_at_once_until_places_are_free() -> None:
    goodbyes, release = Goodbyes(), threading.Event()
    ended: list[bool] = []

    def slow(may_be_graceful: bool) -> None:
        if may_be_graceful:
            release.wait(10)
        ended.append(may_be_graceful)

    for _ in range(_MOST):
        goodbyes.say(slow)
    began = time.monotonic()
    goodbyes.say(slow)
    assert (ended, time.monotonic() - began < 1) == ([False], True)
    release.set()
    deadline = time.monotonic() + 10
    while len(ended) < _MOST + 1:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    goodbyes.say(slow)
    while len(ended) < _MOST + 2:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert ended[-1] is True


def test_a_close_that_fails_gives_its_place_back() -> None:
    goodbyes, tried = Goodbyes(), threading.Semaphore(0)

    def broken(may_be_graceful: bool) -> None:
        tried.release()
        if may_be_graceful:
            raise OSError

    for _ in range(_MOST):
        goodbyes.say(broken)
        assert tried.acquire(timeout=5)
    done = threading.Event()
    deadline = time.monotonic() + 5
    while not done.is_set():
        assert time.monotonic() < deadline
        goodbyes.say(lambda may_be_graceful: done.set() if may_be_graceful else None)
        time.sleep(0.01)
