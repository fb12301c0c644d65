"""A run in pairs on the Live Runs page: chosen in the form, counted while it runs, judged when it has ended."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app import ids
from app.run_options import RunOptions
from app.tabs.live_runs import fill_against, layout, options_from_query, preview_plan
from app.views.against_choice import against_options
from app.views.run_card import run_body
from app.views.run_form import run_form
from app.views.run_words import request_words
from engine.analysis.paired import paired_cases
from engine.domain.against import PAIRS, Against
from engine.domain.case import Precision
from engine.domain.run import Protocol, RunStatus
from engine.errors import UnknownName
from tests.app.stand_in import StandInWorkbench
from tests.app.tabs.component_tree import of_class, text_of, with_id
from tests.app.tabs.form_values import form_values
from tests.builders import (
    A_TIME,
    a_backend_status,
    a_case,
    a_case_progress,
    a_progress,
    a_request,
    a_result,
    a_run,
)

BF16 = Against(precision=Precision.BF16)
BASE, NEW = a_case(), BF16.applied_to(a_case())
NOW = A_TIME + timedelta(minutes=5)


def progress(status: RunStatus, *states: str):
    """Pair by pair, in turns."""
    cases = tuple(
        a_case_progress(index, state, (BASE, NEW)[index % 2], repetition=index // 2)
        for index, state in enumerate(states)
    )
    return a_progress(run=a_run(status, request=a_request(against=BF16)), cases=cases)


def test_the_form_makes_a_run_in_pairs() -> None:
    request = RunOptions(models=["bert"], against="precision=bf16").request()
    assert (request.against, request.protocol.processes) == (BF16, PAIRS)
    assert RunOptions(models=["bert"], against="precision=bf16", processes=6).request().protocol.processes == 6
    assert RunOptions(models=["bert"]).request().protocol.processes == Protocol().processes
    with pytest.raises(UnknownName):
        RunOptions(models=["bert"], against="precision=bf17").request()


def test_the_form_says_how_many_pairs_an_empty_field_stands_for() -> None:
    hint = with_id(run_form(RunOptions()), ids.FORM_PROCESSES).placeholder
    assert hint == f"{Protocol().processes}, or {PAIRS} pairs"


def test_the_plan_says_that_pairs_are_measured_anew(bench: StandInWorkbench) -> None:
    assert "measured anew" in text_of(_planned("precision=bf16", ["incremental"]))
    assert "measured anew" not in text_of(_planned("precision=bf16", []))
    assert "measured anew" not in text_of(_planned(None, ["incremental"]))


def _planned(against: str | None, switches: list[str]) -> Any:
    """The preview of one small case."""
    chosen = form_values(batch_sizes="1", size="tiny", switches=switches, processes="6", against=against)
    return preview_plan(*chosen, None)[0]


def test_what_can_run_here_and_differs_is_offered() -> None:
    statuses = [a_backend_status("cpu"), a_backend_status("openvino"), a_backend_status("cuda", available=False)]
    offered = [option["value"] for option in against_options(statuses, ["cpu"], ["fp32"])]
    assert offered[:2] == ["precision=bf16", "hardware=openvino"]
    assert "threads=1" in offered and "compile=yes" in offered
    assert not {"precision=fp32", "hardware=cpu", "hardware=cuda"} & set(offered)


def test_an_address_chooses_the_second_configuration(bench: StandInWorkbench) -> None:
    options = options_from_query({"models": "bert", "against": "precision=bf16"})
    assert with_id(run_form(options), ids.FORM_AGAINST).value == "precision=bf16"
    assert with_id(layout("?against=precision%3Dbf16"), ids.FORM_AGAINST).value == "precision=bf16"
    values = [option["value"] for option in fill_against(["cpu"], ["fp32"], "sequence-length=64")]
    assert values[0] == "precision=bf16" and values[-1] == "sequence-length=64"


def test_while_it_runs_pairs_are_counted_and_nothing_is_judged() -> None:
    body = run_body(progress(RunStatus.RUNNING, "completed", "completed", "completed", "running"), NOW)
    said = text_of(of_class(body, "run-pairs"))
    assert "bert on cpu fp32, batch 1: bf16 against fp32, 1 of 2 pairs" in said
    assert "The verdicts come with the last pair" in said


def test_at_the_end_each_case_has_its_sentence() -> None:
    rows = [
        a_result(case, latency=latency * (1 + repetition / 1000), repetition=repetition)
        for repetition in range(8)
        for case, latency in ((BASE, 0.04), (NEW, 0.02))
    ]
    ended = progress(RunStatus.COMPLETED, "completed", "completed")
    body = run_body(ended, NOW, verdicts=paired_cases(BF16, rows))
    (line,) = of_class(body, "pair-line")
    assert text_of(line).startswith("bert on cpu fp32, batch 1: bf16 is 2.00x faster than fp32 (")
    assert "8 pairs: better" in text_of(line)
    assert text_of(of_class(line, "resolution-badge")) == "resolves ±3\N{THIN SPACE}% among 3"
    assert of_class(line, "verdict-better")
    assert "no verdict" in text_of(of_class(run_body(ended, NOW), "run-pairs"))


def test_pairs_on_several_backends_and_precisions_are_told_apart() -> None:
    alone = Against(threads=1)
    bases = [
        a_case(backend=backend, precision=precision)
        for backend in ("cpu", "onnxruntime")
        for precision in (Precision.FP32, Precision.INT8)
    ]
    both = [case for base in bases for case in (base, alone.applied_to(base))]
    cases = tuple(a_case_progress(index, "running", case) for index, case in enumerate(both))
    running = a_progress(run=a_run(RunStatus.RUNNING, request=a_request(against=alone)), cases=cases)
    lines = [text_of(line) for line in of_class(run_body(running, NOW), "pair-line")]
    assert len(set(lines)) == len(bases)
    rows = [a_result(case, repetition=repetition) for repetition in range(2) for case in both]
    ended = a_progress(run=a_run(RunStatus.COMPLETED, request=a_request(against=alone)), cases=cases)
    told = of_class(run_body(ended, NOW, verdicts=paired_cases(alone, rows)), "pair-line")
    assert len({text_of(line) for line in told}) == len(bases)


def test_a_run_of_one_configuration_has_no_pairs() -> None:
    assert of_class(run_body(a_progress(), NOW), "run-pairs") == []


def test_the_words_of_a_run_name_its_pairs() -> None:
    request = a_request(against=BF16, protocol=Protocol(processes=10))
    assert request_words(request).endswith("in pairs against precision=bf16 · 10 pairs")
