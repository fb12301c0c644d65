from __future__ import annotations

import pytest

from app.run_options import RunOptions, parse_batch_sizes
from engine.domain.case import Precision, Workload
from engine.domain.model import Tier
from engine.domain.run import MAX_PROCESSES, MAX_SEQUENCE_LENGTH, MAX_THREADS, SizeChoice
from engine.errors import InvalidValue, UnknownName


@pytest.mark.parametrize(
    ("text", "sizes"), [("1, 8 32", (1, 8, 32)), ("8;1;8", (1, 8)), ("", (1, 8)), (None, (1, 8)), (" 4 ", (4,))]
)
def test_batch_sizes_are_read_as_people_write_them(text: str | None, sizes: tuple[int, ...]) -> None:
    assert parse_batch_sizes(text) == sizes


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "eight", "1, x", "4097", "١"])
def test_a_batch_size_that_cannot_be_is_named_with_the_remedy(text: str) -> None:
    with pytest.raises(InvalidValue, match="is not a whole number from 1 to 4096") as refused:
        parse_batch_sizes(text)
    assert refused.value.field == "batch_sizes"


def test_an_empty_form_is_the_critical_tier_with_defaults() -> None:
    request = RunOptions(switches=()).request()
    assert (request.models, request.tier) == ((), Tier.CRITICAL)
    assert (request.backends, request.precisions) == (("cpu",), (Precision.FP32,))
    assert (request.workloads, request.batch_sizes) == ((Workload.INFERENCE,), (1, 8))
    assert (request.progressive, request.incremental, request.cold) == (False, False, False)


def test_models_win_over_the_tier() -> None:
    assert RunOptions(models=["bert"], tier="high").request().tier is None


def test_every_field_reaches_the_request() -> None:
    request = RunOptions(
        models=["bert"],
        backends=["cpu"],
        precisions=["bf16"],
        batch_sizes="2",
        workloads=["startup", "generation", "concurrency"],
        size="tiny",
        switches=["incremental", "cold"],
        processes="5",
        sequence_length=64,
        threads=" 2 ",
        budget=" 1h30m ",
        new_tokens="64",
        workers=4,
        attention="eager",
        more_switches=["compile", "pin"],
        title=" Nightly ",
    ).request()
    assert (request.compiled, request.attention, request.title) == (True, "eager", "Nightly")
    assert (request.protocol.pinned, request.protocol.side_by_side) == (True, False)
    assert (request.new_tokens, request.workers) == (64, 4)
    assert (request.precisions, request.batch_sizes, request.size) == ((Precision.BF16,), (2,), SizeChoice.TINY)
    assert (request.protocol.processes, request.sequence_length, request.threads) == (5, 64, 2)
    assert (request.progressive, request.incremental, request.cold) == (False, True, True)
    assert request.budget_seconds == 5400


def test_numbers_of_workloads_that_are_not_chosen_stay_in_the_form_alone() -> None:
    typed = {"models": ["gpt2"], "new_tokens": "64", "workers": 4}
    request = RunOptions(workloads=["generation"], **typed).request()  # type: ignore[arg-type]
    assert (request.new_tokens, request.workers) == (64, None)
    request = RunOptions(workloads=["concurrency"], **typed).request()  # type: ignore[arg-type]
    assert (request.new_tokens, request.workers) == (None, 4)


@pytest.mark.parametrize("empty", [None, "", "  "])
def test_no_budget_is_none(empty: str | None) -> None:
    assert RunOptions(budget=empty).request().budget_seconds is None


def test_a_budget_that_is_no_time_is_named() -> None:
    with pytest.raises(InvalidValue, match="'soon' is no time") as refused:
        RunOptions(budget="soon").request()
    assert refused.value.field == "budget_seconds"


@pytest.mark.parametrize(("field", "value"), [("processes", "0"), ("threads", "many"), ("sequence_length", "-4")])
def test_a_number_that_cannot_be_is_named(field: str, value: str) -> None:
    with pytest.raises(InvalidValue, match=f"'{value}' is not a whole number") as refused:
        RunOptions(**{field: value}).request()
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("field", "most"),
    [("processes", MAX_PROCESSES), ("threads", MAX_THREADS), ("sequence_length", MAX_SEQUENCE_LENGTH)],
)
def test_a_number_beyond_its_limit_is_refused_with_both(field: str, most: int) -> None:
    RunOptions(**{field: str(most)}).request()
    with pytest.raises(InvalidValue, match=f"'{most + 1}' is more than {most}") as refused:
        RunOptions(**{field: str(most + 1)}).request()
    assert refused.value.field == field


@pytest.mark.parametrize("field", ["workloads", "precisions", "size", "tier"])
def test_a_name_that_is_no_choice_is_refused_with_those_that_are(field: str) -> None:
    value = "zzz" if field in ("size", "tier") else ["zzz"]
    with pytest.raises(UnknownName, match=f"Unknown {field.removesuffix('s')} 'zzz'. Choose one of: ") as refused:
        RunOptions(**{field: value}).request()
    assert refused.value.field == field


def test_cases_side_by_side_need_a_number_of_threads() -> None:
    with pytest.raises(InvalidValue, match="need a number of threads"):
        RunOptions(more_switches=["side-by-side"]).request()
    assert RunOptions(more_switches=["side-by-side"], threads="1").request().protocol.side_by_side


def test_a_title_that_is_too_long_is_refused_with_both_lengths() -> None:
    RunOptions(title="x" * 200).request()
    with pytest.raises(InvalidValue, match="201 characters; 200 are the most") as refused:
        RunOptions(title="x" * 201).request()
    assert refused.value.field == "title"


@pytest.mark.parametrize("empty", ["", "  "])
def test_an_empty_attention_or_title_is_none(empty: str) -> None:
    request = RunOptions(attention=empty, title=empty).request()
    assert (request.attention, request.title) == (None, None)


def test_a_checkpoint_stands_for_models_and_tier() -> None:
    request = RunOptions(checkpoint=" owner/name ").request()
    assert (request.models, request.tier, request.checkpoint) == ((), None, "owner/name")
    assert RunOptions(checkpoint="").request().checkpoint is None
    assert not request.allow_pickle, "a form opens no pickles"
