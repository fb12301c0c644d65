"""A run with everything a report has to cope with: two models, two precisions, a failure, skipped cases, remarks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.domain.case import Precision
from engine.domain.result import FailureKind, Result, ResultStatus
from engine.domain.summary import CaseSummary
from engine.reports.content import ReportContent, build_content
from tests.builders import (
    A_TIME,
    a_case,
    a_failed_result,
    a_request,
    a_result,
    a_run,
    a_summary,
    an_environment,
)

HOSTILE = '</script><script>alert("x")</script><img src=x onerror=alert(1)>'


def measured(models: tuple[str, ...] = ("bert", "gpt2"), processes: int = 5) -> tuple[list[CaseSummary], list[Result]]:
    """Clearly different speeds: the second model takes twice as long, bf16 half of fp32."""
    summaries, results = [], []
    for position, model in enumerate(models):
        for precision in (Precision.FP32, Precision.BF16):
            for batch_size in (1, 8):
                case = a_case(model, precision=precision, batch_size=batch_size)
                base = 0.02 * (1 + position) * batch_size**0.8 * (0.5 if precision is Precision.BF16 else 1)
                latencies = [base * (1 + 0.004 * (index - 2)) for index in range(processes)]
                summaries.append(a_summary(case, latencies=latencies))
                results += [
                    a_result(case, latency=latency, repetition=index, skillset_checksum=model[0] * 64)
                    for index, latency in enumerate(latencies)
                ]
    return summaries, results


@pytest.fixture
def content() -> ReportContent:
    summaries, results = measured()
    results[0] = replace(results[0], notes=(HOSTILE,))
    results.append(a_failed_result(a_case("mamba"), reason=f"RuntimeError: {HOSTILE}"))
    results.append(a_failed_result(a_case("mamba"), reason=f"RuntimeError: {HOSTILE}", repetition=1))
    results.append(
        a_failed_result(
            a_case("mixtral"), FailureKind.DOES_NOT_FIT, "Needs 31 GB, 12 GB are free.", status=ResultStatus.SKIPPED
        )
    )
    run = a_run(
        request=a_request("bert", "gpt2", "mamba", "mixtral", batch_sizes=(1, 8)),
        total=len(results),
        completed=len(results) - 3,
        failed=2,
        skipped=1,
    )
    return build_content(
        run, an_environment(hostname=HOSTILE), summaries, results, report_id="report-1", created_at=A_TIME
    )
