"""Requests no machine could carry out are refused where they are made, before anything is planned."""

from __future__ import annotations

from typing import Any

import pytest

from engine.domain.against import Against
from engine.domain.case import Precision, Workload
from engine.domain.run import MAX_EXECUTIONS, Protocol, RunRequest
from engine.errors import InvalidValue
from tests.builders import a_protocol, a_request


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"processes": 0}, "processes 0 is not between 1 and 1000."),
        ({"processes": 1001}, "processes 1001 is not between 1 and 1000."),
        ({"warmup": -1}, "warmup -1 is not between 0 and 10000."),
        ({"warmup": 10_001}, "warmup 10001 is not between 0 and 10000."),
    ],
)
def test_a_protocol_beyond_its_limits_is_refused(changes: dict[str, int], words: str):
    with pytest.raises(InvalidValue) as refusal:
        Protocol(**changes)
    assert (refusal.value.message, refusal.value.field) == (words, next(iter(changes)))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sequence_length": 0}, "sequence_length 0 is not between 1 and 1000000."),
        ({"sequence_length": 1_000_001}, "sequence_length 1000001 is not between 1 and 1000000."),
        ({"threads": 0}, "threads 0 is not between 1 and 1024."),
        ({"threads": 999_999_999}, "threads 999999999 is not between 1 and 1024."),
    ],
)
def test_a_request_beyond_its_limits_is_refused(changes: dict[str, int], words: str):
    with pytest.raises(InvalidValue) as refusal:
        RunRequest(models=("bert",), **changes)
    assert (refusal.value.message, refusal.value.field) == (words, next(iter(changes)))


@pytest.mark.parametrize(("name", "workload"), [("new_tokens", "generation"), ("workers", "concurrency")])
def test_a_number_that_no_workload_takes_is_refused_with_the_remedy(name: str, workload: str):
    with pytest.raises(InvalidValue, match=f"add {workload} to them, or leave {name} out") as refusal:
        a_request("gpt2", **{name: 4}).refuse_unused()
    assert refusal.value.field == name
    a_request("gpt2", **{name: 4}, workloads=(Workload.INFERENCE, Workload(workload))).refuse_unused()


def large(processes: int, **changes: Any) -> RunRequest:
    return a_request("bert", protocol=a_protocol(processes=processes), batch_sizes=tuple(range(1, 11)), **changes)


def test_as_many_executions_as_a_run_holds_are_allowed_and_one_more_of_anything_is_not():
    assert MAX_EXECUTIONS == 2 * 10 * 1000
    large(1000).refuse_if_too_large(models=2)
    with pytest.raises(InvalidValue):
        large(1000).refuse_if_too_large(models=3)


def test_the_refusal_gives_the_product_and_names_what_to_lower():
    request = large(1000, precisions=(Precision.FP32, Precision.BF16), workloads=tuple(Workload))
    with pytest.raises(InvalidValue) as refusal:
        request.refuse_if_too_large(models=13)
    assert refusal.value.message == (
        "13 models x 2 precisions x 10 batch sizes x 4 workloads x 1,000 processes come to 1,040,000 executions; "
        "one run holds 20,000 at most. Use fewer processes, or split it into several runs."
    )
    assert refusal.value.field == "processes"


def test_what_is_asked_for_twice_counts_once():
    a_request(batch_sizes=(1,) * 30_000).refuse_if_too_large(models=1)


def test_a_time_budget_would_cut_pairs_in_two():
    with pytest.raises(InvalidValue, match="A run in pairs takes no time budget"):
        a_request("bert", against=Against(precision=Precision.BF16), budget_seconds=600.0)
