from __future__ import annotations

import pytest

from engine.analysis.coverage import count, cover, ways_of
from engine.conformance.outcomes import none_tried
from engine.domain.case import Precision
from engine.domain.conformance import Check, Verdict
from engine.domain.coverage import CoverageEntry, CoverageFilter, Obstacle
from engine.domain.model import Family, Status
from engine.reports.coverage_words import answer_sentence, overall_sentence, summary_line
from tests.builders import a_model
from tests.conformance_builders import a_conformance, an_outcome

NOTHING_APPLIES = tuple(an_outcome(check, Verdict.NOT_APPLICABLE, reason="A part of clip.") for check in Check)


@pytest.fixture
def entries() -> list[CoverageEntry]:
    """Of each end one type, on cpu fp32."""
    examined = [
        a_conformance("bert"),
        a_conformance("roberta", {Check.BATCH: Verdict.FAILS}),
        a_conformance("gpt2", {Check.FORWARD: Verdict.FAILS}),
        a_conformance("clip", {Check.FORWARD: Verdict.PARTIAL}),
        a_conformance("vit", {Check.IMPORT: Verdict.UNAVAILABLE}),
        a_conformance("part", outcomes=NOTHING_APPLIES),
        a_conformance("flux", outcomes=(), library="diffusers"),
        a_conformance("idle", outcomes=(an_outcome(Check.IMPORT, Verdict.UNAVAILABLE, reason="It has no class."),)),
    ]
    names = ("t5", "vit", "bert", "gpt2", "clip", "roberta", "part")
    return cover([a_model(name) for name in names], examined)


def of(entries: list[CoverageEntry], name: str) -> CoverageEntry:
    return next(entry for entry in entries if entry.model_type == name)


def test_every_type_of_the_catalogue_and_every_examined_one_is_covered_by_family_and_name(entries):
    assert [entry.model_type for entry in entries] == [
        "bert",
        "roberta",
        "gpt2",
        "t5",
        "vit",
        "clip",
        "flux",
        "idle",
        "part",
    ]
    assert of(entries, "flux").family is Family.DIFFUSION
    assert of(entries, "part").family is Family.OTHER


def test_each_way_that_was_tried_has_an_entry_for_every_type():
    examined = [a_conformance("bert"), a_conformance("gpt2"), a_conformance("bert", precision=Precision.BF16)]
    assert ways_of(examined) == [("cpu", Precision.FP32), ("cpu", Precision.BF16)]
    found = cover([a_model("bert"), a_model("gpt2"), a_model("t5")], examined)
    assert [(e.model_type, e.precision.value, e.verdict.value) for e in found] == [
        ("bert", "fp32", "works"),
        ("bert", "bf16", "works"),
        ("gpt2", "fp32", "works"),
        ("gpt2", "bf16", "not_tried"),
        ("t5", "fp32", "not_tried"),
        ("t5", "bf16", "not_tried"),
    ]


def test_the_verdicts_of_a_type_and_of_its_forward_pass(entries):
    assert {entry.model_type: (entry.verdict.value, entry.forward.value) for entry in entries} == {
        "bert": ("works", "works"),
        "roberta": ("fails", "works"),
        "gpt2": ("fails", "fails"),
        "t5": ("not_tried", "not_tried"),
        "vit": ("unavailable", "unavailable"),
        "clip": ("partial", "partial"),
        "flux": ("not_tried", "not_tried"),
        "idle": ("unavailable", "unavailable"),
        "part": ("not_applicable", "not_applicable"),
    }


def test_the_first_reason_is_that_of_the_verdict(entries):
    assert of(entries, "bert").first_reason is None
    assert of(entries, "t5").first_reason == "Never examined."
    assert of(entries, "part").first_reason == "A part of clip."
    assert of(entries, "vit").first_reason == "The package timm is not installed; pip install timm."


def test_types_are_counted_once(entries):
    counts = count(entries)
    assert counts.total == 9
    assert sum(counts.overall.values()) == sum(counts.forward.values()) == 9
    assert sum(counts.obstacles.values()) == sum(counts.overall_obstacles.values()) == 5
    assert counts.checks[Check.BATCH][Verdict.FAILS] == 1


def test_the_answer_adds_up(entries):
    assert answer_sentence(count(entries), "cpu", Precision.FP32) == (
        "2 of 9 model types run forward with all their modalities on cpu fp32; 1 runs without one of them, 1 fails, "
        "1 needs a package, 1 cannot be tried here, 1 has nothing to run alone, 1 was not examined to the end, "
        "1 was never examined."
    )
    assert overall_sentence(count(entries)) == (
        "1 passes every check that applies; 2 fail at least one: forward 1 and batch 1."
    )
    assert summary_line(count(entries), "cpu", Precision.FP32) == (
        "cpu fp32: 1 of 9 model types work fully, 1 works partially, 2 fail a check, 1 needs a package, "
        "1 cannot be tried here, 1 has nothing to run alone, 1 was not examined to the end, 1 was never examined."
    )


@pytest.mark.parametrize(
    ("status", "verdict", "obstacle"),
    [
        (Status.PART, Verdict.NOT_APPLICABLE, Obstacle.PART),
        (Status.NO_MODEL_CLASS, Verdict.NOT_APPLICABLE, Obstacle.NO_MODEL_CLASS),
        (Status.NEEDS_PACKAGE, Verdict.UNAVAILABLE, Obstacle.NEEDS_PACKAGE),
        (Status.FAILS, Verdict.NOT_TRIED, Obstacle.NEVER_EXAMINED),
        (Status.RUNNABLE, Verdict.NOT_TRIED, Obstacle.NEVER_EXAMINED),
    ],
)
def test_the_catalogue_says_why_a_type_was_not_examined(status, verdict, obstacle):
    model = a_model("odd", status=status, status_reason="It is odd.")
    (_, odd) = cover([model, a_model("bert")], [a_conformance("bert")])
    assert (odd.verdict, odd.obstacle, odd.first_reason) == (verdict, obstacle, "It is odd.")


def test_an_examination_knows_better_than_the_catalogue():
    refused = an_outcome(Check.IMPORT, Verdict.UNAVAILABLE, reason="It runs inside clip.")
    model = a_model("odd", status=Status.PART, status_reason="It is odd.")
    (runs,) = cover([model], [a_conformance("odd")])
    assert (runs.verdict, runs.obstacle) == (Verdict.WORKS, None)
    (found,) = cover([model], [a_conformance("odd", outcomes=(refused,))])
    assert (found.verdict, found.obstacle, found.first_reason) == (
        Verdict.UNAVAILABLE,
        Obstacle.PART,
        "It runs inside clip.",
    )


@pytest.mark.parametrize("status", [Status.PART, Status.NO_MODEL_CLASS, Status.NEEDS_PACKAGE])
@pytest.mark.parametrize("verdict", [Verdict.UNAVAILABLE, Verdict.NOT_APPLICABLE])
def test_examining_a_type_without_a_module_changes_no_count(status: Status, verdict: Verdict):
    model = a_model("odd", status=status, status_reason="It is odd.")
    examined = a_conformance("odd", outcomes=none_tried("It is odd.", verdict), checksum=None)
    bert = a_conformance("bert")
    before, after = cover([model], [bert]), cover([model], [bert, examined])
    assert count(after) == count(before)
    assert (after[-1].verdict, after[-1].obstacle) == (before[-1].verdict, before[-1].obstacle)
    assert (after[-1].first_reason, after[-1].conformance) == ("It is odd.", examined)


def test_when_all_is_well_nothing_else_is_said():
    counts = count(cover([], [a_conformance("bert")]))
    assert answer_sentence(counts, "cpu", Precision.FP32) == (
        "1 of 1 model type runs forward with all its modalities on cpu fp32."
    )
    assert overall_sentence(counts) == "1 passes every check that applies; none fails one."


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (CoverageFilter(), ["bert", "roberta", "gpt2", "t5", "vit", "clip", "flux", "idle", "part"]),
        (CoverageFilter(verdicts=(Verdict.FAILS,)), ["roberta", "gpt2"]),
        (CoverageFilter(verdicts=(Verdict.FAILS,), check=Check.FORWARD), ["gpt2"]),
        (
            CoverageFilter(verdicts=(Verdict.NOT_TRIED,), check=Check.COST),
            ["roberta", "gpt2", "t5", "vit", "flux", "idle"],
        ),
        (CoverageFilter(families=(Family.TEXT_ENCODER,)), ["bert", "roberta"]),
        (CoverageFilter(model_types=("t5",)), ["t5"]),
        (CoverageFilter(text="TIMM"), ["vit"]),
        (CoverageFilter(text="text dec"), ["gpt2"]),
        (CoverageFilter(backends=("cuda",)), []),
        (CoverageFilter(precisions=(Precision.BF16,)), []),
    ],
)
def test_filters_leave_what_was_asked_for(entries, wanted, names):
    assert [entry.model_type for entry in entries if wanted.admits(entry)] == names
