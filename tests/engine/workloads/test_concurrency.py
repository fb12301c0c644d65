"""Concurrency: rates by hand, and workers of a known skillset in real processes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from engine.backends.cores import usable_physical_cores
from engine.benchmarking.fork_server import ForkServerLauncher
from engine.benchmarking.launchers import ProcessOutcome
from engine.benchmarking.measure import measuring_arguments
from engine.domain.case import Workload
from engine.domain.result import FailureKind
from engine.errors import NotEnoughData
from engine.formatting import counted
from engine.workloads.concurrency import _too_many, alternate, busy
from engine.workloads.worker import Span
from tests.builders import a_protocol
from tests.engine.benchmarking import a_skillset_facts as known
from tests.engine.benchmarking.a_skillset_facts import SKILLSET, a_linear

WORKERS = 2


def outcome_of(launcher: ForkServerLauncher, **changes: Any) -> ProcessOutcome:
    case = a_linear(**({"workload": Workload.CONCURRENCY, "workers": WORKERS} | changes))
    protocol = a_protocol(max_seconds=0.2, timeout_seconds=30.0)
    arguments = measuring_arguments(case, protocol, SKILLSET, with_facts=True)
    return launcher.run("engine.benchmarking.measure:measure_case", arguments, timeout_seconds=60)


def test_requests_count_while_every_worker_is_busy_those_at_the_edge_in_part():
    one = [(0.0, 2.0), (2.0, 4.0), (4.0, 6.0)]
    other = [(1.0, 4.0), (4.0, 5.0)]
    done, seconds = busy([one, other])
    assert seconds == 1.0  # from 4, when both have answered once, to 5
    assert done == pytest.approx(0.5 + 1)


def test_workers_that_take_turns_get_no_more_done_than_one():
    """Three wait for one another, a second each: what is half done when the first ends was half done at the begin."""
    turns = [[(0.0, 1.0 + who), *((who + n, who + n + 3.0) for n in (1.0, 4.0, 7.0))] for who in range(3)]
    done, seconds = busy(turns)
    assert done / seconds == pytest.approx(1.0)


def test_the_first_request_of_one_worker_alone_does_not_count_either():
    assert busy([[(0.0, 1.0), (1.0, 1.5), (1.5, 2.0)]]) == (2.0, 1.0)


def test_workers_that_were_never_busy_together_have_no_rate():
    with pytest.raises(NotEnoughData, match="never busy at the same time"):
        busy([[(0.0, 1.0), (1.0, 2.0)], [(2.0, 3.0), (3.0, 4.0)]])


def test_rounds_alternate_in_turned_order_so_that_drift_touches_both():
    order: list[str] = []
    seconds: Iterator[float] = iter(range(1, 100))

    def spans(who: str) -> list[list[Span]]:
        order.append(who)
        now = next(seconds)
        return [[(now, now + 0.5), (now + 0.5, now + 1.0)]]

    rounds, _, _ = alternate(lambda number: spans(f"one {number}"), lambda: spans("all"), a_protocol(min_iterations=3))
    assert order == ["one 0", "all", "all", "one 1", "one 2", "all"]
    assert rounds == [((1.0, 0.5), (1.0, 0.5))] * 3


def test_a_round_in_which_one_worker_got_no_turn_is_repeated_and_many_end_the_case():
    good = [[(0.0, 1.0), (1.0, 2.0)]]
    none = [[(0.0, 1.0), (1.0, 2.0)], [(5.0, 6.0), (6.0, 7.0)]]
    answers = iter([none, none, *[good] * 3])
    rounds, _, lost = alternate(lambda number: good, lambda: next(answers), a_protocol(min_iterations=3))
    assert (len(rounds), lost) == (3, 2)
    with pytest.raises(NotEnoughData):
        alternate(lambda number: good, lambda: none, a_protocol(min_iterations=3))


def test_workers_answer_at_once_and_are_compared_with_one_alone(loaded):
    value = outcome_of(loaded).value
    assert value is not None
    found = value["measurements"]
    assert found["scaling_efficiency"][0] == pytest.approx(100 * found["speedup"][0] / WORKERS)
    assert found["requests_per_second"][0] > 0
    assert found["models_per_second"][0] > 0
    assert value["actual_device"] == "cpu"
    assert value["facts"] is None
    assert value["checksum"] == "0123abcd"
    assert value["notes"][0].startswith("2 workers, processes with a model of their own each and 1 thread each; ")


def test_memory_is_that_of_all_workers_together(loaded):
    """Each worker holds so much for a moment in every pass."""
    both = outcome_of(loaded, batch_size=known.MEMORY_AT_BATCH).value["measurements"]["peak_memory"][0]
    assert both > 1.8 * known.TEMPORARY_BYTES


@pytest.mark.parametrize(
    ("batch_size", "kind", "reason"),
    [
        (known.NAN_AT_BATCH, FailureKind.WRONG_OUTPUT, "values that are not finite"),
        (known.ERROR_AT_BATCH, FailureKind.ERROR, "RuntimeError: mat1 and mat2 shapes cannot be multiplied"),
        (known.TOO_LARGE_AT_BATCH, FailureKind.OUT_OF_MEMORY, "Out of memory"),
        (known.CRASH_AT_BATCH, FailureKind.ERROR, "A worker died of SIGSEGV before it had an answer."),
    ],
)
def test_what_befalls_a_worker_is_what_befell_the_case(loaded, batch_size: int, kind: FailureKind, reason: str):
    failure = outcome_of(loaded, batch_size=batch_size).failure
    assert failure is not None
    assert failure.kind is kind
    assert reason in failure.reason


def test_workers_without_a_number_of_threads_share_the_cores_and_more_than_there_are_take_turns(loaded):
    cores = usable_physical_cores()
    notes = outcome_of(loaded, threads=None, workers=cores + 1).value["notes"]
    assert notes[0].startswith(f"{cores + 1} workers, processes with a model of their own each and 1 thread each; ")
    shared = outcome_of(loaded, threads=None).value["notes"][0]
    assert f" and {counted(max(1, cores // WORKERS), 'thread')} each; " in shared


def test_more_threads_than_cores_are_told():
    assert _too_many(1) == []
    assert "take turns" in _too_many(100_000)[0]
