"""The judge of attacks on the SQL console would see an escape."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.sql_attacks import Answer, Siege
from benchmarks.sql_statements import ATTACKS, Attack

READING = Attack(aim="read a file", sql="select * from read_text('{canary}')")
COSTING = Attack(aim="take time", sql="select 1", may_answer=True)
REFUSED = '{"title": "Query refused"}'


@pytest.fixture
def siege(tmp_path: Path) -> Siege:
    (tmp_path / "loot").mkdir()
    return Siege(home=tmp_path / "home-1f", loot=tmp_path / "loot", canary=tmp_path / "canary.csv", token="2e77")


def test_refusals_and_rows_of_what_only_costs_are_no_escapes(siege: Siege) -> None:
    siege.judge(READING, Answer(text=REFUSED, status=200, has_rows=False))
    siege.judge(COSTING, Answer(text='{"rowData": [1]}', status=200, has_rows=True))
    assert (siege.done, siege.escapes, siege.dishonest) == (2, [], [])


@pytest.mark.parametrize(
    ("attack", "text", "has_rows", "what"),
    [
        (READING, "secret 2e77", True, "a secret and rows"),
        (COSTING, f"{REFUSED} root:x:0:0", False, "a password file"),
        (COSTING, f"{REFUSED} /tmp/home-1f/x", False, "the home folder"),
        (READING, '{"rowData": []}', True, "rows"),
    ],
)
def test_secrets_paths_and_rows_of_what_has_none_to_give_are(
    siege: Siege, attack: Attack, text: str, has_rows: bool, what: str
) -> None:
    siege.judge(attack, Answer(text=text, status=200, has_rows=has_rows))
    assert [found.split(" gave ", 1)[1].split(":", 1)[0] for found in siege.escapes] == [what]


def test_so_is_a_file_that_appears(siege: Siege) -> None:
    (siege.loot / "stolen.csv").touch()
    siege.judge(COSTING, Answer(text=REFUSED, status=200, has_rows=False))
    assert "gave a file" in siege.escapes[0]


def test_an_error_page_is_no_honest_answer(siege: Siege) -> None:
    siege.judge(COSTING, Answer(text="Internal Server Error", status=500, has_rows=False))
    assert siege.escapes == [] and "was answered with 500" in siege.dishonest[0]


def test_paths_are_filled_in_and_other_kinds_of_values_sent_as_they_are(siege: Siege) -> None:
    assert siege.statement(READING) == f"select * from read_text('{siege.canary}')"
    assert siege.statement(Attack(aim="break the text", sql=12345)) == 12345
    assert len(ATTACKS) > 100
    assert not [attack for attack in ATTACKS if isinstance(attack.sql, str) and "{canary" in siege.statement(attack)]
