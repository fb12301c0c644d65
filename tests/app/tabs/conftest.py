"""Callbacks as functions: inside the application's context, told which component triggered them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from dash._callback_context import context_value
from dash._utils import AttributeDict
from flask import Flask

from engine.domain.case import Precision
from tests.app.measured import measured, store
from tests.app.stand_in import StandInWorkbench
from tests.builders import a_case


@pytest.fixture(autouse=True)
def in_application(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


@pytest.fixture
def triggered() -> Iterator[Callable[..., None]]:
    """Call it with the property that is to have triggered the callback, such as "url.search"."""
    tokens = []

    def trigger(property_id: str, value: Any = 1) -> None:
        tokens.append(context_value.set(AttributeDict(triggered_inputs=[{"prop_id": property_id, "value": value}])))

    yield trigger
    for token in reversed(tokens):
        context_value.reset(token)


@pytest.fixture
def two_ways(bench: StandInWorkbench) -> StandInWorkbench:
    """bert and gpt2 at batch 1: bf16 twice and four times as fast as fp32."""
    store(
        bench,
        measured(a_case("bert"), 0.04),
        measured(a_case("bert", precision=Precision.BF16), 0.02),
        measured(a_case("gpt2"), 0.08),
        measured(a_case("gpt2", precision=Precision.BF16), 0.02),
    )
    return bench
