from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from app import ids
from app.run_options import RunOptions
from app.views.finished_runs import finished_runs, finished_title, queue_title, run_queue
from app.views.form_fields import with_named
from app.views.machine_note import Quietness, machine_note, quietness_of
from app.views.marks import run_outcome
from app.views.plan_preview import plan_preview, start_label
from app.views.run_card import no_run, run_body
from app.views.run_failures import request_again, run_failures
from app.views.run_form import backend_options, model_options, precision_options, run_form
from app.views.run_words import request_words, run_sentence, run_subtitle
from engine.domain.case import Workload
from engine.domain.model import Status
from engine.domain.result import FailureKind, Result
from engine.domain.run import Plan, Protocol, RunStatus
from engine.formatting import format_time, format_time_iso
from tests.app.tabs.component_tree import of_class, of_kind, parts, text_of, with_id
from tests.builders import (
    A_TIME,
    a_backend_status,
    a_case,
    a_case_progress,
    a_machine_state,
    a_model,
    a_plan,
    a_progress,
    a_request,
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
    return a_progress(**{"run": a_run(status), "cases": cases} | changes)


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


def test_trying_inference_alone_again_leaves_the_tokens_of_generation_out() -> None:
    both = (Workload.INFERENCE, Workload.GENERATION, Workload.CONCURRENCY)
    request = a_request(workloads=both, new_tokens=7, workers=3)
    again = request_again([a_case()], request)
    assert (again.workloads, again.new_tokens, again.workers) == ((Workload.INFERENCE,), None, None)
    again.refuse_unused()


def test_what_is_not_as_usual_is_named() -> None:
    request = a_request(sequence_length=33, threads=2, cold=True, protocol=Protocol(processes=5))
    assert request_words(request) == "bert · cpu · fp32 · batch 1 · sequence length 33 · 2 threads · cold · 5 processes"
    assert request_words(a_request(protocol=Protocol())) == "bert · cpu · fp32 · batch 1"
    named = a_request(protocol=Protocol(), title="nightly")
    assert request_words(named) == "nightly · bert · cpu · fp32 · batch 1"
    assert a_case(threads=2, cold=True).label == "bert cpu fp32 batch 1 threads 2 cold"


@pytest.mark.parametrize(
    ("counts", "outcome"),
    [
        ({"completed": 4}, ("completed", "ok")),
        ({"completed": 0, "failed": 4}, ("failed", "failed")),
        ({"completed": 3, "failed": 1}, ("failed", "partly failed")),
        ({"completed": 0, "skipped": 4}, ("skipped", "skipped")),
        ({"completed": 3, "skipped": 1}, ("completed", "ok")),
    ],
)
def test_a_run_that_came_to_its_end_is_as_good_as_its_results(counts: dict[str, int], outcome: tuple[str, str]) -> None:
    assert run_outcome(a_run(**counts)) == outcome
    assert outcome[1] in text_of(finished_runs([a_run(**counts)], NOW))


def test_a_run_that_stopped_says_so_whatever_it_measured() -> None:
    assert run_outcome(a_run(RunStatus.INTERRUPTED, failed=1))[1] == "interrupted"


@pytest.mark.parametrize(
    ("states", "status", "sentence"),
    [
        (("failed",), RunStatus.COMPLETED, "Run 1: 1 of 1 case failed in 3 min"),
        (("completed", "failed"), RunStatus.COMPLETED, "Run 1: 1 of 2 cases measured in 3 min, 1 failed"),
        (("failed", "queued"), RunStatus.CANCELLED, "Run 1 was cancelled: 1 of 2 cases failed"),
        (("queued",), RunStatus.INTERRUPTED, "Run 1 was interrupted: 0 of 1 case measured"),
    ],
)
def test_the_title_says_what_failed(states: tuple[str, ...], status: RunStatus, sentence: str) -> None:
    assert run_sentence(progress_of(*states, status=status)) == sentence  # type: ignore[arg-type]


def test_a_case_of_which_one_process_failed_failed_in_part() -> None:
    cases = (a_case_progress(0, "completed"), a_case_progress(1, "failed", repetition=1))
    said = run_sentence(a_progress(a_run(), cases=cases))
    assert said == "Run 1: 1 of 1 case measured in 3 min, 1 failed in part"


@pytest.mark.parametrize("status", [RunStatus.CANCELLED, RunStatus.INTERRUPTED])
def test_a_run_that_was_stopped_counts_results_where_cases_lack_processes(status: RunStatus) -> None:
    states = ("completed", "queued", "queued")
    cases = tuple(a_case_progress(index, state, repetition=index) for index, state in enumerate(states))
    said = run_sentence(a_progress(a_run(status), cases=cases))
    assert said == f"Run 1 was {status}: 1 of 3 results measured, in 1 of 1 case, all kept"


def test_the_card_of_an_ended_run_stays_true_however_long_it_is_looked_at() -> None:
    progress = progress_of("completed", status=RunStatus.COMPLETED)
    early, late = (A_TIME + timedelta(minutes=minutes) for minutes in (3, 60))
    ended = [of_class(run_body(progress, now), "run-end") for now in (early, late)]  # type: ignore[arg-type]
    assert text_of(ended[0]) == text_of(ended[1]) == f"ended {format_time(progress.run.finished_at)}"  # type: ignore[attr-defined]
    assert ended[0][0].title == format_time_iso(progress.run.finished_at)  # type: ignore[attr-defined]
    assert run_subtitle(progress.run, early) == run_subtitle(progress.run, late)  # type: ignore[attr-defined]


def test_time_that_a_run_spent_switched_off_is_not_what_it_took() -> None:
    run = a_run(finished_at=A_TIME + timedelta(hours=24), active_seconds=178.0)
    assert "measured in 3 min" in run_sentence(progress_of("completed", status=RunStatus.COMPLETED, run=run))  # type: ignore[arg-type]
    assert "3 min" in text_of(finished_runs([run], NOW))
    assert "24 h" in text_of(finished_runs([replace(run, active_seconds=None)], NOW))


def test_a_run_that_could_not_go_on_says_why() -> None:
    run = a_run(RunStatus.FAILED, error="The disk is full.")
    assert "The disk is full." in text_of(run_failures(run, []))


def test_machine_note_tells_quiet_from_busy() -> None:
    def said(*rows: Result) -> str:
        return text_of(machine_note(quietness_of(rows)))

    busy = a_result(machine=a_machine_state(cpu_busy_others=0.4))
    assert "quiet enough during all 2 results" in said(a_result(), a_result())
    assert "disturbed during 1 of 2 results: other programs took up to 40" in said(a_result(), busy)
    assert "disturbed during the first result: other programs took up to 40" in said(busy)
    shared = a_result(machine=a_machine_state(other_gpu_processes=2))
    assert "disturbed during the first result: up to 2 other programs computed on the GPU" in said(shared)
    assert "after the first result" in said()
    assert "nothing was measured" in text_of(machine_note(Quietness(), has_ended=True))
    unread = a_result(machine=a_machine_state(cpu_busy_others=None, cpu_steal=None))
    assert "too short to tell" in said(unread)
    untold = a_result(machine=a_machine_state(is_gpu_untold=True))
    assert "nobody tells what else used the GPU" in said(untold)
    assert "quiet enough during the 2 results of which it is known" in said(a_result(), a_result(), unread)


def test_machine_note_tells_the_conditions() -> None:
    hot = a_result(machine=a_machine_state(governor="powersave", temperature_celsius=91.2, load_1min=3.0))
    said = text_of(machine_note(quietness_of([a_result(), hot])))
    assert "Load 0.4 to 3.0 over a minute, clock 2.60" in said
    assert "governor powersave, at most 91" in said
    assert "Load" not in text_of(machine_note(Quietness()))


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
    assert finished_title([done, stopped, nothing], 3) == "3 finished runs, 2 stopped before the end"


@pytest.mark.parametrize("status", [RunStatus.INTERRUPTED, RunStatus.CANCELLED, RunStatus.FAILED])
def test_a_run_that_ended_before_it_was_planned_can_be_resumed(status: RunStatus) -> None:
    table = finished_runs([a_run(status, run_id="a", total=0)], NOW)
    assert text_of(with_id(table, {"type": ids.RESUME_BUTTON, "run": "a"})) == "Resume"


def test_the_title_counts_runs_that_are_not_listed() -> None:
    listed = [a_run(), a_run(completed=3, failed=1)]
    assert finished_title(listed, 33) == "The newest 2 of 33 finished runs, 1 with failures"
    assert finished_title([], 0) == "Finished runs"


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


def test_a_phone_offers_digits_alone_only_where_a_number_alone_is_meant() -> None:
    """Several batch sizes have commas between them, and a time budget has a unit."""
    modes = {part.id: part.inputMode for part in of_kind(run_form(RunOptions()), "Input")}
    assert {control for control, mode in modes.items() if mode == "numeric"} == {
        *(ids.FORM_PROCESSES, ids.FORM_SEQUENCE_LENGTH, ids.FORM_THREADS, ids.FORM_NEW_TOKENS, ids.FORM_WORKERS),
    }


def test_only_a_form_that_no_address_filled_in_remembers_what_was_typed() -> None:
    def controls(*, is_addressed: bool) -> dict[str, bool]:
        form = run_form(RunOptions(), is_addressed=is_addressed)
        found = [part for kind in ("Dropdown", "Input", "Checklist") for part in of_kind(form, kind)]
        return {part.id: bool(getattr(part, "persistence", False)) for part in found}

    assert len(controls(is_addressed=False)) > 10
    assert all(controls(is_addressed=False).values())
    assert not any(controls(is_addressed=True).values())


def test_a_name_that_no_menu_has_stays_chosen() -> None:
    options = with_named([{"value": "bert", "label": "bert"}], ["bert", "bertt"])
    assert [option["value"] for option in options] == ["bert", "bertt"]
    menus = of_kind(run_form(RunOptions(workloads=["zzz"], size="zzz")), "Dropdown")
    assert sum("zzz" in [option["value"] for option in menu.options] for menu in menus) == 2


def test_an_unavailable_backend_is_listed_disabled_with_its_reason() -> None:
    options = backend_options([a_backend_status("cuda", available=False), a_backend_status("cpu")])
    assert [option["value"] for option in options] == ["cpu", "cuda"]
    assert options[1]["disabled"] is True
    assert "No cuda device was found." in text_of(options[1]["label"])


def test_a_precision_that_no_chosen_backend_does_is_disabled() -> None:
    options = precision_options([a_backend_status("cpu")], ["cpu"])
    assert [option["value"] for option in options if option.get("disabled")] == ["fp16", "int8", "int4", "int2"]


def test_only_runnable_models_can_be_chosen() -> None:
    models = [a_model("gpt2"), a_model("bert"), a_model("ernie", status=Status.FAILS)]
    offered = [option["value"] for option in model_options(models)]
    assert [name for name in offered if name in ("gpt2", "bert", "ernie")] == ["gpt2", "bert"]


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


def test_preview_says_that_pairs_are_not_left_out_for_what_was_measured_before() -> None:
    plan = a_plan(a_case("bert"))
    assert "Pairs are always measured anew" in text_of(plan_preview(plan, past_results=3, measures_pairs_anew=True))
    assert "anew" not in text_of(plan_preview(plan, past_results=3))


def test_preview_of_an_empty_plan_says_how_to_measure_again() -> None:
    plan = Plan(planned=(), skipped=(a_skipped_case(kind=FailureKind.ALREADY_MEASURED),))
    assert start_label(plan, waiting=False) == "Nothing to start"
    assert "Untick" in text_of(plan_preview(plan, past_results=3))


def test_preview_of_a_plan_in_which_nothing_can_run_says_what_is_in_the_way() -> None:
    skipped = a_skipped_case(kind=FailureKind.NOT_AVAILABLE, reason="cpu does not run int8 here; it runs fp32.")
    said = text_of(plan_preview(Plan(planned=(), skipped=(skipped,)), past_results=3))
    assert "Nothing can run as the form stands. cpu does not run int8 here; it runs fp32." in said
    assert "Untick" not in said


def test_preview_says_what_the_budget_reaches() -> None:
    plan = a_plan(a_case("bert"), a_case("vit"), repetitions=2)
    planned = tuple(replace(item, in_budget=index == 0) for index, item in enumerate(plan.planned))
    said = text_of(plan_preview(replace(plan, planned=planned), past_results=9))
    assert "The budget reaches 1 of 2 cases, 1 of 4 processes; the rest runs only if time is left." in said
    assert "1 of 2 processes in the budget" in said
    assert "budget" not in text_of(plan_preview(plan, past_results=9))


def test_preview_shows_the_memory_a_case_should_take_and_calls_a_guess_a_guess() -> None:
    plan = a_plan(a_case("bert"))
    planned = (replace(plan.planned[0], estimated_bytes=512 * 2**20),)
    said = text_of(plan_preview(replace(plan, planned=planned, is_guess=True), past_results=9))
    assert "1 process, about 512 MiB" in said
    assert "a rough guess" in said


def test_preview_names_a_device_whose_memory_was_not_checked() -> None:
    said = text_of(plan_preview(replace(a_plan(), unchecked=("cuda",)), past_results=9))
    assert "How much memory is free on cuda is not known" in said


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
