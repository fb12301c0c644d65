from __future__ import annotations

import pytest

from engine.domain.budget import budget_text, parse_budget
from engine.errors import InvalidValue
from tests.builders import a_request


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("30m", 1800), ("2h", 7200), ("1h30m", 5400), (" 1H 5s ", 3605), ("1m90s", 150)]
)
def test_a_budget_is_read_as_people_write_it(text: str, seconds: float) -> None:
    assert parse_budget(text) == seconds


@pytest.mark.parametrize("text", ["", "30", "m", "1.5h", "-5m", "30 minutes", "5m1h", "٣m"])
def test_what_is_no_time_is_named_with_the_remedy(text: str) -> None:
    with pytest.raises(InvalidValue, match="is no time; write it like 90s, 30m, 2h or 1h30m") as refused:
        parse_budget(text)
    assert refused.value.field == "budget_seconds"


@pytest.mark.parametrize("seconds", [0.0, 0.5, -3.0, 31 * 86_400.0, float("nan"), float("inf")])
def test_a_budget_that_no_run_can_use_is_refused_by_the_request(seconds: float) -> None:
    with pytest.raises(InvalidValue, match="is not between 1 s and 30 days"):
        a_request(budget_seconds=seconds)
    with pytest.raises(InvalidValue):
        parse_budget("0s")


@pytest.mark.parametrize(("seconds", "text"), [(90, "1m30s"), (5400, "1h30m"), (1800.2, "30m1s"), (7200, "2h")])
def test_its_text_reads_back_as_the_same_time(seconds: float, text: str) -> None:
    assert budget_text(seconds) == text
    assert seconds <= parse_budget(text) < seconds + 1
