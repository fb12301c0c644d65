from __future__ import annotations

import pytest

from engine.domain.case import Precision
from engine.domain.measurement import Metric
from engine.domain.model import Size
from engine.domain.summary import CaseSummary
from engine.figures.references import common_reference, compared, reference
from engine.figures.wording import way
from tests.builders import a_case, a_summary

BF16 = Precision.BF16


def timed(model: str = "bert", latency: float = 0.04, **case: object) -> CaseSummary:
    return a_summary(a_case(model, **case), latencies=tuple(latency * (1 + 0.001 * step) for step in range(-2, 3)))


def test_the_baseline_is_fp32_on_the_processor_else_the_plainest_there_is() -> None:
    fp32, bf16 = timed(), timed(precision=BF16)
    int8 = timed(backend="openvino", precision=Precision.INT8)
    assert reference([int8, bf16, fp32]) is fp32
    assert reference([int8, bf16]) is bf16
    assert reference([int8, timed(backend="openvino")]).case.precision is Precision.FP32


def test_only_the_same_work_is_compared() -> None:
    fp32 = timed()
    others = [
        timed("gpt2", precision=BF16),
        timed(precision=BF16, batch_size=8),
        timed(precision=BF16, size=Size.TINY),
        timed(precision=BF16, sequence_length=512),
    ]
    assert compared([fp32, *others], "cpu fp32", Metric.LATENCY) == {}


COMPILED, SDPA, ONE_THREAD = {"compiled": True}, {"attention": "sdpa"}, {"threads": 1}


@pytest.mark.parametrize(
    ("option", "name"),
    [
        (COMPILED, "cpu fp32 compiled"),
        (SDPA, "cpu fp32 sdpa attention"),
        (ONE_THREAD, "cpu fp32 1 thread"),
        ({"cold": True}, "cpu fp32 cold"),
        (COMPILED | {"threads": 2}, "cpu fp32 compiled 2 threads"),
    ],
)
def test_an_option_is_a_way_of_its_own_and_is_compared_with_none(option: dict[str, object], name: str) -> None:
    plain, other = timed(), timed(latency=0.02, **option)
    assert (way(plain.case), way(other.case)) == ("cpu fp32", name)
    assert reference([other, plain]) is plain
    judged = compared([plain, other], "cpu fp32", Metric.LATENCY)
    assert {case_id: found.ratio for case_id, found in judged.items()} == {other.case.case_id: pytest.approx(0.5)}


def test_precisions_that_share_an_option_are_compared_with_each_other() -> None:
    plain, fp32, bf16 = timed(), timed(**COMPILED), timed(precision=BF16, **COMPILED)
    judged = compared([plain, fp32, bf16], "cpu fp32 compiled", Metric.LATENCY)
    assert set(judged) == {plain.case.case_id, bf16.case.case_id}


def test_many_models_are_compared_with_what_most_were_run_with_and_with_compiled_ones_only_at_need() -> None:
    models = ("bert", "gpt2", "t5")
    threaded = [timed(model, **ONE_THREAD) for model in models]
    compiled = [timed(model, **COMPILED) for model in models]
    assert way(common_reference([timed(), *threaded, *compiled]).case) == "cpu fp32 1 thread"
    assert way(common_reference([timed(), *compiled]).case) == "cpu fp32"
    assert way(common_reference(compiled).case) == "cpu fp32 compiled"
