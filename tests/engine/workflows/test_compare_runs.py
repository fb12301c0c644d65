"""Two stored runs, case by case."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from engine.domain.case import Case
from engine.domain.measurement import Metric
from engine.domain.run import Run
from engine.domain.summary import Verdict
from engine.errors import NotFound
from engine.storage import results, runs
from engine.workflows.compare_runs import compare_runs
from engine.workflows.workbench import Workbench
from tests.builders import AN_ENVIRONMENT_ID, a_case, a_failed_result, a_request, a_result
from tests.engine.workflows.fake_launcher import FakeLauncher

SPREAD = (0.99, 0.995, 1.0, 1.005, 1.01)


@pytest.fixture
def workbench(open_workbench: Callable[[FakeLauncher], Workbench]) -> Workbench:
    return open_workbench(FakeLauncher())


def a_stored_run(
    workbench: Workbench, latencies: dict[Case, float], *, failed: Sequence[Case] = (), environment: str | None = None
) -> Run:
    """A run of five processes a case, a per cent to each side of the given latency."""
    environment_id = environment or AN_ENVIRONMENT_ID
    run = workbench.database.write(lambda cursor: runs.create(cursor, a_request(), environment_id))
    rows = [
        a_result(case, latency=latency * factor, repetition=repetition, run_id=run.run_id)
        for case, latency in latencies.items()
        for repetition, factor in enumerate(SPREAD)
    ]
    rows += [a_failed_result(case, run_id=run.run_id) for case in failed]
    for number, row in enumerate(rows):
        own = replace(row, result_id=f"{run.run_id}-{number}", environment_id=environment_id)
        workbench.database.write(lambda cursor, own=own: results.save(cursor, own))
    return run


def test_slower_faster_and_equal_cases_are_told_apart_the_biggest_change_first(workbench):
    bert, vit, gpt2 = a_case("bert"), a_case("vit"), a_case("gpt2")
    base = a_stored_run(workbench, {bert: 0.100, vit: 0.100, gpt2: 0.100})
    new = a_stored_run(workbench, {bert: 0.100, vit: 0.130, gpt2: 0.050})
    found = [(item.new.case.model_type, item.comparison.verdict) for item in compare_runs(workbench, base.run_id, "2")]
    assert found == [("gpt2", Verdict.BETTER), ("vit", Verdict.WORSE), ("bert", Verdict.SAME)]
    (gpt2_ratio, *_) = (item.comparison.ratio for item in compare_runs(workbench, "1", new.run_id))
    assert gpt2_ratio == pytest.approx(0.5)


def test_the_order_of_the_runs_decides_which_way_a_change_points(workbench):
    a_stored_run(workbench, {a_case(): 0.1})
    a_stored_run(workbench, {a_case(): 0.2})
    (forth,), (back,) = compare_runs(workbench, "1", "2"), compare_runs(workbench, "2", "1")
    assert (forth.comparison.verdict, back.comparison.verdict) == (Verdict.WORSE, Verdict.BETTER)
    assert forth.comparison.ratio == pytest.approx(1 / back.comparison.ratio)


def test_more_throughput_is_better_where_more_latency_is_worse(workbench):
    a_stored_run(workbench, {a_case(): 0.1})
    a_stored_run(workbench, {a_case(): 0.2})
    (found,) = compare_runs(workbench, "1", "2", Metric.THROUGHPUT)
    assert (found.comparison.verdict, found.comparison.ratio) == (Verdict.WORSE, pytest.approx(0.5))


def test_only_cases_that_both_runs_measured_are_compared(workbench):
    shared, gone, added, broken = (a_case(batch_size=size) for size in (1, 2, 4, 8))
    a_stored_run(workbench, {shared: 0.1, gone: 0.1, broken: 0.1})
    a_stored_run(workbench, {shared: 0.1, added: 0.1}, failed=[broken])
    assert [found.new.case for found in compare_runs(workbench, "1", "2")] == [shared]


def test_runs_of_different_environments_are_compared_and_marked(workbench):
    a_stored_run(workbench, {a_case(): 0.1})
    a_stored_run(workbench, {a_case(): 0.1}, environment="another-machine")
    (found,) = compare_runs(workbench, "1", "2")
    assert not found.is_same_environment


def test_a_run_that_does_not_exist_is_named_with_those_that_do(workbench):
    a_stored_run(workbench, {a_case(): 0.1})
    with pytest.raises(NotFound, match=r"No run '7'. Runs are numbered 1 to 1"):
        compare_runs(workbench, "1", "7")
