from __future__ import annotations

import pytest

from app.search import MOST_OF_A_KIND, Place, find_places
from engine.domain.case import Case, Precision, Workload
from engine.domain.model import Status, Tier
from engine.domain.run import Run, RunStatus
from tests.builders import a_case, a_model, a_request, a_run

MODELS = [
    a_model("bert"),
    a_model("roberta"),
    a_model("distilbert"),
    a_model("gpt2"),
    a_model("ernie", status=Status.FAILS),
]


def found(text: str, *, runs: list[Run] | None = None, cases: list[Case] | None = None) -> list[Place]:
    return find_places(text, models=MODELS, runs=runs or [], cases=cases or [])


def labels(text: str, **known: list[Case]) -> list[str]:
    return [place.label for place in found(text, **known)]


@pytest.mark.parametrize("text", ["", "   ", "\t"])
def test_blank_text_finds_nothing(text: str) -> None:
    assert found(text) == []


def test_the_model_that_is_called_exactly_so_comes_first() -> None:
    assert labels("bert") == ["bert", "distilbert", "roberta"]


def test_upper_case_and_the_family_find_a_model_too() -> None:
    assert labels("GPT2") == ["gpt2"]
    assert labels("text decoder") == ["gpt2"]


def test_every_word_has_to_be_found() -> None:
    assert labels("bert decoder") == []


def test_a_measured_model_opens_the_overview_and_another_the_start_form() -> None:
    bert, gpt2 = found("bert", cases=[a_case("bert")])[0], found("gpt2")[0]
    assert (bert.detail, bert.href) == ("text encoder, measured", "/?model=bert")
    assert (gpt2.detail, gpt2.href) == ("text decoder, not measured yet", "/live-runs?models=gpt2")


def test_a_checkpoint_is_found_by_its_own_name_and_opens_the_start_form_until_it_is_measured() -> None:
    (place,) = found("bert large uncased")
    assert (place.kind, place.label, place.detail) == (
        "model",
        "bert-large-uncased",
        "checkpoint of bert, not measured yet",
    )
    assert place.href == "/live-runs?models=bert-large-uncased"
    assert labels("google-bert/bert-large-uncased") == ["bert-large-uncased"]
    measured = found("bert-large-uncased", cases=[a_case("bert", size="bert-large-uncased")])[0]
    assert (measured.detail, measured.href) == ("checkpoint of bert, measured", "/?model=bert-large-uncased")


def test_a_model_without_a_recipe_is_not_offered() -> None:
    assert labels("ernie") == []


def test_a_run_is_found_by_number_status_and_what_it_measured() -> None:
    run = a_run(RunStatus.CANCELLED, number=12, request=a_request("bert", "gpt2"))
    for text in ("run 12", "cancelled gpt2"):
        assert [place.href for place in found(text, runs=[run]) if place.kind == "run"] == ["/live-runs?run=12"]


def test_a_run_of_a_tier_is_named_after_it() -> None:
    run = a_run(request=a_request(models=(), tier=Tier.HIGH))
    assert found("high tier", runs=[run])[0].detail == "high tier, completed"


def test_a_case_opens_the_comparison_with_its_details() -> None:
    case = a_case("gpt2", precision=Precision.BF16, batch_size=8, workload=Workload.STARTUP)
    (place,) = [place for place in found("gpt2 bf16", cases=[case]) if place.kind == "case"]
    assert place.label == "gpt2 cpu bf16 batch 8 startup"
    assert place.href == (
        f"/comparison?model=gpt2&backend=cpu&precision=bf16&batch=8&workload=startup&size=default&case={case.case_id}"
    )


def test_cases_that_hold_the_very_words_come_before_those_that_contain_them() -> None:
    cases = [a_case("roberta"), a_case("distilbert"), a_case("bert", batch_size=8), a_case("bert")]
    assert labels("bert cpu", cases=cases)[:2] == ["bert cpu fp32 batch 8", "bert cpu fp32 batch 1"]


def test_one_kind_does_not_crowd_out_the_others() -> None:
    cases = [a_case("bert", batch_size=size) for size in range(1, 300)]
    kinds = [place.kind for place in found("bert", runs=[a_run()], cases=cases)]
    assert kinds == ["model"] * 3 + ["run"] + ["case"] * MOST_OF_A_KIND


def test_the_same_case_measured_often_is_one_hit() -> None:
    assert labels("batch", cases=[a_case(), a_case(), a_case()]) == ["bert cpu fp32 batch 1"]
