"""Nobody's questions lock all others out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from engine.errors import TooManyQueries
from engine.storage.query_places import MAX_QUERIES, MAX_WAITING, MAX_WAITING_OF_A_CLIENT, QueryPlaces

PATIENCE = 20.0


class Asking:
    """Holds a place in a thread of its own, or waits for one, until told to let go."""

    def __init__(self, places: QueryPlaces, client: str) -> None:
        self.has_place = threading.Event()
        self.let_go = threading.Event()
        self._thread = threading.Thread(target=self._ask, args=(places, client), daemon=True)
        self._thread.start()

    def _ask(self, places: QueryPlaces, client: str) -> None:
        with places.place(client, patience_seconds=PATIENCE):
            self.has_place.set()
            self.let_go.wait(PATIENCE)

    def end(self) -> None:
        self.let_go.set()
        self._thread.join(PATIENCE)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.005)


def asking(places: QueryPlaces, *clients: str) -> list[Asking]:
    """One after another, each once the one before is in line."""
    asked: list[Asking] = []
    for client in clients:
        before = places.running + places.waiting
        asked.append(Asking(places, client))
        until(lambda before=before: places.running + places.waiting == before + 1)
    return asked


def test_one_client_leaves_a_place_to_the_others() -> None:
    places = QueryPlaces()
    greedy = asking(places, "greedy", "greedy", "greedy")
    assert (places.running, places.waiting) == (1, 2)
    with places.place("honest", patience_seconds=0.0):
        assert places.running == 2
    for one in greedy:
        assert one.has_place.wait(PATIENCE), "each has its turn in the end"
        one.end()
    assert (places.running, places.waiting) == (0, 0)


def test_clients_are_served_in_the_order_of_asking() -> None:
    places = QueryPlaces()
    first, second, third, fourth = asking(places, "a", "b", "c", "d")
    assert (places.running, places.waiting) == (MAX_QUERIES, 2)
    second.end()
    assert third.has_place.wait(PATIENCE)
    assert not fourth.has_place.is_set()
    first.end()
    assert fourth.has_place.wait(PATIENCE)
    third.end()
    fourth.end()


def test_a_client_that_asks_without_end_is_refused_at_once() -> None:
    places = QueryPlaces()
    asked = asking(places, *["greedy"] * (1 + MAX_WAITING_OF_A_CLIENT))
    began = time.monotonic()
    with (
        pytest.raises(TooManyQueries, match="Another query of yours"),
        places.place("greedy", patience_seconds=PATIENCE),
    ):
        pass
    assert time.monotonic() - began < PATIENCE / 2
    for one in asked:
        one.end()


def test_no_more_wait_than_leave_threads_for_pages() -> None:
    places = QueryPlaces()
    asked = asking(places, *(f"client {number}" for number in range(MAX_QUERIES + MAX_WAITING)))
    began = time.monotonic()
    with pytest.raises(TooManyQueries, match="2 other queries"), places.place("late", patience_seconds=PATIENCE):
        pass
    assert time.monotonic() - began < PATIENCE / 2
    for one in asked:
        one.end()


def test_patience_ends_and_the_line_moves_on_without_whoever_left() -> None:
    places = QueryPlaces()
    with ExitStack() as held:
        for client in ("a", "b"):
            held.enter_context(places.place(client, patience_seconds=0.0))
        with pytest.raises(TooManyQueries), places.place("c", patience_seconds=0.05):
            pass
        assert places.waiting == 0
    with places.place("d", patience_seconds=0.0):
        assert places.running == 1
