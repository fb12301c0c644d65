"""How often somebody may ask: a bucket of tokens for each key or address, filled at a steady rate."""

from __future__ import annotations

import ipaddress
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from werkzeug.exceptions import TooManyRequests

from app.access_rules import is_loopback

LOOPBACK_PER_SECOND = 1000
REMOTE_PER_SECOND = 100
BURST_SECONDS = 4
"""A bucket holds what flows into it in so many seconds: a dashboard that opens asks for fifty files at once."""
FAILURES = 10
"""Keys that may be wrong in a row, from one address; one more becomes possible every few seconds."""
FAILURES_PER_SECOND = 0.2
STRANGERS_ENTRIES = 100
"""Requests of strangers that enter the audit at once; one more does every second."""
_MOST_BUCKETS = 10_000


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: float


class TokenBuckets:
    """Buckets by name, all of one size; one that was not used for a while is full again and forgotten."""

    def __init__(
        self, per_second: float, size: float, *, most: int = _MOST_BUCKETS, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_second = per_second
        self._size = size
        self._most = most
        self._now = now
        self._lock = threading.Lock()
        self._buckets: dict[str, _Bucket] = {}

    def take(self, name: str) -> float:
        """Take a token: 0 when there was one, else the seconds until there will be."""
        with self._lock:
            bucket = self._filled(name)
            if bucket.tokens < 1:
                return (1 - bucket.tokens) / self._per_second
            bucket.tokens -= 1
            return 0.0

    def give_back(self, name: str) -> None:
        """As if the last token had not been taken."""
        with self._lock:
            bucket = self._filled(name)
            bucket.tokens = min(self._size, bucket.tokens + 1)

    def _filled(self, name: str) -> _Bucket:
        now = self._now()
        bucket = self._buckets.get(name)
        if bucket is None:
            if len(self._buckets) >= self._most:
                self._forget(now)
            bucket = self._buckets[name] = _Bucket(tokens=self._size, filled_at=now)
        bucket.tokens = min(self._size, bucket.tokens + (now - bucket.filled_at) * self._per_second)
        bucket.filled_at = now
        return bucket

    def _forget(self, now: float) -> None:
        """The full ones; where strangers keep all in use, the half that was not used for longest."""
        until_full = self._size / self._per_second
        kept = {name: bucket for name, bucket in self._buckets.items() if now - bucket.filled_at < until_full}
        if len(kept) >= self._most:
            by_use = sorted(kept, key=lambda name: kept[name].filled_at)
            kept = {name: kept[name] for name in by_use[self._most // 2 :]}
        self._buckets = kept


class RateLimits:
    """What one server keeps of who asked how often."""

    def __init__(self, per_second: int | None = None) -> None:
        """`per_second` for everybody; None is generous on loopback and enough for people elsewhere."""
        here, elsewhere = per_second or LOOPBACK_PER_SECOND, per_second or REMOTE_PER_SECOND
        self._here = TokenBuckets(here, here * BURST_SECONDS)
        self._elsewhere = TokenBuckets(elsewhere, elsewhere * BURST_SECONDS)
        self._failures = TokenBuckets(FAILURES_PER_SECOND, FAILURES)
        self._strangers = TokenBuckets(1.0, STRANGERS_ENTRIES)

    def count_request(self, who: str, address: str) -> None:
        """Raises TooManyRequests when `who`, a key or an address, asks too often."""
        buckets = self._here if is_loopback(address) else self._elsewhere
        if wait := buckets.take(who):
            raise _too_many("Too many requests", wait)

    def begin_attempt(self, address: str) -> None:
        """Count a key that is about to be verified as wrong. Raises TooManyRequests after too many such."""
        if wait := self._failures.take(network_of(address)):
            raise _too_many("Too many keys from this address were wrong", wait)

    def attempt_was_right(self, address: str) -> None:
        self._failures.give_back(network_of(address))

    def may_note_stranger(self) -> bool:
        """Whether one more refusal of somebody unknown is worth an entry: they must not fill the disk."""
        return not self._strangers.take("all")


def network_of(address: str) -> str:
    """What one client controls: an IPv4 address, or the /64 of an IPv6 address."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def _too_many(what: str, wait: float) -> TooManyRequests:
    seconds = max(1, math.ceil(wait))
    return TooManyRequests(f"{what}; try again in {seconds} s.", retry_after=seconds)
