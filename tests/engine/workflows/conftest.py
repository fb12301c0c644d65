from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from engine.benchmarking.fork_server import ForkServerLauncher
from engine.catalog.registry import load_catalog
from engine.config import Settings
from engine.domain.run import Run, RunStatus, SizeChoice
from engine.workflows.device_claims import DeviceClaims
from engine.workflows.workbench import Workbench
from tests.builders import a_protocol, a_request, an_environment
from tests.engine.workflows.fake_launcher import FakeLauncher

REAL_TYPES = ("bert", "gpt2", "vit")
REAL_BATCH_SIZES = (1, 2, 4)


@pytest.fixture(scope="session")
def catalog_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scanned catalogue: scanning anew in the home of every test would take a second each."""
    folder = tmp_path_factory.mktemp("catalog")
    load_catalog(folder)
    return folder


@pytest.fixture
def open_workbench(settings: Settings, catalog_cache: Path) -> Iterator[Callable[[FakeLauncher], Workbench]]:
    """Opens workbenches on one and the same database, with a launcher of the test's choice; closed at the end."""
    shutil.copytree(catalog_cache, settings.home / "cache")
    with ExitStack() as opened:

        def open_one(launcher: FakeLauncher) -> Workbench:
            return opened.enter_context(Workbench.open(settings, launcher=launcher, environment=an_environment()))

        yield open_one


class Uncloseable:
    """A launcher that outlives the workbench it is lent to."""

    def __init__(self, launcher: ForkServerLauncher) -> None:
        self.run = launcher.run

    def close(self) -> None:
        """Whoever made it closes it."""


@pytest.fixture(scope="session")
def measured(loaded: ForkServerLauncher, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Workbench, Run]]:
    """A workbench in which three tiny model types were really measured, at three batch sizes each; and that run."""
    settings = Settings.load(home=tmp_path_factory.mktemp("measured"))
    request = a_request(
        *REAL_TYPES,
        size=SizeChoice.TINY,
        batch_sizes=REAL_BATCH_SIZES,
        threads=1,
        progressive=False,
        protocol=a_protocol(warmup=2, min_iterations=5, max_iterations=5),
    )
    claims = DeviceClaims(f"tests-{os.getpid()}")  # as where something really runs, and in nobody's way
    with Workbench.open(settings, launcher=Uncloseable(loaded), device_claims=claims) as workbench:
        run = workbench.supervisor.submit(request)
        ended = workbench.supervisor.wait(run.run_id, 240.0)
        assert ended.status is RunStatus.COMPLETED, ended
        yield workbench, ended
