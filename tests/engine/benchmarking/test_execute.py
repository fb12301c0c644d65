"""One execution becomes one row, whatever happens in its process."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine.benchmarking.execute import execute
from engine.benchmarking.referee import Referee
from engine.domain.case import Case
from engine.domain.measurement import Metric
from engine.domain.model import Size
from engine.domain.result import FailureKind, Provenance, Result, ResultStatus
from engine.domain.run import Protocol
from tests.builders import a_protocol
from tests.engine.benchmarking import a_skillset_facts as known
from tests.engine.benchmarking.a_skillset_facts import SKILLSET, a_linear


def row(launcher, case: Case, protocol: Protocol | None = None, *, repetition: int = 0, path: str = SKILLSET) -> Result:
    return execute(
        launcher,
        case,
        repetition,
        run_id="run-7",
        skillset_path=path,
        protocol=protocol or a_protocol(),
        environment_id="env-7",
    )


def test_a_measured_case_is_a_completed_row_with_its_figures(loaded):
    case = a_linear(batch_size=2)
    result = row(loaded, case)
    assert (result.status, result.failure, result.provenance) == (ResultStatus.COMPLETED, None, Provenance.MEASURED)
    assert (result.run_id, result.environment_id, result.case, result.actual_device) == ("run-7", "env-7", case, "cpu")
    assert len(result.measurement(Metric.LATENCY).samples) == 3
    assert result.facts.parameters == known.WIDTH**2
    assert result.machine is not None and result.skillset_checksum == "0123abcd"
    assert 0 < result.duration_seconds < a_protocol().timeout_seconds


def test_only_the_first_process_of_a_case_counts_facts(loaded):
    assert row(loaded, a_linear(), repetition=1).facts is None


@pytest.mark.parametrize(
    ("batch_size", "kind", "words"),
    [
        (known.NAN_AT_BATCH, FailureKind.WRONG_OUTPUT, "Output y has 52 of 3328 values that are not finite."),
        (known.WRONG_ROWS_AT_BATCH, FailureKind.WRONG_OUTPUT, "No output has rows for a batch of 14"),
        (known.NOTHING_AT_BATCH, FailureKind.WRONG_OUTPUT, "The forward pass returned no outputs."),
        (known.ERROR_AT_BATCH, FailureKind.ERROR, "RuntimeError: mat1 and mat2 shapes cannot be multiplied"),
        (known.CRASH_AT_BATCH, FailureKind.CRASHED, "The process died of SIGSEGV."),
        (known.TOO_LARGE_AT_BATCH, FailureKind.OUT_OF_MEMORY, "Out of memory within the limit of"),
    ],
)
def test_a_case_that_fails_is_a_row_with_its_kind_and_reason(loaded, batch_size, kind, words):
    result = row(loaded, a_linear(batch_size=batch_size))
    assert (result.status, result.measurements, result.actual_device) == (ResultStatus.FAILED, (), None)
    assert result.failure.kind is kind
    assert words in result.failure.reason
    assert "\n" not in result.failure.reason


def test_the_log_of_a_failure_shows_where_it_happened(loaded):
    assert "in infer" in row(loaded, a_linear(batch_size=known.ERROR_AT_BATCH)).failure.log
    assert "in infer" in row(loaded, a_linear(batch_size=known.CRASH_AT_BATCH)).failure.log


def test_a_case_that_outlasts_its_time_is_a_row_that_says_how_long_it_had(loaded):
    result = row(loaded, a_linear(batch_size=known.SLOW_AT_BATCH), a_protocol(timeout_seconds=1.5))
    assert (result.status, result.failure.kind) == (ResultStatus.FAILED, FailureKind.TIMEOUT)
    assert result.failure.reason.startswith("Not finished after 1.5 s; killed.")
    assert 1.5 <= result.duration_seconds < known.SLOW_SECONDS


def test_a_cancelled_execution_is_a_row_of_its_own_status(loaded):
    cancel = threading.Event()
    threading.Timer(1.0, cancel.set).start()
    result = execute(
        loaded,
        a_linear(batch_size=known.SLOW_AT_BATCH),
        0,
        run_id="run-7",
        skillset_path=SKILLSET,
        protocol=a_protocol(),
        environment_id="env-7",
        cancel=cancel,
    )
    assert (result.status, result.failure.kind) == (ResultStatus.CANCELLED, FailureKind.CANCELLED)
    assert result.duration_seconds < known.SLOW_SECONDS


def test_a_skillset_that_fell_back_to_another_device_is_not_measured_under_the_wrong_name(loaded):
    result = row(loaded, a_linear(size=Size.DEFAULT))
    assert result.failure.kind is FailureKind.NOT_AVAILABLE
    assert result.failure.reason == "cuda was asked for, but it is not here."


def test_a_backend_that_cannot_run_is_a_row_with_the_reason(loaded):
    result = row(loaded, a_linear(backend="qnn"))
    assert (result.failure.kind, result.requested_backend) == (FailureKind.NOT_AVAILABLE, "qnn")
    assert "onnxruntime-qnn" in result.failure.reason


def test_a_missing_skillset_is_a_row_that_says_what_to_do(loaded, tmp_path):
    result = row(loaded, a_linear(), path=str(tmp_path / "hf_linear.py"))
    assert result.failure.kind is FailureKind.ERROR
    assert "hf_linear.py; generate it again." in result.failure.reason


def test_a_pair_in_turns_says_so_and_its_waiting_is_no_part_of_its_duration(loaded):
    cases = [a_linear(threads=1), a_linear(batch_size=2, threads=1)]
    began = time.monotonic()
    with Referee(2) as referee, ThreadPoolExecutor(2) as pool:

        def one(place: int) -> Result:
            try:
                return execute(
                    loaded,
                    cases[place],
                    1,
                    run_id="run-7",
                    skillset_path=SKILLSET,
                    protocol=a_protocol(min_iterations=200, max_iterations=200),
                    environment_id="env-7",
                    ticket=referee.ticket(place),
                )
            finally:
                referee.ended(place)

        found = list(pool.map(one, range(2)))
    assert [result.status for result in found] == [ResultStatus.COMPLETED] * 2
    assert all(len(result.measurement(Metric.LATENCY).samples) == 200 for result in found)
    assert all("Timed in turns of up to 30 ms or one iteration, with its partner." in result.notes for result in found)
    assert sum(result.duration_seconds for result in found) < 1.5 * (time.monotonic() - began)
