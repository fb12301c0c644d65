from __future__ import annotations

import pytest

from engine.config import STOP_SECONDS, OnStop, StopPolicy
from engine.errors import InvalidValue


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MODELDYNO_ON_STOP", raising=False)
    monkeypatch.delenv("MODELDYNO_STOP_SECONDS", raising=False)


def test_cases_are_interrupted_where_nobody_says_otherwise() -> None:
    assert StopPolicy.load() == StopPolicy(on_stop=OnStop.INTERRUPT, seconds=STOP_SECONDS)


def test_what_is_given_holds_before_the_environment_and_that_before_the_defaults(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MODELDYNO_ON_STOP", "finish")
    monkeypatch.setenv("MODELDYNO_STOP_SECONDS", "7.5")
    assert StopPolicy.load() == StopPolicy(on_stop=OnStop.FINISH, seconds=7.5)
    assert StopPolicy.load(on_stop="interrupt", seconds=9) == StopPolicy(on_stop=OnStop.INTERRUPT, seconds=9)


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("MODELDYNO_ON_STOP", "wait", "'wait' is no way to stop; choose interrupt or finish."),
        ("MODELDYNO_STOP_SECONDS", "long", "$MODELDYNO_STOP_SECONDS is 'long', which is no number of seconds"),
        ("MODELDYNO_STOP_SECONDS", "0", "0 is no number of seconds to stop in; give one between 1 and 86400."),
        ("MODELDYNO_STOP_SECONDS", "nan", "nan is no number of seconds to stop in"),
    ],
)
def test_a_value_that_cannot_be_is_refused(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, words: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(InvalidValue) as refused:
        StopPolicy.load()
    assert words in refused.value.message
