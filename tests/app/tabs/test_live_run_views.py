from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from app import ids
from app.run_options import RunOptions
from app.views.finished_runs import finished_runs, finished_title, queue_title, run_queue
from app.views.machine_note import machine_note, quietness_of
from app.views.run_card import no_run, run_body
from app.views.run_failures import form_address, run_failures
from app.views.run_form import backend_options, model_options, plan_preview, precision_options, run_form, start_label
from app.views.run_words import run_sentence
from engine.domain.result import FailureKind, Result
from engine.domain.run import Plan, RunStatus
from tests.app.tabs.component_tree import of_class, of_kind, parts, text_of, with_id
from tests.builders import (
    A_TIME,
    a_backend_status,
    a_case,
    a_case_progress,
    a_failed_result,
    a_machine_state,
    a_model,
    a_plan,
    a_progress,
    a_result,
    a_run,
    a_skipped_case,
)

NOW = A_TIME + timedelta(minutes=5)


def progress_of(*states: str, status: RunStatus = RunStatus.RUNNING, **changes: object) -> object:
    cases = tuple(
        a_case_progress(
            index, state, a_case(batch_size=index + 1), reason="no kernel <b>" if state == "failed" else None
        )
        for index, state in enumerate(states)
    )
    return a_progress(a_run(status), cases=cases, **changes)


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (RunStatus.INITIALIZING, "Run 1: planning"),
        (RunStatus.QUEUED, "Run 1: 2 cases waiting"),
        (RunStatus.RUNNING, "Run 1: 1 of 2 cases done, 10 to 20 s left"),
        (RunStatus.CANCELLING, "Run 1: cancelling, 1 of 2 cases done"),
        (RunStatus.COMPLETED, "Run 1: 1 of 2 cases measured in 3 min"),
        (RunStatus.CANCELLED, "Run 1 was cancelled: 1 of 2 cases measured, all kept"),
        (RunStatus.INTERRUPTED, "Run 1 was interrupted: 1 of 2 cases measured, all kept"),
        (RunStatus.FAILED, "Run 1 could not go on: 1 of 2 cases measured"),
    ],
)
def test_the_title_answers_in_every_state(status: RunStatus, sentence: str) -> None:
    found = run_sentence(progress_of("completed", "queued", status=status))  # type: ignore[arg-type]
    assert found == sentence


def test_body_counts_by_glyph_and_word_and_gives_a_range_of_ends() -> None:
    body = run_body(progress_of("completed", "failed", "running", "queued"), NOW)  # type: ignore[arg-type]
    said = text_of(of_class(body, "run-counts"))
    assert said == "1 ok1 failed1 running1 queued"
    assert text_of(of_class(body, "run-end")).startswith("ends between ")
    assert [part.className for part in of_class(body, "run-bar-part")] == [
        "run-bar-part run-bar-ok",
        "run-bar-part run-bar-failed",
        "run-bar-part run-bar-running",
        "run-bar-part run-bar-queued",
    ]


def test_a_cancelled_run_says_which_cases_it_came_to() -> None:
    body = run_body(progress_of("completed", "queued", status=RunStatus.CANCELLED), NOW)  # type: ignore[arg-type]
    assert text_of(of_class(body, "run-counts")) == "1 ok1 not run"
    assert "the run ended before it" in text_of(of_kind(of_kind(body, "Tbody"), "Tr")[1])


def test_no_time_is_promised_while_none_is_known() -> None:
    progress = progress_of("running", remaining_seconds=None)
    assert "left" not in run_sentence(progress)  # type: ignore[arg-type]
    assert text_of(of_class(run_body(progress, NOW), "run-end")) == "how long is not known yet"  # type: ignore[arg-type]


def test_only_the_running_row_is_marked_and_a_failed_row_gives_its_reason() -> None:
    body = run_body(progress_of("completed", "failed", "running"), NOW)  # type: ignore[arg-type]
    rows = of_kind(of_kind(body, "Tbody"), "Tr")
    assert [row.className for row in rows] == ["", "", "case-running"]
    assert "no kernel <b>" in text_of(rows[1])


def test_what_the_table_leaves_out_is_counted() -> None:
    progress = progress_of(*["completed"] * 20, "running", *["queued"] * 19)
    assert "Showing 14 of 40 cases around the running one" in text_of(run_body(progress, NOW))  # type: ignore[arg-type]
    assert "Showing 40 of 40 cases" in text_of(run_body(progress, NOW, rows="all"))  # type: ignore[arg-type]
    assert "No case failed." in text_of(run_body(progress, NOW, rows="failed"))  # type: ignore[arg-type]


def test_failures_of_one_reason_share_a_notice_with_log_and_a_way_to_try_again() -> None:
    cases = [a_case("mamba", batch_size=size) for size in (1, 8)]
    rows = [a_failed_result(case, reason="no kernel") for case in cases] + [a_failed_result(reason="other")]
    notices = run_failures(a_run(RunStatus.RUNNING), rows)
    assert [text_of(of_class(notice, "error-notice-title")) for notice in notices] == [
        "2 cases failed (2 processes)",
        "bert cpu fp32 batch 1 failed",
    ]
    assert "The other cases go on." in text_of(notices[0])
    assert "Traceback" in text_of(notices[0])
    assert of_kind(notices[0], "Link")[0].href == form_address(cases)


def test_a_failed_case_fills_the_form_with_itself() -> None:
    address = form_address([a_case("mamba", batch_size=8)])
    assert (
        address == "/live-runs?models=mamba&backends=cpu&precisions=fp32&batch_sizes=8&workloads=inference&size=default"
    )


def test_a_run_that_could_not_go_on_says_why() -> None:
    run = a_run(RunStatus.FAILED, error="The disk is full.")
    assert "The disk is full." in text_of(run_failures(run, []))


def test_machine_note_tells_quiet_from_busy() -> None:
    def said(*rows: Result) -> str:
        return text_of(machine_note(quietness_of(rows)))

    busy = a_result(machine=a_machine_state(cpu_busy_others=0.4))
    assert "quiet enough during all 2 results" in said(a_result(), a_result())
    assert "busy with other work during 1 of 2 results, at worst 40" in said(a_result(), busy)
    assert "busy with other work during the first result, at worst 40" in said(busy)
    assert "after the first result" in said()
    unread = a_result(machine=a_machine_state(cpu_busy_others=None, cpu_steal=None))
    assert "too short to tell" in said(unread)
    assert "quiet enough during the 2 results long enough to tell" in said(a_result(), a_result(), unread)


def test_without_a_run_the_card_says_how_to_get_one() -> None:
    assert any("data-empty-state" in part.to_plotly_json()["props"] for part in parts(no_run()))


def test_finished_runs_offer_what_their_state_allows() -> None:
    done = a_run(run_id="a", completed=4, total=4)
    stopped = a_run(RunStatus.CANCELLED, run_id="b", number=2, completed=1, cancelled=1, total=4)
    nothing = a_run(RunStatus.INTERRUPTED, run_id="c", number=3, total=4)
    table = finished_runs([done, stopped, nothing], NOW)
    assert with_id(table, {"type": ids.REPORT_BUTTON, "run": "a"})
    assert "Resume the 3 results that are left" in text_of(with_id(table, {"type": ids.RESUME_BUTTON, "run": "b"}))
    offered = [part.id for part in of_kind(table, "Button")]
    assert {"type": ids.RESUME_BUTTON, "run": "a"} not in offered
    assert {"type": ids.REPORT_BUTTON, "run": "c"} not in offered
    assert finished_title([done, stopped, nothing]) == "3 finished runs, 2 stopped before the end"


def test_queue_lists_runs_in_their_order_with_ranges() -> None:
    waiting = [a_progress(replace(a_run(RunStatus.QUEUED), number=number)) for number in (7, 8)]
    assert queue_title(waiting) == "Queue: 2 runs wait for this machine"
    items = of_kind(run_queue(waiting), "Li")
    assert [text_of(item)[:6] for item in items] == ["1run 7", "2run 8"]
    assert "10 to 20 s" in text_of(items[0])


def test_every_control_of_the_form_has_a_label() -> None:
    form = run_form(RunOptions())
    labelled = {part.htmlFor for part in of_kind(form, "Label")}
    controls = [part.id for kind in ("Dropdown", "Input") for part in of_kind(form, kind)]
    assert set(controls) == labelled


def test_an_unavailable_backend_is_listed_disabled_with_its_reason() -> None:
    options = backend_options([a_backend_status("cuda", available=False), a_backend_status("cpu")])
    assert [option["value"] for option in options] == ["cpu", "cuda"]
    assert options[1]["disabled"] is True
    assert "No cuda device was found." in text_of(options[1]["label"])


def test_a_precision_that_no_chosen_backend_does_is_disabled() -> None:
    options = precision_options([a_backend_status("cpu")], ["cpu"])
    assert [option["value"] for option in options if option.get("disabled")] == ["fp16", "int8"]


def test_only_verified_models_can_be_chosen() -> None:
    models = [a_model("gpt2"), a_model("bert"), a_model("ernie", verified=False)]
    assert [option["value"] for option in model_options(models)] == ["gpt2", "bert"]


def test_preview_says_what_runs_what_does_not_and_how_long() -> None:
    plan = a_plan(
        a_case("bert"),
        a_case("vit"),
        skipped=[a_skipped_case(a_case("t5")), a_skipped_case(a_case("gpt2"), FailureKind.ALREADY_MEASURED)],
        repetitions=3,
    )
    said = text_of(plan_preview(plan, past_results=1284))
    assert "4 cases, of which 2 run." in said
    assert "1 would not fit in memory and 1 measured recently." in said
    assert "About 6 to 18 s, from 1,284 past results." in said
    assert start_label(plan, waiting=False) == "Start 2 cases"
    assert start_label(plan, waiting=True) == "Queue 2 cases"


def test_preview_of_an_empty_plan_says_how_to_measure_again() -> None:
    plan = Plan(planned=(), skipped=(a_skipped_case(kind=FailureKind.ALREADY_MEASURED),))
    assert start_label(plan, waiting=False) == "Nothing to start"
    assert "Untick" in text_of(plan_preview(plan, past_results=3))


def test_preview_promises_no_time_when_nothing_like_it_ran() -> None:
    plan = replace(a_plan(), estimated_seconds=None)
    assert "not known yet" in text_of(plan_preview(plan, past_results=0))


def test_a_figure_whose_interval_exceeds_it_is_called_noise() -> None:
    cases = [
        a_case_progress(0, "completed", repetition=index, throughput=rate) for index, rate in enumerate((1, 30, 900))
    ]
    said = text_of(run_body(a_progress(a_run(RunStatus.COMPLETED), cases=tuple(cases)), NOW))
    assert "too noisy to tell after 3 processes" in said
    assert "30" in said
