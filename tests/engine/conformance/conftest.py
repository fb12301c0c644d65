"""Examinations of modules that lie on disk, in real child processes."""

from __future__ import annotations

from collections.abc import Callable, Collection
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from engine.benchmarking.fork_server import ForkServerLauncher
from engine.catalog.registry import load_catalog
from engine.conformance.examine import examination_arguments
from engine.conformance.journal import read_journal
from engine.conformance.outcomes import all_outcomes
from engine.domain.case import Precision
from engine.domain.conformance import Check, CheckOutcome
from engine.skillsets.render import render
from engine.skillsets.write import write

Outcomes = dict[Check, CheckOutcome]
Examine = Callable[..., Outcomes]

_HEAD = """
import os, time
import torch
from tests.engine.conformance import a_good_module as good
from tests.engine.conformance.a_good_module import *
"""


@pytest.fixture
def examine(loaded: ForkServerLauncher, tmp_path: Path) -> Examine:
    """One module's outcomes, by check."""

    numbers = count()

    def examine_one(
        path: Path,
        *,
        precision: Precision = Precision.FP32,
        missing: tuple[str, ...] = (),
        generates: bool = False,
        checks: Collection[Check] = tuple(Check),
        seconds: float = 60.0,
        memory: int | None = None,
    ) -> Outcomes:
        folder = tmp_path / f"examination-{next(numbers)}"
        folder.mkdir()
        arguments = examination_arguments(
            path,
            folder,
            precision=precision,
            device="cpu",
            missing=missing,
            generates=generates,
            checks=tuple(checks),
        )
        ended = loaded.run(
            "engine.conformance.examine:examine", arguments, timeout_seconds=seconds, memory_limit_bytes=memory
        )
        if ended.failure is None:
            assert [found.name for found in folder.iterdir()] == ["journal.jsonl"], "something was left behind"
        outcomes = all_outcomes(read_journal(folder), checks, ended.failure, seconds=ended.seconds, time_limit=seconds)
        assert [outcome.check for outcome in outcomes] == list(Check)
        return {outcome.check: outcome for outcome in outcomes}

    return examine_one


@pytest.fixture
def examine_source(examine: Examine, tmp_path: Path) -> Examine:
    """The same of the good module with `source` below it, which may replace its `load` or `Skillset`.

    Where the source defines a class Skillset, that one is loaded.
    """

    def examine_text(source: str, **how: Any) -> Outcomes:
        path = tmp_path / "hf_broken.py"
        load = (
            ""
            if "def load" in source
            else "\ndef load(size, device, precision):\n    return Skillset(a_model(), precision)\n"
        )
        path.write_text(f"{_HEAD}\n{source}\n{load}")
        return examine(path, **how)

    return examine_text


@pytest.fixture(scope="session")
def real_modules(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Generated modules of an encoder, a decoder, an encoder-decoder and a vision model."""
    catalog = load_catalog(tmp_path_factory.mktemp("catalog"))
    folder = tmp_path_factory.mktemp("modules")
    models = [catalog.get(name) for name in ("bert", "gpt2", "t5", "vit", "clip")]
    return {model.name: write(model, render(model), folder) for model in models}
