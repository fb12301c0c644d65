from __future__ import annotations

import pytest

from engine.workflows.memo import Memo


class Counting:
    """Computes how often it was asked."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> int:
        self.times += 1
        return self.times


def test_a_value_holds_as_long_as_the_state_does():
    memo, compute = Memo(), Counting()
    assert [memo.get("key", 1, compute) for _ in range(3)] == [1, 1, 1]
    assert memo.get("key", 2, compute) == 2
    assert memo.get("key", 2, compute) == 2


def test_keys_do_not_share_values():
    memo, compute = Memo(), Counting()
    assert (memo.get("a", 1, compute), memo.get("b", 1, compute), memo.get("a", 1, compute)) == (1, 2, 1)


def test_the_value_longest_unused_makes_room():
    memo, compute = Memo(capacity=2), Counting()
    memo.get("a", 1, compute)
    memo.get("b", 1, compute)
    memo.get("a", 1, compute)
    memo.get("c", 1, compute)
    assert memo.get("a", 1, compute) == 1
    assert memo.get("b", 1, compute) == 4


def test_nothing_known_is_a_value_too():
    memo, times = Memo(), Counting()

    def nothing() -> None:
        times()

    assert memo.get("key", 1, nothing) is None
    assert memo.get("key", 1, nothing) is None
    assert times.times == 1


def test_a_computation_that_fails_is_tried_again():
    memo = Memo()
    with pytest.raises(ZeroDivisionError):
        memo.get("key", 1, lambda: 1 // 0)
    assert memo.get("key", 1, lambda: 5) == 5
