from __future__ import annotations

import pytest

from app.coverage_state import CoverageState, coverage_address, read_state, write_state
from engine.domain.case import Precision
from engine.domain.conformance import Check, Verdict
from engine.domain.model import Family

FULL = CoverageState(
    family=Family.TEXT_DECODER,
    verdict=Verdict.FAILS,
    check=Check.ROUND_TRIP,
    backend="cpu",
    precision=Precision.BF16,
    text="cannot be multiplied & more",
    since="transformers 5.22.0",
    model="deberta-v2",
)


@pytest.mark.parametrize("state", [CoverageState(), FULL, CoverageState(model="bert")])
def test_an_address_keeps_the_whole_state(state: CoverageState) -> None:
    assert read_state(write_state(state)) == state


def test_nothing_chosen_is_a_bare_address() -> None:
    assert coverage_address(CoverageState()) == "/coverage"
    assert coverage_address(CoverageState(model="bert")) == "/coverage?model=bert"


@pytest.mark.parametrize(
    "search",
    [
        None,
        "",
        "?family=nonsense&verdict=broken&check=x&precision=fp64",
        "?model=%3Cscript%3E&backend=..%2Fetc&since=%00",
        "?text=%20%20",
        "?nonsense=1",
    ],
)
def test_what_is_unknown_counts_as_absent(search: str | None) -> None:
    assert read_state(search) == CoverageState()


def test_a_long_search_is_cut() -> None:
    assert read_state(f"?text={'a' * 5000}").text == "a" * 100
