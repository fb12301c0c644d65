"""Failed cases of a run, and the way to try them again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from app.run_options import RunOptions
from app.tabs.live_runs import options_from_query
from app.views.run_failures import request_again, run_failures
from engine.domain.against import Against
from engine.domain.case import Case, Precision, Workload
from engine.domain.model import Size
from engine.domain.run import Protocol, RunRequest, RunStatus, SizeChoice
from tests.app.tabs.component_tree import of_class, of_kind, text_of
from tests.builders import (
    a_case,
    a_failed_result,
    a_request,
    a_run,
)


def test_failures_of_one_reason_share_a_notice_with_log_and_a_way_to_try_again() -> None:
    cases = [a_case("mamba", batch_size=size) for size in (1, 8)]
    rows = [a_failed_result(case, reason="no kernel") for case in cases] + [a_failed_result(reason="other")]
    request = a_request(protocol=Protocol())
    notices = run_failures(a_run(RunStatus.RUNNING, request=request), rows)
    assert [text_of(of_class(notice, "error-notice-title")) for notice in notices] == [
        "2 cases failed (2 processes)",
        "bert cpu fp32 batch 1 failed",
    ]
    assert "The other cases go on." in text_of(notices[0])
    assert "Traceback" in text_of(notices[0])
    assert of_kind(notices[0], "Link")[0].href == address_again(cases, request)


def address_again(cases: list[Case], request: RunRequest) -> str:
    return RunOptions.nearest_to(request_again(cases, request)).address


def test_a_failed_case_fills_the_form_with_itself() -> None:
    address = address_again([a_case("mamba", batch_size=8)], a_request(protocol=Protocol()))
    assert address == (
        "/live-runs?models=mamba&backends=cpu&precisions=fp32&workloads=inference&switches=progressive&batch_sizes=8"
        "&size=default"
    )


def test_trying_again_asks_for_the_same_cases_in_full() -> None:
    request = a_request(
        size=SizeChoice.TINY,
        sequence_length=33,
        threads=2,
        cold=True,
        progressive=False,
        incremental=True,
        protocol=Protocol(processes=5),
        title="Nightly",
    )
    failed = a_case(size=Size.TINY, sequence_length=33, threads=2, cold=True)
    address = address_again([failed], request)
    again = options_from_query(dict(parse_qsl(urlsplit(address).query, keep_blank_values=True))).request()
    assert again == replace(request, incremental=False, title=None)


@pytest.mark.parametrize(
    "changes",
    [
        {"workloads": (Workload.GENERATION,), "new_tokens": 7},
        {"workloads": (Workload.CONCURRENCY,), "workers": 3},
        {"models": (), "checkpoint": "mine/bert", "size": SizeChoice.AUTO},
        {"compiled": True},
        {"attention": "eager"},
        {"protocol": Protocol(pinned=True)},
        {"protocol": Protocol(side_by_side=True), "threads": 1},
    ],
)
def test_trying_again_keeps_how_it_was_measured(changes: dict[str, Any]) -> None:
    request = a_request(**({"size": SizeChoice.TINY, "protocol": Protocol(), "incremental": False} | changes))
    of_case = {
        name: value for name, value in changes.items() if name not in ("workloads", "models", "size", "protocol")
    }
    size = "checkpoint" if "checkpoint" in changes else Size.TINY
    failed = a_case(size=size, workload=changes.get("workloads", (Workload.INFERENCE,))[0], **of_case)
    address = address_again([failed], request)
    assert options_from_query(dict(parse_qsl(urlsplit(address).query, keep_blank_values=True))).request() == request


@pytest.mark.parametrize("against", [Against(precision=Precision.BF16), Against(threads=1), Against(compiled=True)])
def test_a_failed_partner_is_tried_again_with_the_whole_pair(against: Against) -> None:
    request = a_request(against=against, protocol=Protocol(processes=20), incremental=False, size=SizeChoice.TINY)
    base = a_case(size=Size.TINY)
    for failed in (base, against.applied_to(base)):
        (notice,) = run_failures(a_run(request=request), [a_failed_result(failed, reason="no kernel")])
        address = of_kind(notice, "Link")[0].href
        asked = options_from_query(dict(parse_qsl(urlsplit(address).query, keep_blank_values=True))).request()
        assert asked == request


@pytest.mark.parametrize("changes", [{"allow_pickle": True}, {"protocol": Protocol(warmup=7)}])
def test_what_the_form_has_no_field_for_is_tried_again_by_the_command(changes: dict[str, Any]) -> None:
    request = a_request(compiled=True, **({"protocol": Protocol()} | changes))
    (notice,) = run_failures(a_run(request=request), [a_failed_result(a_case(compiled=True, batch_size=8))])
    assert not of_kind(notice, "Link")
    assert "Copy command to try again" in text_of(notice)
    assert "--compile" in str(notice) and "--batch-sizes 8" in str(notice)


def test_trying_cases_of_two_sizes_again_leaves_the_size_as_it_was_asked_for() -> None:
    address = address_again([a_case(size=Size.TINY), a_case("vit")], a_request(size=SizeChoice.AUTO))
    assert "size=auto" in address


def test_a_checkpoint_that_failed_is_tried_again_by_its_name() -> None:
    address = address_again([a_case(size="bert-large-uncased")], a_request())
    assert "models=bert-large-uncased" in address and "size=auto" in address
