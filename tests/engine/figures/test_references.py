from __future__ import annotations

from engine.domain.case import Precision
from engine.domain.measurement import Metric
from engine.domain.model import Size
from engine.domain.summary import CaseSummary
from engine.figures.references import compared, reference
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
        timed(precision=BF16, threads=1),
    ]
    assert compared([fp32, *others], "cpu fp32", Metric.LATENCY) == {}
