"""The attention that a case names reaches the model, or the case is refused."""

from __future__ import annotations

from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from engine.errors import BackendUnavailable
from engine.workloads.skillset_module import load_skillset
from tests.builders import a_case


def a_module(used: str | None = None, error: Exception | None = None) -> ModuleType:
    """Its load() keeps what it was given; the model runs with `used`, or with what was asked for."""
    module = ModuleType("a_module")

    def load(**given: Any) -> Any:
        if error is not None:
            raise error
        config = SimpleNamespace(_attn_implementation=used or given.get("attn_implementation"))
        return SimpleNamespace(fallback_reason=None, model=SimpleNamespace(config=config), given=given)

    module.load = load  # type: ignore[attr-defined]
    return module


def test_it_is_passed_on_and_left_out_where_the_case_names_none():
    assert load_skillset(a_module(), a_case(attention="eager"), "cpu").given["attn_implementation"] == "eager"
    assert "attn_implementation" not in load_skillset(a_module(), a_case(), "cpu").given


def test_a_refusal_of_the_model_names_the_attention_and_its_reason():
    module = a_module(error=ValueError("BertModel does not support it.\nMore."))
    with pytest.raises(BackendUnavailable, match="bert cannot be built with attention 'flex': BertModel does not"):
        load_skillset(module, a_case(attention="flex"), "cpu")


def test_another_attention_without_a_word_is_refused():
    with pytest.raises(BackendUnavailable, match="was built with attention 'eager' although 'sdpa' was asked for"):
        load_skillset(a_module(used="eager"), a_case(attention="sdpa"), "cpu")
