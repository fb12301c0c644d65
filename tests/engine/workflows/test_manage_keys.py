"""Keys are made once, recognised quickly, and worth nothing from the moment they are revoked."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.domain.api_key import Role
from engine.domain.key_secret import make_secret
from engine.errors import Conflict, KeyRefused, NotFound
from engine.storage import api_keys
from engine.storage.bookkeeping import Bookkeeping
from engine.storage.database import Database
from engine.workflows.manage_keys import NOTE_USE_EVERY, RECOGNISED_FOR, KeyRing
from tests.builders import A_TIME


class Clock:
    def __init__(self) -> None:
        self.time = A_TIME

    def __call__(self) -> datetime:
        return self.time

    def forward(self, by: timedelta) -> None:
        self.time += by


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(tmp_path / "modeldyno.duckdb")
    yield opened
    opened.close()


@pytest.fixture
def bookkeeping(database: Database) -> Iterator[Bookkeeping]:
    started = Bookkeeping(database)
    yield started
    started.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ring(database: Database, bookkeeping: Bookkeeping, clock: Clock) -> KeyRing:
    return KeyRing(database, bookkeeping, now=clock)


def test_the_right_secret_is_authenticated_and_then_recognised(ring: KeyRing) -> None:
    made = ring.create("alice", Role.ADMIN)
    assert ring.recognise(made.secret) is None, "nobody has verified it yet"
    assert ring.authenticate(made.secret).key_id == made.key.key_id
    known = ring.recognise(made.secret)
    assert known is not None and (known.name, known.role) == ("alice", Role.ADMIN)


def test_recognising_costs_a_thousandth_of_verifying(ring: KeyRing) -> None:
    made = ring.create("alice", Role.ADMIN)
    began = time.perf_counter()
    ring.authenticate(made.secret)
    verifying = time.perf_counter() - began
    began = time.perf_counter()
    for _ in range(100):
        ring.recognise(made.secret)
    assert (time.perf_counter() - began) / 100 < verifying / 20


def test_another_program_knows_the_key_by_its_hash_alone(
    ring: KeyRing, database: Database, bookkeeping: Bookkeeping, clock: Clock
) -> None:
    made = ring.create("alice", Role.VIEWER)
    later = KeyRing(database, bookkeeping, now=clock)
    assert later.authenticate(made.secret).name == "alice"
    with database.cursor() as cursor:
        (stored,) = api_keys.everything(cursor)
    assert stored.secret_hash.startswith("$argon2id$")
    assert made.secret not in repr(stored) and made.secret.rpartition("_")[2] not in repr(stored)


def _wrong(secret: str) -> str:
    return secret[:-1] + ("a" if secret[-1] != "a" else "b")


def test_any_other_secret_is_refused_without_being_quoted(ring: KeyRing) -> None:
    made = ring.create("alice", Role.ADMIN)
    ring.authenticate(made.secret)
    for other in (_wrong(made.secret), make_secret().secret, "", "mdk_", "x" * 10_000, f"{made.secret}\udcff"):
        assert ring.recognise(other) is None
        with pytest.raises(KeyRefused) as refused:
            ring.authenticate(other)
        assert not other or other not in refused.value.message


def test_an_expired_key_is_refused_though_it_is_still_remembered(ring: KeyRing, clock: Clock) -> None:
    made = ring.create("alice", Role.ADMIN, lifetime=timedelta(minutes=1))
    ring.authenticate(made.secret)
    clock.forward(timedelta(minutes=1))
    assert ring.recognise(made.secret) is None and ring.active(made.key.key_id) is None
    with pytest.raises(KeyRefused, match="'alice' expired at"):
        ring.authenticate(made.secret)


def test_a_verified_secret_is_forgotten_after_some_minutes(ring: KeyRing, clock: Clock) -> None:
    made = ring.create("alice", Role.ADMIN)
    ring.authenticate(made.secret)
    clock.forward(RECOGNISED_FOR)
    assert ring.recognise(made.secret) is None
    assert ring.authenticate(made.secret).name == "alice"


def test_a_revoked_key_is_refused_at_once_and_for_good(
    ring: KeyRing, database: Database, bookkeeping: Bookkeeping
) -> None:
    made, other = ring.create("alice", Role.ADMIN), ring.create("bob", Role.ADMIN)
    for secret in (made.secret, other.secret):
        ring.authenticate(secret)
    assert ring.revoke(made.key.key_id).revoked_at == A_TIME
    assert ring.recognise(made.secret) is None and ring.active(made.key.key_id) is None
    for opened in (ring, KeyRing(database, bookkeeping)):
        with pytest.raises(KeyRefused, match="'alice' was revoked"):
            opened.authenticate(made.secret)
    assert ring.recognise(other.secret) is not None


def test_whoever_lacks_the_secret_is_not_told_that_the_key_was_revoked(ring: KeyRing) -> None:
    made = ring.create("alice", Role.ADMIN)
    ring.revoke(made.key.key_id)
    with pytest.raises(KeyRefused, match="not one of this server's"):
        ring.authenticate(_wrong(made.secret))


def test_a_key_revoked_while_others_use_it_is_refused_to_all_who_come_after(ring: KeyRing) -> None:
    """Whether the hash was under way, the secret in the cache or about to enter it."""
    for _ in range(5):
        made = ring.create("alice", Role.ADMIN)
        revoked, refused_after = threading.Event(), []

        def use(secret: str, revoked: threading.Event, refused_after: list[bool]) -> None:
            for _ in range(200):
                too_late = revoked.is_set()
                try:
                    opened = ring.recognise(secret) or ring.authenticate(secret)
                except KeyRefused:
                    opened = None
                if too_late:
                    refused_after.append(opened is None)
                    return

        with ThreadPoolExecutor(4) as pool:
            users = [pool.submit(use, made.secret, revoked, refused_after) for _ in range(4)]
            time.sleep(0.02)
            ring.revoke(made.key.key_id)
            revoked.set()
            for user in users:
                user.result()
        assert refused_after and all(refused_after)
        assert ring.recognise(made.secret) is None


def test_the_last_admin_is_kept_where_that_is_asked_for(ring: KeyRing, clock: Clock) -> None:
    first = ring.create("alice", Role.ADMIN)
    ring.create("expired", Role.ADMIN, lifetime=timedelta(minutes=1))
    ring.create("operator", Role.OPERATOR)
    clock.forward(timedelta(minutes=2))
    with pytest.raises(Conflict, match="'alice' is the last"):
        ring.revoke(first.key.key_id, keep_an_admin=True)
    second = ring.create("bob", Role.ADMIN)
    assert ring.revoke(first.key.key_id, keep_an_admin=True).revoked_at is not None
    assert ring.revoke(second.key.key_id).revoked_at is not None
    assert not ring.has_admin()


def test_two_admins_cannot_revoke_each_other_at_the_same_moment(ring: KeyRing) -> None:
    for _ in range(5):
        pair = [ring.create(name, Role.ADMIN).key.key_id for name in ("alice", "bob")]
        start = threading.Barrier(2)

        def revoke(key_id: str, start: threading.Barrier) -> bool:
            start.wait()
            try:
                ring.revoke(key_id, keep_an_admin=True)
            except Conflict:
                return False
            return True

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(revoke, pair, [start, start])) == [False, True]
        for key_id in pair:
            ring.revoke(key_id)


def test_an_unknown_key_cannot_be_revoked(ring: KeyRing) -> None:
    with pytest.raises(NotFound, match="modeldyno keys list"):
        ring.revoke("nobody")


def test_the_last_use_is_written_once_a_minute(
    ring: KeyRing, clock: Clock, database: Database, bookkeeping: Bookkeeping
) -> None:
    made = ring.create("alice", Role.ADMIN)

    def stored() -> datetime | None:
        assert bookkeeping.flush()
        with database.cursor() as cursor:
            return api_keys.everything(cursor)[0].key.last_used_at

    ring.authenticate(made.secret)
    assert stored() == A_TIME
    clock.forward(NOTE_USE_EVERY - timedelta(seconds=1))
    ring.recognise(made.secret)
    assert stored() == A_TIME
    clock.forward(timedelta(seconds=1))
    ring.recognise(made.secret)
    assert stored() == A_TIME + NOTE_USE_EVERY


def test_a_refused_key_leaves_no_trace_of_use(ring: KeyRing, bookkeeping: Bookkeeping) -> None:
    made = ring.create("alice", Role.ADMIN)
    with pytest.raises(KeyRefused):
        ring.authenticate(_wrong(made.secret))
    ring.revoke(made.key.key_id)
    with pytest.raises(KeyRefused):
        ring.authenticate(made.secret)
    assert bookkeeping.flush() and ring.everything()[0].last_used_at is None


def test_the_real_clock_is_aware(database: Database, bookkeeping: Bookkeeping) -> None:
    made = KeyRing(database, bookkeeping).create("alice", Role.VIEWER)
    assert abs(made.key.created_at - datetime.now(UTC)) < timedelta(minutes=1)
