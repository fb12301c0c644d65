"""A home that a real pipeline filled, a home filled by hand, and commands carried out in this process."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from engine.backends.environment import detect_environment
from engine.catalog.registry import load_catalog
from engine.cli.commands import run
from engine.config import Settings
from engine.domain.result import FailureKind
from engine.domain.run import RunStatus
from engine.storage import environments, results, runs
from engine.storage.database import Database
from engine.workflows.detect_backends import remember_backends
from engine.workflows.workbench import Workbench
from tests.builders import (
    A_TIME,
    AN_ENVIRONMENT_ID,
    a_backend_status,
    a_case,
    a_failed_result,
    a_request,
    a_result,
    an_environment,
)
from tests.engine.cli import processes
from tests.engine.workflows.fake_launcher import FakeLauncher


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a command came to."""

    status: int
    output: str
    errors: str

    @property
    def json(self) -> Any:
        return json.loads(self.output)


Cli = Callable[..., Said]

A_TINY_BERT = ("--model", "bert", "--size", "tiny", "--sequence-length", "8", "--threads", "1")
"""The least that can be measured; with one thread, so that a busy machine does not slow it down tenfold."""


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str]) -> Cli:
    """One command in this process: fast, with the real database; nothing here may start a model."""

    def command(*arguments: object) -> Said:
        capfd.readouterr()
        status = run([str(argument) for argument in arguments])
        output, errors = capfd.readouterr()
        return Said(status=status, output=output, errors=errors)

    return command


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What `modeldyno pipeline --json` of a tiny BERT left and said."""

    home: Path
    skillsets: Path
    said: Said
    in_home: frozenset[str]
    """Names in `home` right after the command; other tests add more."""


@pytest.fixture(scope="session")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    home, skillsets = tmp_path_factory.mktemp("measured"), tmp_path_factory.mktemp("skillsets")
    folders = ["--skillset-dir", skillsets, "--benchmark-dir", home]
    words = [*A_TINY_BERT, "--runs", "1", "--batch-sizes", "1,2", *folders, "--json"]
    status, output, errors = processes.run("pipeline", *words, home=home / "not-this-one")
    said = Said(status=status, output=output, errors=errors)
    in_home = frozenset(path.name for path in home.iterdir())
    return Measured(home=home, skillsets=skillsets, said=said, in_home=in_home)


@pytest.fixture(scope="session")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one run of bert and gpt2: bert in two processes at batch sizes 1 and 8, gpt2 out of memory.

    Of the backends, cpu is here and cuda is not.
    """
    home = tmp_path_factory.mktemp("stored")
    statuses = [a_backend_status("cpu"), a_backend_status("cuda", available=False)]
    remember_backends(home, detect_environment(), statuses)
    load_catalog(home / "cache")
    database = Database.open(Settings.load(home=home).db_path)
    database.write(lambda cursor: environments.save(cursor, an_environment()))
    run = database.write(lambda cursor: runs.create(cursor, a_request("bert", "gpt2"), AN_ENVIRONMENT_ID))
    failed = a_failed_result(a_case("gpt2"), FailureKind.OUT_OF_MEMORY, "Ran out of memory.", run_id=run.run_id)
    rows = [failed] + [
        a_result(a_case(batch_size=batch_size), latency=0.04 * batch_size, repetition=repetition, run_id=run.run_id)
        for batch_size in (1, 8)
        for repetition in (0, 1)
    ]
    for row in rows:
        database.write(lambda cursor, row=row: results.save(cursor, row))
    database.write(lambda cursor: runs.set_status(cursor, run.run_id, RunStatus.COMPLETED, at=A_TIME))
    database.close()
    return home


@pytest.fixture
def fresh(settings: Settings, stored: Path) -> Path:
    """A home that knows the model types and the backends, and nothing else."""
    shutil.copytree(stored / "cache", settings.home / "cache")
    return settings.home


@pytest.fixture
def bench(settings: Settings, fresh: Path) -> Iterator[Workbench]:
    """A workbench whose measurements take no time and start no process."""
    with Workbench.open(settings, launcher=FakeLauncher(), environment=an_environment()) as opened:
        yield opened
