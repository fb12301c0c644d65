"""The memory expected before a launch, beside what was measured."""

from __future__ import annotations

from app.views.case_details import case_details
from engine.domain.measurement import Metric
from tests.app.tabs.component_tree import text_of
from tests.builders import a_summary, an_estimate

MIB = 2**20


def said(**changes: object) -> str:
    summary = a_summary(**changes)
    return text_of(case_details(summary, metric=Metric.LATENCY, baseline=None, comparison=None, theme="light"))


def test_an_estimate_says_by_how_much_it_was_off() -> None:
    measured = {Metric.LATENCY: an_estimate(), Metric.PEAK_MEMORY: an_estimate(400 * MIB)}
    assert "440 MiB (+10\N{THIN SPACE}% against what was measured)" in said(
        estimated_bytes=440 * MIB, estimates=measured
    )


def test_an_estimate_alone_is_shown_alone_and_none_is_not_shown() -> None:
    alone = said(estimated_bytes=440 * MIB, estimates={Metric.LATENCY: an_estimate()})
    assert "440 MiB" in alone and "against what was measured" not in alone
    assert "estimated before" not in said()
