"""The second configuration of a run in pairs: how it is written, what it may be, and what it makes of a case."""

from __future__ import annotations

import pytest

from engine.domain.against import PAIRS, Against, parse_against, partner_of
from engine.domain.case import Precision
from engine.domain.run import Protocol, RunRequest, usual_processes
from engine.errors import InvalidValue, UnknownName
from tests.builders import a_case, a_request

BF16 = Against(precision=Precision.BF16)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("precision=bf16", BF16),
        ("--precision bf16", BF16),
        ("--precision=bf16", BF16),
        ("precision=bf16, threads=1", Against(precision=Precision.BF16, threads=1)),
        ("--precision bf16 --threads 1 --compile", Against(precision=Precision.BF16, threads=1, compiled=True)),
        ("hardware=openvino", Against(backend="openvino")),
        ("backend=openvino", Against(backend="openvino")),
        ("--no-compile", Against(compiled=False)),
        ("compile=yes", Against(compiled=True)),
        ("attention=eager sequence_length=64", Against(attention="eager", sequence_length=64)),
    ],
)
def test_differences_are_read_as_pairs_or_as_options(text: str, expected: Against) -> None:
    assert parse_against(text) == expected
    assert parse_against(expected.text) == expected


@pytest.mark.parametrize(
    ("text", "error", "told"),
    [
        ("", InvalidValue, "differs in nothing; give at least one of: precision"),
        ("precison=bf16", UnknownName, "Unknown difference 'precison'. Did you mean precision"),
        ("precision=bf17", UnknownName, "Unknown precision 'bf17'"),
        ("precision", InvalidValue, "'precision' has no value; write precision=VALUE"),
        ("--threads", InvalidValue, "'--threads' has no value"),
        ("threads=none", InvalidValue, "threads 'none' is not a whole number"),
        ("threads=0", InvalidValue, "threads '0' is not a whole number of 1 or more"),
        ("threads=1,--threads 2", InvalidValue, "threads is given twice"),
        ("backend=cpu,hardware=cuda", InvalidValue, "hardware is given twice"),
        ("compile=maybe", InvalidValue, "neither yes nor no"),
        ("precision='bf16", InvalidValue, "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_named(text: str, error: type[InvalidValue | UnknownName], told: str) -> None:
    with pytest.raises(error) as refused:
        parse_against(text)
    assert told in refused.value.message
    assert refused.value.field == "against"


def test_a_partner_differs_in_what_was_asked_for_and_nothing_else() -> None:
    case = a_case(batch_size=8)
    both = Against(precision=Precision.BF16, threads=1)
    assert both.applied_to(case) == a_case(batch_size=8, precision=Precision.BF16, threads=1)
    assert both.words(case) == ("fp32, default threads", "bf16, threads 1")
    assert Against(compiled=True).words(case) == ("not compiled", "compiled")


def test_a_length_means_nothing_to_what_has_none() -> None:
    picture = a_case("vit")
    assert Against(sequence_length=64).applied_to(picture) == picture


def test_a_partner_is_found_from_either_side() -> None:
    base = a_case()
    new = BF16.applied_to(base)
    assert partner_of(BF16, base, []) == new
    assert partner_of(BF16, new, [a_case(batch_size=4), base]) == base
    assert partner_of(BF16, new, [a_case(batch_size=4)]) is None


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"against": Against(precision=Precision.FP32)}, "precision=fp32, is the first one"),
        ({"against": Against(compiled=False)}, "compile=no, is the first one"),
        (
            {"against": BF16, "precisions": (Precision.FP32, Precision.INT8)},
            "with a single first one; give one instead of fp32, int8",
        ),
        ({"against": Against(backend="openvino"), "backends": ("cpu", "cuda")}, "instead of cpu, cuda"),
        ({"against": Against(threads=5000)}, "threads 5000 is not between 1 and 1024"),
    ],
)
def test_what_makes_no_pairs_is_refused_where_it_is_asked_for(changes: dict[str, object], told: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        a_request(**changes)
    assert told in refused.value.message


def test_of_two_differences_one_may_be_as_in_the_first() -> None:
    assert a_request(against=Against(precision=Precision.FP32, threads=1)).against is not None


def test_a_run_in_pairs_has_as_many_as_can_decide_and_counts_both_sides() -> None:
    assert (usual_processes(None), usual_processes(BF16)) == (Protocol().processes, PAIRS)
    request = a_request(against=Against(backend="openvino"), protocol=Protocol(processes=1000))
    assert request.all_backends == ("cpu", "openvino")
    request.refuse_if_too_large(models=10)
    with pytest.raises(InvalidValue, match="2 configurations"):
        request.refuse_if_too_large(models=11)
    assert RunRequest(models=("bert",)).all_backends == ("cpu",)
