from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from dash import no_update
from dash.exceptions import PreventUpdate

from app import ids
from app.run_options import RunOptions
from app.tabs import live_runs
from app.tabs.live_runs import (
    fill_backends,
    fill_models,
    finished_card,
    layout,
    options_from_query,
    preview_plan,
    report_run,
    resume_run,
    show_finished,
    start_run,
)
from app.tabs.run_watch import ask_to_cancel, cancel_run, show_queue, show_run
from engine.domain.run import Run, RunStatus
from engine.formatting import format_time
from engine.storage import results, runs
from tests.app.stand_in import StandInWorkbench
from tests.app.tabs.component_tree import of_class, of_kind, text_of, with_id
from tests.app.tabs.form_values import form_values
from tests.builders import a_case, a_failed_result, a_plan, a_request, a_result

FORM = form_values()
Trigger = Callable[..., None]


def a_finished_run(bench: StandInWorkbench, status: RunStatus = RunStatus.COMPLETED) -> Run:
    """One case measured three times, one failed."""

    def keep(cursor: object) -> Run:
        run = runs.create(cursor, a_request(), bench.environment.environment_id)  # type: ignore[arg-type]
        rows = [a_result(run_id=run.run_id, repetition=index, result_id=f"{run.run_id}-{index}") for index in range(3)]
        rows.append(a_failed_result(a_case("gpt2"), run_id=run.run_id, result_id=f"{run.run_id}-f"))
        for row in rows:
            results.save(cursor, row)  # type: ignore[arg-type]
        runs.save_plan(cursor, run.run_id, a_plan(a_case(), a_case("gpt2"), repetitions=3))  # type: ignore[arg-type]
        runs.set_status(cursor, run.run_id, RunStatus.RUNNING, at=datetime.now(UTC))  # type: ignore[arg-type]
        runs.set_status(cursor, run.run_id, status, at=datetime.now(UTC))  # type: ignore[arg-type]
        return runs.get(cursor, run.run_id)  # type: ignore[arg-type]

    return bench.database.write(keep)


def show(shown: str | None = None, rows: str = "around", seen: dict[str, object] | None = None) -> tuple[object, ...]:
    return show_run(None, None, shown, rows, seen)


def test_layout_fills_the_form_from_the_address() -> None:
    page = layout("?run=3&models=bert,gpt2&batch_sizes=4,8&size=tiny&nonsense=1")
    assert with_id(page, ids.RUN_SHOWN).data == "3"
    assert with_id(page, ids.FORM_MODELS).value == ["bert", "gpt2"]
    assert with_id(page, ids.FORM_BATCH_SIZES).value == "4,8"
    assert with_id(page, ids.FORM_SIZE).value == "tiny"


def test_an_address_that_names_nothing_leaves_the_defaults() -> None:
    assert options_from_query({"nonsense": "1"}) == RunOptions()


def test_the_form_lists_models_tiers_and_backends_of_this_machine() -> None:
    models, tiers = fill_models(ids.FORM_MODELS, [], "critical")
    assert {option["value"] for option in models if option["label"] == option["value"]} == {"bert", "gpt2"}
    assert tiers[0]["label"] == "critical, 2 models"
    backends, precisions = fill_backends(["cpu"], ["fp32"])
    assert [option["value"] for option in backends] == ["cpu", "cuda"]
    assert [option["value"] for option in precisions if not option.get("disabled")] == ["fp32", "bf16"]


def test_checkpoints_stand_below_their_type_with_their_published_parameters() -> None:
    models, _ = fill_models(ids.FORM_MODELS, [], "critical")
    values = [option["value"] for option in models]
    large = models[values.index("bert-large-uncased")]
    assert large["label"] == "bert-large-uncased (BERT, 336 M)"
    assert large["title"] == "google-bert/bert-large-uncased: 336,226,108 parameters as published"
    assert values.index("gpt2") < values.index("gpt2-xl") < values.index("bert") < values.index("bert-large-uncased")
    assert "whisper-large-v3" not in values, "a checkpoint of a type that does not run here"


def test_a_form_that_cannot_run_says_why_and_cannot_be_started() -> None:
    form = form_values(batch_sizes="1, x")
    preview, _, disabled, command = preview_plan(*form, [])
    assert "Batch size 'x'" in text_of(preview)
    assert disabled is True
    assert command.disabled is True


def test_a_name_that_no_menu_has_is_kept_and_refused_instead_of_dropped() -> None:
    models, tiers = fill_models(ids.FORM_MODELS, ["bertt"], "zzz")
    backends, precisions = fill_backends(["cpv"], ["fp33"])
    for options, name in ((models, "bertt"), (tiers, "zzz"), (backends, "cpv"), (precisions, "fp33")):
        assert name in [option["value"] for option in options]
    form = form_values(models=["bertt"])
    preview, _, disabled, _ = preview_plan(*form, [])
    assert "Unknown model type 'bertt'. Did you mean bert?" in text_of(preview)
    assert disabled is True


def test_an_address_with_an_unknown_workload_is_answered_with_a_sentence() -> None:
    form = form_values(workloads=["zzz"])
    assert "Unknown workload 'zzz'" in text_of(preview_plan(*form, [])[0])


def test_a_form_that_asks_for_too_much_is_refused_before_anything_is_planned() -> None:
    form = form_values(processes="999999999")
    preview, _, disabled, _ = preview_plan(*form, [])
    assert "Processes per case '999999999' is more than 1000" in text_of(preview)
    assert disabled is True


def test_only_an_address_without_form_fields_recalls_what_was_typed() -> None:
    def is_kept(search: str) -> bool:
        return getattr(with_id(layout(search), ids.FORM_BATCH_SIZES), "persistence", False)

    assert is_kept("") is True
    assert is_kept("?run=3") is True
    assert is_kept("?models=bert") is False
    assert is_kept("?switches=") is False


def test_the_switch_of_growing_batches_says_what_it_does() -> None:
    """Cheap cases come first with and without it."""
    growing = with_id(layout(""), ids.FORM_SWITCHES).options[0]
    assert (growing["value"], growing["label"]) == ("progressive", "Stop growing a batch when it no longer pays")
    assert "throughput stops growing" in growing["title"]


def test_an_address_can_tick_nothing_and_name_processes_and_threads() -> None:
    page = layout("?switches=&processes=5&threads=2")
    assert with_id(page, ids.FORM_SWITCHES).value == []
    assert (with_id(page, ids.FORM_PROCESSES).value, with_id(page, ids.FORM_THREADS).value) == ("5", "2")


def test_starting_submits_the_form_and_follows_the_new_run(bench: StandInWorkbench) -> None:
    message, shown, search, active = start_run(1, *FORM)
    run = bench.supervisor.progress(active[0]).run
    assert (message, shown, search) == (None, None, "")
    assert (run.request.models, run.request.batch_sizes) == (("bert",), (1, 8))


def test_a_refused_start_says_why_beside_the_button(bench: StandInWorkbench) -> None:
    form = form_values(models=["brt"])
    message, shown, *_ = start_run(1, *form)
    assert "Unknown model type 'brt'" in text_of(message)
    assert shown is no_update
    assert bench.supervisor.active() == []


def test_a_button_that_was_never_pressed_starts_nothing(bench: StandInWorkbench) -> None:
    with pytest.raises(PreventUpdate):
        start_run(0, *FORM)


def test_without_runs_the_card_is_empty_and_then_left_alone() -> None:
    *_, body, _failures, state, _message = show()
    assert "No run yet" in text_of(body)
    with pytest.raises(PreventUpdate):
        show(seen=state)  # type: ignore[arg-type]


def test_the_card_follows_the_run_under_way(bench: StandInWorkbench) -> None:
    a_finished_run(bench)
    _, _, _, (run_id,) = start_run(1, *FORM)
    bench.supervisor.live[run_id].set_status(RunStatus.RUNNING)
    _, title, _, tools, _, _, state, _ = show()
    assert "Run 2" in text_of(title)
    assert with_id(tools, ids.CANCEL_BUTTON)
    assert state["run_id"] == run_id  # type: ignore[index]


def test_tools_and_failures_are_left_alone_while_nothing_about_them_changes(bench: StandInWorkbench) -> None:
    start_run(1, *FORM)
    *_, state, _ = show()
    mark, _, _, tools, body, failures, _, message = show(seen=state)  # type: ignore[arg-type]
    assert mark is no_update
    assert tools is no_update
    assert failures is no_update
    assert message is no_update
    assert body is not no_update


def test_a_finished_run_is_drawn_once_with_times_that_stay_true(bench: StandInWorkbench) -> None:
    run = a_finished_run(bench)
    mark, title, subtitle, tools, body, failures, state, _ = show()
    assert text_of(title).startswith("Run 1: 1 of 2 cases measured in ")
    assert text_of(title).endswith(", 1 failed")
    assert "status-failed" in mark.className
    assert f"started {format_time(run.started_at)}" in text_of(subtitle)
    assert f"ended {format_time(run.finished_at)}" in text_of(body)
    assert "Report" in text_of(tools)
    assert "gpt2 cpu fp32 batch 1 failed" in text_of(failures)
    with pytest.raises(PreventUpdate):
        show(seen=state)  # type: ignore[arg-type]
    json.dumps(state)


def test_an_error_of_one_run_does_not_stay_in_the_card_of_the_next(bench: StandInWorkbench) -> None:
    a_finished_run(bench)
    *_, state, _ = show()
    start_run(1, *FORM)
    assert show(seen=state)[-1] is None  # type: ignore[arg-type]


def test_a_run_that_does_not_exist_is_an_error_in_place() -> None:
    _, title, _, _, body, *_ = show("99")
    assert title == "No such run"
    assert "No run '99'" in text_of(body)


def test_the_address_wins_over_what_runs(bench: StandInWorkbench) -> None:
    finished = a_finished_run(bench)
    start_run(1, *FORM)
    assert "Run 1" in text_of(show(str(finished.number))[1])


def test_cancelling_asks_first_and_hits_the_run_it_asked_about(bench: StandInWorkbench, triggered: Trigger) -> None:
    _, _, _, (run_id,) = start_run(1, *FORM)
    triggered(f"{ids.CANCEL_BUTTON}.n_clicks")
    is_open, text, target = ask_to_cancel(1, None, None, {"run_id": run_id, "number": 1})
    assert is_open is True
    assert "Every finished result is kept" in text
    assert cancel_run(1, target) is None
    assert bench.supervisor.progress(run_id).run.status is RunStatus.CANCELLING


def test_keeping_a_run_closes_the_dialog(triggered: Trigger) -> None:
    triggered(f"{ids.CANCEL_KEEP}.n_clicks")
    assert ask_to_cancel(1, 1, None, {"run_id": "x", "number": 1})[0] is False


def test_cancelling_what_has_ended_says_so(bench: StandInWorkbench) -> None:
    assert "nothing to cancel" in text_of(cancel_run(1, a_finished_run(bench).run_id))


def test_a_stopped_run_is_resumed_under_its_number(bench: StandInWorkbench, triggered: Trigger) -> None:
    run = a_finished_run(bench, RunStatus.CANCELLED)
    assert "Resume the 2 results" in text_of(finished_card())
    triggered(json.dumps({"run": run.run_id, "type": ids.RESUME_BUTTON}, separators=(",", ":")) + ".n_clicks")
    _, _, _, active = resume_run([1])
    assert active == [run.run_id]


def test_waiting_runs_are_listed_and_the_first_is_not_among_them(bench: StandInWorkbench, triggered: Trigger) -> None:
    triggered(f"{ids.ACTIVE_RUNS}.data")
    assert show_queue(None, None, None)[0] is None
    start_run(1, *FORM)
    assert show_queue(None, None, None)[0] is None
    start_run(1, *FORM)
    assert "1 run waits" in text_of(show_queue(None, None, [])[0])
    assert "run 2" in text_of(of_class(show_queue(None, None, [])[0], "run-queue"))


def test_a_queue_that_stays_the_same_is_left_alone() -> None:
    start_run(1, *FORM)
    start_run(1, *FORM)
    _, seen = show_queue(None, 7, None)
    with pytest.raises(PreventUpdate):
        show_queue(None, 8, seen)


def test_finished_runs_are_not_redrawn_at_each_step(bench: StandInWorkbench, triggered: Trigger) -> None:
    triggered(f"{ids.RUN_SEEN}.data")
    with pytest.raises(PreventUpdate):
        show_finished(None, {"status": "running"})
    a_finished_run(bench)
    assert len(of_kind(of_kind(show_finished(None, {"status": "completed"}), "Tbody"), "Tr")) == 1


def test_a_report_is_made_from_the_list(bench: StandInWorkbench, triggered: Trigger) -> None:
    run = a_finished_run(bench)
    triggered(json.dumps({"run": run.run_id, "type": ids.REPORT_BUTTON}, separators=(",", ":")) + ".n_clicks")
    ready = report_run([1])
    assert "The report is ready" in text_of(ready)
    assert of_kind(ready, "A")[0].href.startswith("/api/benchmark/reports/")


def test_every_state_of_the_form_has_its_value_in_the_request() -> None:
    assert len(live_runs._FORM) == len(FORM)
