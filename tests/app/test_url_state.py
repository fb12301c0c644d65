from __future__ import annotations

from urllib.parse import parse_qs

import pytest

from app.tabs.live_runs import options_from_query
from app.url_state import Mode, Rows, ViewState, address, read_state, start_address, state_of_case, write_state
from engine.domain.case import Precision, Workload
from engine.domain.measurement import Metric
from engine.domain.model import Family, Size
from tests.builders import a_case

EVERYTHING = ViewState(
    model="wav2vec2-bert",
    family=Family.TEXT_ENCODER,
    backend="cpu",
    precision=Precision.BF16,
    batch=8,
    workload=Workload.STARTUP,
    size=Size.TINY,
    metric=Metric.PEAK_MEMORY,
    rows=Rows.MODEL,
    mode=Mode.RATIO,
    case="0123456789abcdef",
)


def options_of(link: str) -> object:
    query = dict(part.split("=") for part in link.partition("?")[2].replace("%2C", ",").split("&") if part)
    return options_from_query(query)


def test_everything_that_can_be_chosen_survives_the_address() -> None:
    assert read_state(write_state(EVERYTHING)) == EVERYTHING


@pytest.mark.parametrize("size", ["bert-large-uncased", "openai-community/gpt2", "no-longer-shipped"])
def test_a_checkpoint_is_a_size_in_the_address_and_a_model_of_the_start_form(size: str) -> None:
    case = a_case("bert", size=size)
    state = state_of_case(case)
    assert (state.model, state.size) == (size, size)
    assert read_state(write_state(state)) == state
    assert parse_qs(start_address(state).partition("?")[2])["models"] == [size]
    assert "size=" not in start_address(state)


def test_an_untouched_view_has_a_bare_address() -> None:
    assert write_state(ViewState()) == ""
    assert address("/comparison", ViewState()) == "/comparison"
    assert read_state(None) == read_state("") == read_state("?") == ViewState()


def test_the_address_can_be_read_by_a_person() -> None:
    state = ViewState(model="bert", family=Family.VISION_TEXT, batch=8, metric=Metric.PEAK_MEMORY)
    assert write_state(state) == "?model=bert&family=vision_text&batch=8&metric=peak_memory"


@pytest.mark.parametrize(
    "search",
    [
        "?batch=abc",
        "?batch=0",
        "?batch=-8",
        "?batch=4097",
        "?batch=8.0",
        "?batch=%C2%B2",
        "?batch=%D9%A3",
        "?batch=" + "9" * 5000,
        "?model=../../etc/passwd",
        "?model=%3Cscript%3E",
        "?model=" + "a" * 65,
        "?size=../../etc/passwd",
        "?size=%3Cscript%3E",
        "?family=nonsense",
        "?backend=%00",
        "?precision=fp64",
        "?workload=dreaming",
        "?metric=Latency",
        "?rows=batch",
        "?mode=",
        "?nonsense=1",
        "?model=%ff%fe",
    ],
)
def test_what_makes_no_sense_counts_as_absent(search: str) -> None:
    assert read_state(search) == ViewState()


def test_one_senseless_value_leaves_the_others_alone() -> None:
    assert read_state("?model=bert&batch=abc&precision=bf16") == ViewState(model="bert", precision=Precision.BF16)


def test_of_a_repeated_name_the_last_value_counts() -> None:
    assert read_state("?batch=1&batch=8").batch == 8


def test_the_way_to_measure_fills_in_the_start_form() -> None:
    options = options_of(start_address(EVERYTHING))
    assert (options.models, options.backends, options.precisions) == (["wav2vec2-bert"], ["cpu"], ["bf16"])  # type: ignore[attr-defined]
    assert (options.batch_sizes, options.workloads, options.size) == ("8", ["startup"], "tiny")  # type: ignore[attr-defined]


def test_nothing_chosen_leads_to_the_plain_start_form() -> None:
    assert start_address(ViewState(family=Family.VISION, metric=Metric.LATENCY)) == "/live-runs"
