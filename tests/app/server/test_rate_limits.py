"""Buckets of tokens, by a clock that the test moves."""

from __future__ import annotations

import pytest
from werkzeug.exceptions import TooManyRequests

from app.rate_limits import BURST_SECONDS, LOOPBACK_PER_SECOND, REMOTE_PER_SECOND, RateLimits, TokenBuckets, network_of


class Clock:
    time = 0.0

    def __call__(self) -> float:
        return self.time


def test_a_bucket_empties_and_fills_at_its_rate() -> None:
    clock = Clock()
    buckets = TokenBuckets(2.0, 3.0, now=clock)
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 0.5]
    clock.time = 0.5
    assert (buckets.take("a"), buckets.take("a")) == (0, 0.5)
    clock.time = 100.0
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 0.5], "never more than its size"


def test_buckets_are_apart_and_a_token_can_be_given_back() -> None:
    buckets = TokenBuckets(1.0, 1.0, now=Clock())
    assert (buckets.take("a"), buckets.take("b"), buckets.take("a")) == (0, 0, 1)
    buckets.give_back("a")
    buckets.give_back("a")
    assert (buckets.take("a"), buckets.take("a")) == (0, 1), "never more than its size"


def test_strangers_cannot_fill_the_memory_nor_free_themselves_by_trying() -> None:
    clock = Clock()
    buckets = TokenBuckets(1.0, 2.0, most=100, now=clock)
    for number in range(1000):
        clock.time += 0.001
        buckets.take(f"stranger-{number}")
        buckets.take("busy")
    assert len(buckets._buckets) <= 100
    assert buckets.take("busy") > 0, "one in use is not forgotten"
    clock.time += 10
    for number in range(200):
        buckets.take(f"other-{number}")
    assert len(buckets._buckets) <= 100


def test_loopback_is_generous_and_elsewhere_is_not() -> None:
    for address, per_second in (("127.0.0.1", LOOPBACK_PER_SECOND), ("192.168.1.7", REMOTE_PER_SECOND)):
        limits = RateLimits()
        allowed = per_second * BURST_SECONDS
        for _ in range(allowed):
            limits.count_request("a", address)
        with pytest.raises(TooManyRequests) as refused:
            for _ in range(allowed):
                limits.count_request("a", address)
        assert dict(refused.value.get_headers())["Retry-After"] == "1"


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.168.1.7", "192.168.1.7"),
        ("::ffff:192.168.1.7", "192.168.1.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("unknown", "unknown"),
    ],
)
def test_a_client_is_counted_with_all_the_addresses_it_controls(address: str, network: str) -> None:
    assert network_of(address) == network
