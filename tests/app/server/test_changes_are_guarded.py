"""Every callback that changes something asks for the role that may: the code says so, function by function."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.config import CHECKOUT

CHANGING = {"submit", "cancel", "resume", "start", "make_report", "database.write", "create", "revoke"}
"""Names of what a callback may call of the engine to change something."""


def _functions() -> Iterator[tuple[Path, ast.FunctionDef]]:
    for path in sorted((CHECKOUT / "app").rglob("*.py")):
        if path.parent.name in ("tabs", "views") or path.name in ("shell.py", "data.py", "search.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.FunctionDef):
                    yield path, node


def _called(function: ast.FunctionDef) -> list[str]:
    calls = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
    dotted = [ast.unparse(call) for call in calls]
    return [name.rpartition(".")[2] for name in dotted] + [".".join(name.split(".")[-2:]) for name in dotted]


CHANGERS = [
    pytest.param(function, id=f"{path.stem}.{function.name}")
    for path, function in _functions()
    if CHANGING & set(_called(function))
]


def test_the_changes_that_pages_offer_are_found() -> None:
    assert {changer.id for changer in CHANGERS} >= {
        *("live_runs.start_run", "live_runs.resume_run", "live_runs.report_run", "run_watch.cancel_run"),
        *("trust.follow_calibration", "predict.measure", "reports.make"),
    }


@pytest.mark.parametrize("function", CHANGERS)
def test_it_asks_for_a_role(function: ast.FunctionDef) -> None:
    assert "require" in _called(function), f"{function.name} changes something; call app.authorization.require first."
