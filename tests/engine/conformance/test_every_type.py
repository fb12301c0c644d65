"""Real examinations of the shipped recipes: a sample that moves on every day, every corrected type, and all of them."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

import pytest

from engine.benchmarking.fork_server import ForkServerLauncher
from engine.catalog import frozen
from engine.config import Settings
from engine.domain.conformance import Check, Conformance, Verdict
from engine.domain.model import ModelType, Status
from engine.recipes.corrections import load_corrections
from engine.workflows.examine_models import examine_models
from engine.workflows.workbench import Workbench
from tests.engine.workflows.conftest import Uncloseable

SAMPLE = 24
NEEDED = (Check.IMPORT, Check.CONSTRUCT, Check.FORWARD, Check.FINITE)
"""What every runnable type has to show; the rest is listed in docs/coverage.md."""


@pytest.fixture(scope="module")
def workbench(loaded: ForkServerLauncher, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    settings = Settings.load(home=tmp_path_factory.mktemp("examined"))
    with Workbench.open(settings, launcher=Uncloseable(loaded)) as opened:
        yield opened


def test_a_sample_that_moves_on_every_day_runs(workbench: Workbench):
    runnable = [model for model in workbench.catalog.runnable if model.source == "transformers"]
    day = datetime.datetime.now(datetime.UTC).date().toordinal()
    start = day * SAMPLE % len(runnable)
    sample = [runnable[(start + number) % len(runnable)] for number in range(SAMPLE)]
    assert faults(workbench, sample) == {}


@pytest.mark.slow  # every day a few of all types are examined, these among them
def test_every_corrected_type_runs(workbench: Workbench):
    chosen = [workbench.catalog.get(name) for name in load_corrections() if name in workbench.catalog.types]
    assert len(chosen) > 100
    assert faults(workbench, [model for model in chosen if model.runnable]) == {}
    assert {model.name for model in chosen if model.status is Status.FAILS} <= UNMENDED


UNMENDED = {"esmfold2", "gemma4_assistant", "gemma4_unified_assistant", "tvp"}
"""Types that the library cannot run at a batch size of two, or whose inputs are more than tensors."""


def test_every_registered_type_has_a_status_and_few_fail(workbench: Workbench):
    if frozen.found_with()["transformers"] != workbench.catalog.transformers_version:
        pytest.skip("another version of transformers than the recipes were found with registers other types")
    types = [model for model in workbench.catalog.types.values() if model.source == "transformers"]
    assert [model.name for model in types if model.status is Status.UNKNOWN] == []
    assert {model.name for model in types if model.status is Status.FAILS} <= UNMENDED
    assert all(model.status_reason for model in types if not model.runnable)
    top = [model for model in types if not model.parents and model.tasks]
    full = [model for model in top if model.runnable and not model.left_out]
    assert len(full) / len(top) >= 0.97


@pytest.mark.slow
def test_every_runnable_type_runs(workbench: Workbench):
    assert faults(workbench, workbench.catalog.runnable, retry_seconds=120.0) == {}


def faults(
    workbench: Workbench, models: list[ModelType], *, retry_seconds: float = 90.0
) -> dict[str, tuple[str, str | None]]:
    """Types of `models` that do not run, with the check that failed and its reason."""
    found = examine_models(workbench, models, seconds=30.0, retry_seconds=retry_seconds, jobs=2, checks=NEEDED)
    assert len(found) == len(models)
    return {examined.model_type: fault for examined in found if (fault := _fault(examined)) is not None}


def _fault(examined: Conformance) -> tuple[str, str | None] | None:
    for outcome in examined.outcomes:
        if outcome.check in NEEDED and outcome.verdict not in (Verdict.WORKS, Verdict.PARTIAL):
            return outcome.check.value, outcome.reason
    return None
