from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from math import inf, nan

import pytest

from engine.cli.output import print_json, print_rows, say


def test_json_has_the_text_of_a_number_that_json_cannot_say(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"a": nan, "b": -inf, "c": None, "d": 1.5, "e": (1, True)})
    assert json.loads(capsys.readouterr().out) == {"a": "nan", "b": "-inf", "c": None, "d": 1.5, "e": [1, True]}


def test_json_writes_times_and_decimals_as_programs_read_them(capsys: pytest.CaptureFixture[str]) -> None:
    print_json([datetime(2026, 3, 14, 9, 26, tzinfo=UTC), date(2026, 3, 14), Decimal("0.5"), b"x"])
    assert json.loads(capsys.readouterr().out) == ["2026-03-14T09:26:00+00:00", "2026-03-14", 0.5, "b'x'"]


def test_csv_leaves_missing_values_empty_and_quotes_what_needs_it(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(("a", "b"), [(None, 'say "1,2"'), (0, "")], "csv")
    assert capsys.readouterr().out == 'a,b\n,"say ""1,2"""\n0,\n'


@pytest.mark.parametrize("style", ["table", "csv", "markdown"])
def test_what_nests_is_written_as_json(capsys: pytest.CaptureFixture[str], style: str) -> None:
    print_rows(("a",), [({"a": [1, None]},)], style)
    assert '{"a": [1, null]}' in capsys.readouterr().out.replace('""', '"')


def test_markdown_stays_one_table_whatever_the_values_hold(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(("a|b", "n\nm"), [("x|y", 1), ("two\nlines", None)], "markdown", numeric=("n\nm",))
    assert capsys.readouterr().out.splitlines() == [
        r"| a\|b | n m |",
        "| --- | ---: |",
        r"| x\|y | 1 |",
        "| two lines | - |",
    ]


def test_a_table_shows_text_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(("name",), [("[bold]:warning:[/bold]",), (None,)], "table")
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert "[bold]:warning:[/bold]" in lines and "-" in lines


def test_a_crowded_table_breaks_between_words(capsys: pytest.CaptureFixture[str]) -> None:
    row = ["initialisation", "a b c d e f g h i j k l m n o"] * 6
    print_rows([f"{index}" for index in range(12)], [row], "table")
    output = capsys.readouterr().out
    assert max(map(len, output.splitlines())) <= 160
    assert output.count("initialisation") == 6 and output.count("o") == 6 * 2


def test_columns_that_do_not_fit_side_by_side_stand_below_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    headings = ["model", *(f"heading{index}" for index in range(20))]
    print_rows(headings, [["bert", *["x" * 19] * 20], ["vit", *[None] * 20]], "table")
    bert, vit = capsys.readouterr().out.split("\n\n")
    assert [line.split() for line in bert.splitlines()][:2] == [["model", "bert"], ["heading0", "x" * 19]]
    assert [line.split() for line in vit.splitlines()][:2] == [["model", "vit"], ["heading0", "-"]]
    assert len(bert.splitlines()) == len(vit.splitlines()) == 21


def test_quiet_words_are_not_said(capsys: pytest.CaptureFixture[str]) -> None:
    say("loud")
    say("hushed", quiet=True)
    assert capsys.readouterr() == ("", "loud\n")
