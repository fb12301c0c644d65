"""`benchmark --plan`: what would run, and nothing that does."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from engine.cli.plan_table import tell_plan
from engine.domain.result import FailureKind
from engine.domain.run import Plan
from tests.builders import a_case, a_plan, a_request, a_skipped_case
from tests.engine.cli.conftest import Cli

SKIPPED = a_skipped_case(a_case("t5"))


def a_partly_reached_plan() -> Plan:
    plan = a_plan(a_case("bert"), a_case("vit"), skipped=[SKIPPED], repetitions=2)
    planned = tuple(
        replace(item, in_budget=index == 0, estimated_bytes=512 * 2**20) for index, item in enumerate(plan.planned)
    )
    return replace(plan, planned=planned, estimated_seconds=(1.0, 3.0), is_guess=True)


def test_the_table_has_every_case_with_its_fate(capsys: pytest.CaptureFixture[str]) -> None:
    tell_plan(a_partly_reached_plan(), a_request(budget_seconds=90.0), as_json=False, quiet=False)
    said = capsys.readouterr()
    lines = {line.split()[0]: line for line in said.out.splitlines() if line.strip()}
    assert "1 of 2" in lines["bert"] and "512 MiB" in lines["bert"] and "in part, as time allows" in lines["bert"]
    assert "0 of 2" in lines["vit"] and "only if time is left" in lines["vit"]
    assert SKIPPED.failure.reason in lines["t5"]
    assert said.err.startswith("1 case of 3 within 1m30s: 1 to 3 s (a guess")


def test_a_plan_in_pairs_tells_the_two_of_a_pair_apart(capsys: pytest.CaptureFixture[str]) -> None:
    plan = a_plan(a_case("bert"), replace(a_case("bert"), threads=1))
    tell_plan(plan, a_request(), as_json=False, quiet=True)
    lines = [line for line in capsys.readouterr().out.splitlines() if line.strip().startswith("bert")]
    assert len(set(lines)) == 2 and "1 thread" in lines[1]
    tell_plan(plan, a_request(), as_json=True, quiet=True)
    base, new = json.loads(capsys.readouterr().out)["planned"]
    assert (base["threads"], new["threads"]) == (None, 1)
    assert [new[name] for name in ("model", "compiled", "attention", "cold", "checkpoint")] == [
        "bert",
        *(False, None, False, None),
    ]


def test_json_has_ranges_bytes_and_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    tell_plan(a_partly_reached_plan(), a_request(budget_seconds=90.0), as_json=True, quiet=True)
    told = json.loads(capsys.readouterr().out)
    assert (told["budget_seconds"], told["estimated_seconds"], told["is_guess"]) == (90.0, [1.0, 3.0], True)
    assert [(case["model_type"], case["processes_in_budget"], case["processes"]) for case in told["planned"]] == [
        ("bert", 1, 2),
        ("vit", 0, 2),
    ]
    assert told["planned"][0]["estimated_bytes"] == 512 * 2**20
    assert told["skipped"][0]["failure"] == {"kind": FailureKind.DOES_NOT_FIT.value, "reason": SKIPPED.failure.reason}


def test_a_device_whose_memory_was_not_checked_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    plan = replace(a_partly_reached_plan(), unchecked=("cuda",))
    tell_plan(plan, a_request(), as_json=False, quiet=False)
    assert "How much memory is free on cuda is not known" in capsys.readouterr().err
    tell_plan(plan, a_request(), as_json=True, quiet=True)
    assert json.loads(capsys.readouterr().out)["memory_unchecked"] == ["cuda"]


def test_planning_runs_and_stores_nothing(cli: Cli, fresh: Path) -> None:
    words = ["--model", "bert", "--size", "tiny", "--benchmark-dir", fresh]
    said = cli("benchmark", *words, "--plan", "--budget", "30m", "--json")
    assert said.status == 0, said.errors
    assert [case["batch_size"] for case in said.json["planned"]] == [1, 8]
    assert cli("results", "--benchmark-dir", fresh, "--json").json == []


@pytest.mark.parametrize("budget", ["soon", "0s", "40000h"])
def test_a_budget_that_cannot_be_is_a_usage_error(cli: Cli, fresh: Path, budget: str) -> None:
    said = cli("benchmark", "--model", "bert", "--benchmark-dir", fresh, "--budget", budget)
    assert said.status == 2
    assert "budget" in said.errors.lower()
