"""Roles, lifetimes and the form of secrets."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.domain.api_key import KeyState, Role, checked_name, parse_lifetime
from engine.domain.key_secret import key_id_in, make_secret, without_secrets
from engine.errors import InvalidValue
from tests.builders import A_TIME, an_api_key


@pytest.mark.parametrize(
    ("role", "may"),
    [
        (Role.VIEWER, [Role.VIEWER]),
        (Role.OPERATOR, [Role.VIEWER, Role.OPERATOR]),
        (Role.ADMIN, [Role.VIEWER, Role.OPERATOR, Role.ADMIN]),
    ],
)
def test_each_role_may_what_those_before_it_may(role: Role, may: list[Role]) -> None:
    assert [needed for needed in Role if role.may(needed)] == may


def test_a_key_expires_at_its_moment_and_revoked_outweighs_expired() -> None:
    key = an_api_key(expires_at=A_TIME)
    assert key.state_at(A_TIME - timedelta(microseconds=1)) is KeyState.ACTIVE
    assert key.state_at(A_TIME) is KeyState.EXPIRED
    assert an_api_key(expires_at=A_TIME, revoked_at=A_TIME).state_at(A_TIME) is KeyState.REVOKED


@pytest.mark.parametrize(
    ("text", "life"), [("90d", timedelta(days=90)), (" 12H ", timedelta(hours=12)), ("30m", timedelta(minutes=30))]
)
def test_a_lifetime_is_read(text: str, life: timedelta) -> None:
    assert parse_lifetime(text) == life


@pytest.mark.parametrize("text", ["", "0d", "90", "-1d", "1.5d", "90y", "3651d", "999999d", "٣d", "1d1h"])
def test_any_other_lifetime_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue):
        parse_lifetime(text)


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a\x1b[31m", "x" * 61])
def test_a_name_that_no_list_could_show_is_refused(name: str) -> None:
    with pytest.raises(InvalidValue):
        checked_name(name)


def test_secrets_differ_and_carry_their_id() -> None:
    made = [make_secret() for _ in range(100)]
    assert len({one.secret for one in made}) == len({one.key_id for one in made}) == 100
    assert all(key_id_in(one.secret) == one.key_id for one in made)


@pytest.mark.parametrize(
    "change",
    [
        lambda secret: secret[:-1],
        lambda secret: f"{secret}x",
        lambda secret: f"{secret}\n",
        lambda secret: f" {secret}",
        lambda secret: secret.replace("mdk_", "sk_"),
        lambda secret: secret.upper(),
        lambda secret: f"{secret[:-1]}é",
        lambda secret: f"{secret[:-1]}\udcff",
        lambda secret: secret * 150,
        lambda secret: "",
    ],
)
def test_a_text_of_any_other_form_names_no_key(change: object) -> None:
    assert callable(change)
    assert key_id_in(change(make_secret().secret)) is None


def test_secrets_are_struck_out_of_a_text_and_ids_stay() -> None:
    made = make_secret()
    said = without_secrets(f"GET /api/keys/{made.secret}?x={made.secret[:30]} of mdk_{made.key_id}, mdk_{'z' * 40}.")
    assert said == f"GET /api/keys/mdk_{made.key_id}…?x=mdk_{made.key_id}… of mdk_{made.key_id}, mdk_{'z' * 12}…."
    assert without_secrets("nothing of that kind: mdk, mdk-1") == "nothing of that kind: mdk, mdk-1"
