"""Sessions end when they are idle, old, too many, or their key is revoked."""

from __future__ import annotations

from app.sessions import IDLE_SECONDS, LIFE_SECONDS, MOST_OF_ONE_KEY, Sessions


class Clock:
    time = 0.0

    def __call__(self) -> float:
        return self.time


def test_a_session_is_found_by_its_id_alone() -> None:
    sessions = Sessions()
    session_id, session = sessions.open("key")
    assert sessions.find(session_id) == session and sessions.is_open(session)
    for other in ("", session.digest, session_id[:-1], f"{session_id}\udcff", session.csrf_token):
        assert sessions.find(other) is None
    assert session_id not in repr(session)


def test_ids_and_tokens_differ() -> None:
    sessions = Sessions()
    opened = [sessions.open(f"key-{number}") for number in range(50)]
    assert len({session_id for session_id, _ in opened} | {session.csrf_token for _, session in opened}) == 100


def test_an_idle_session_ends_and_a_used_one_does_not() -> None:
    clock = Clock()
    sessions = Sessions(now=clock)
    (used, _), (idle, session) = sessions.open("a"), sessions.open("b")
    clock.time = IDLE_SECONDS - 1
    assert sessions.find(used) is not None
    clock.time = IDLE_SECONDS
    assert not sessions.is_open(session) and sessions.find(idle) is None
    assert sessions.find(used) is not None


def test_no_session_lives_longer_than_a_working_day_however_busy() -> None:
    clock = Clock()
    sessions = Sessions(now=clock)
    session_id, _ = sessions.open("a")
    while clock.time < LIFE_SECONDS - 60:
        clock.time += 60
        assert sessions.find(session_id) is not None
    clock.time = LIFE_SECONDS
    assert sessions.find(session_id) is None


def test_looking_whether_a_session_is_open_does_not_keep_it_open() -> None:
    clock = Clock()
    sessions = Sessions(now=clock)
    session_id, session = sessions.open("a")
    clock.time = IDLE_SECONDS - 1
    assert sessions.is_open(session)
    clock.time = IDLE_SECONDS
    assert sessions.find(session_id) is None


def test_one_key_opens_no_more_than_so_many() -> None:
    clock = Clock()
    sessions = Sessions(now=clock)
    other, _ = sessions.open("other")
    opened = []
    for _ in range(MOST_OF_ONE_KEY + 3):
        clock.time += 1
        opened.append(sessions.open("a")[0])
    assert [sessions.find(session_id) is not None for session_id in opened] == [False] * 3 + [True] * MOST_OF_ONE_KEY
    assert sessions.find(other) is not None


def test_sessions_end_with_their_key() -> None:
    sessions = Sessions()
    first, second, other = sessions.open("a")[0], sessions.open("a")[0], sessions.open("b")[0]
    sessions.end_those_of("a")
    assert [sessions.find(one) is not None for one in (first, second, other)] == [False, False, True]
