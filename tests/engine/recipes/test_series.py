"""Dimensions of time series as the configuration tells them."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from engine.recipes.freezing.series_symbols import series_dimension

SMALL = SimpleNamespace(
    context_length=8,
    prediction_length=4,
    lags_sequence=[1, 2, 7],
    num_input_channels=1,
    input_size=1,
    num_time_features=0,
)
LARGE = SimpleNamespace(**{**vars(SMALL), "context_length": 32})


@pytest.mark.parametrize(
    ("name", "place", "small", "large", "found"),
    [
        ("past_values", 1, 8, 32, "config.context_length"),
        ("past_values", 1, 15, 39, "config.context_length + config.lags_sequence[-1]"),
        ("past_values", 2, 1, 1, "config.num_input_channels"),
        ("past_time_features", 2, 0, 0, "config.num_time_features"),
        ("future_values", 1, 4, 4, "config.prediction_length"),
        ("future_values", 1, 8, 32, None),
        ("past_values", 1, 9, 9, None),
        ("past_values", 0, 8, 32, None),
    ],
)
def test_a_dimension_is_told_by_the_field_that_goes_with_its_place(
    name: str, place: int, small: int, large: int, found: str | None
):
    assert series_dimension(name, place, small, large, [("config", SMALL, LARGE)]) == found


def test_lags_in_no_order_explain_nothing():
    node = SimpleNamespace(**{**vars(SMALL), "lags_sequence": [7, 1]})
    assert series_dimension("past_values", 1, 15, 15, [("config", node, node)]) is None
