"""Why? What Comparison tells of one cell, and how it is measured again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest

from app import ids
from app.tabs.comparison import (
    layout,
)
from app.tabs.live_runs import options_from_query
from engine.domain.case import Precision
from engine.domain.run import usual_processes
from engine.reports.command import benchmark_command
from engine.storage import calibrations
from tests.app.measured import measured, store
from tests.app.stand_in import StandInWorkbench
from tests.app.tabs.comparison_screen import details, title
from tests.app.tabs.component_tree import of_class, of_kind, text_of, with_id
from tests.builders import a_case
from tests.calibration_builders import a_calibration

BF16 = Precision.BF16
ENCODERS = "text encoder"


def test_the_cell_of_a_family_lists_its_models_and_leads_to_each(two_ways: StandInWorkbench) -> None:
    store(two_ways, measured(a_case("roberta"), 0.05), measured(a_case("roberta", precision=BF16), 0.04))
    card = details({"place": [ENCODERS, "cpu bf16"]})
    assert [text_of(row).partition(" resolves ±3.")[0] for row in of_kind(of_kind(card, "Tbody"), "Tr")] == [
        "bert40.00 ms20.00 ms2.00x faster (−50\N{THIN SPACE}%)",
        "roberta50.00 ms40.00 ms1.25x faster (−20\N{THIN SPACE}%)",
    ]
    assert len(of_class(card, "resolution-badge")) == 2
    assert of_kind(of_class(card, "family-members"), "Table"), "a frame that scrolls sideways where it is narrow"
    models = {text_of(link): link.href for link in of_kind(card, "Link")}
    state = layout(models["roberta"].partition("?")[2])
    opened = with_id(state, ids.COMPARISON_CASE).data
    assert title(details(opened)) == "Why “1.25x faster (−20\N{THIN SPACE}%)”?"


def test_a_clicked_cell_that_the_new_rows_do_not_have_is_not_explained(two_ways: StandInWorkbench) -> None:
    stale = {"place": [ENCODERS, "cpu bf16"]}
    assert title(details(stale, rows="model")).startswith("Why “4.00x faster")
    assert title(details(stale, model="gpt2")).startswith("Why “4.00x faster")


def test_a_cell_that_nobody_tried_says_so(two_ways: StandInWorkbench) -> None:
    store(two_ways, measured(a_case("t5"), 0.06))
    card = details({"place": ["text to text", "cpu bf16"]})
    assert "No text to text was tried on cpu bf16." in text_of(card)


def test_details_repeat_the_case_exactly(two_ways: StandInWorkbench) -> None:
    case = a_case("bert", precision=BF16)
    card = details({"case": case.case_id})
    assert text_of(of_class(card, "code")) == (
        "modeldyno benchmark --model bert --hardware cpu --precision bf16 --batch-sizes 1 --type inference "
        "--size default --sequence-length 128 --processes 5 --no-progressive-mode"
    )
    again = "/live-runs?models=bert&backends=cpu&precisions=bf16&workloads=inference&switches=&batch_sizes=1"
    repeating = [link.href for link in of_kind(card, "Link") if text_of(link) == "Measure again"]
    assert repeating == [f"{again}&size=default&sequence_length=128&processes=5"]
    assert "5 against 5 processes" in text_of(card)


def test_the_usual_number_of_processes_is_left_to_the_form(two_ways: StandInWorkbench) -> None:
    case = a_case("roberta")
    store(two_ways, measured(case, 0.05, how_many=usual_processes(None)))
    card = details({"case": case.case_id})
    (again,) = [link.href for link in of_kind(card, "Link") if text_of(link) == "Measure again"]
    assert "processes=" not in again


def test_details_tell_what_the_newest_process_says_of_itself(two_ways: StandInWorkbench) -> None:
    case = a_case("bert", precision=BF16)
    newest, *_ = measured(case, 0.02, how_many=1)
    later = newest.started_at + timedelta(days=1)
    told = ("1 thread, 3 warm-up iterations.", "Outputs differ from eager fp32 by 1\N{THIN SPACE}%.")
    store(two_ways, [replace(newest, result_id="newest", run_id="later", started_at=later, notes=told)])
    (notes,) = of_class(details({"case": case.case_id}), "case-notes")
    assert text_of(of_kind(notes, "H3")) == "What was measured, and how"
    assert tuple(text_of(line) for line in of_kind(notes, "Li")) == told


def test_details_of_trained_weights_tell_where_their_inputs_are_from(two_ways: StandInWorkbench) -> None:
    """A checkpoint is called by its own name, which storage does not find it by."""
    case = a_case("bert", size="checkpoint", checkpoint="owner/name", checkpoint_digest="0" * 64)
    told = ("Inputs input_ids from the checkpoint's own processor.",)
    store(two_ways, [replace(result, notes=told) for result in measured(case, 0.02)])
    (notes,) = of_class(details({"case": case.case_id}), "case-notes")
    assert tuple(text_of(line) for line in of_kind(notes, "Li")) == told


def test_a_case_without_notes_has_no_place_for_them(two_ways: StandInWorkbench) -> None:
    silent = [replace(result, notes=()) for result in measured(a_case("roberta"), 0.05)]
    store(two_ways, silent)
    assert of_class(details({"case": a_case("roberta").case_id}), "case-notes") == []


@pytest.mark.parametrize(
    "how",
    [{"threads": 2, "cold": True}, {"compiled": True}, {"attention": "eager"}, {"sequence_length": 64}],
)
def test_the_start_form_measures_a_case_again_just_as_it_was(two_ways: StandInWorkbench, how: dict[str, Any]) -> None:
    case = a_case("roberta", **how)
    store(two_ways, measured(case, 0.05))
    card = details({"case": case.case_id})
    (link,) = [link.href for link in of_kind(card, "Link") if text_of(link) == "Measure again"]
    options = options_from_query(dict(parse_qsl(link.partition("?")[2], keep_blank_values=True)))
    asked = options.request()
    assert not asked.incremental, "or it would be left out as measured already"
    assert text_of(of_class(card, "code")) == benchmark_command(asked)
    assert {name: getattr(asked, name) for name in how} == how


def test_a_verdict_says_what_it_could_have_resolved(two_ways: StandInWorkbench) -> None:
    store(two_ways, measured(a_case("vit"), 0.05, how_many=3), measured(a_case("vit", precision=BF16), 0.04))
    few = {"case": a_case("vit", precision=BF16).case_id}
    (badge,) = of_class(details(few, family="vision"), "resolution-badge")
    assert (text_of(badge), badge.href) == ("not calibrated", "/trust")
    two_ways.database.write(lambda cursor: calibrations.save(cursor, a_calibration()))
    (badge,) = of_class(details(few, family="vision"), "resolution-badge")
    assert text_of(badge).startswith("5 processes would resolve ±")
    enough = {"case": a_case("bert", precision=BF16).case_id}
    (badge,) = of_class(details(enough), "resolution-badge")
    assert text_of(badge).startswith("resolves ±") and "own processes" in badge.title


def test_the_noise_of_this_machine_says_nothing_of_another_one(bench: StandInWorkbench) -> None:
    ways = a_case("vit"), a_case("vit", precision=BF16)
    store(bench, *(measured(case, 0.05, how_many=3, environment_id="other") for case in ways))
    bench.database.write(lambda cursor: calibrations.save(cursor, a_calibration()))
    few, where = {"case": ways[1].case_id}, {"family": "vision", "machine": "other"}
    (badge,) = of_class(details(few, **where), "resolution-badge")
    assert text_of(badge) == "not calibrated" and "the machine of these figures" in badge.title
    theirs = a_calibration(days=1, environment_id="other")
    bench.database.write(lambda cursor: calibrations.save(cursor, theirs))
    (badge,) = of_class(details(few, **where), "resolution-badge")
    assert text_of(badge).startswith("5 processes would resolve ±")


def test_among_many_comparisons_five_processes_resolve_nothing(bench: StandInWorkbench) -> None:
    models = ("bert", "gpt2", "vit", "t5", "clip", "distilbert", "roberta")
    cases = [a_case(model, precision=precision) for model in models for precision in (Precision.FP32, BF16)]
    store(bench, *(measured(case, 0.04) for case in cases))
    (badge,) = of_class(details({"case": cases[1].case_id}), "resolution-badge")
    assert text_of(badge).startswith("6 processes would resolve ±") and text_of(badge).endswith(" among 7")
    assert "is-unknown" in badge.className
