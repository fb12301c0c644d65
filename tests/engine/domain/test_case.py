"""What identifies a case, and what it is called."""

from __future__ import annotations

import pytest

from engine.benchmarking.codec import case_from_json, case_to_json
from engine.domain.model import Size, real_size
from engine.domain.run import SizeChoice
from tests.builders import a_case


@pytest.mark.parametrize(
    ("size", "case_id"),
    [(Size.DEFAULT, "613c950f000fd61c"), (Size.TINY, "efe6621384fabde3")],
)
def test_case_ids_of_the_two_known_sizes_are_those_of_earlier_releases(size: Size, case_id: str):
    assert a_case(size=size).case_id == a_case(size=size.value).case_id == case_id


@pytest.mark.parametrize(
    "option",
    [{"new_tokens": 8}, {"workers": 2}, {"compiled": True}, {"attention": "eager"}, {"checkpoint": "org/name"}],
)
def test_what_came_later_makes_another_case_once_it_is_used(option: dict[str, object]):
    case = a_case(**option)
    assert case.case_id != a_case().case_id
    assert case.label != a_case().label
    assert case_from_json(case_to_json(case)) == case


def test_another_content_of_a_checkpoint_is_another_case():
    one, other = (a_case(checkpoint="/mine", checkpoint_digest=digest) for digest in ("0a", "0b"))
    assert one.case_id != other.case_id and one.label == other.label


@pytest.mark.parametrize(
    ("checkpoint", "name"),
    [
        ("org/name", "org/name"),
        ("/somewhere/my-bert", "my-bert"),
        ("/somewhere/package/model", "package/model"),
        ("/training/run7/checkpoint-500", "run7/checkpoint-500"),
        ("/model", "model"),
    ],
)
def test_trained_weights_are_called_by_where_they_came_from(checkpoint: str, name: str):
    assert a_case(checkpoint=checkpoint).model == name


@pytest.mark.parametrize(
    ("size", "model", "label"),
    [
        (Size.DEFAULT, "bert", "bert cpu fp32 batch 1"),
        (Size.TINY, "bert", "bert tiny cpu fp32 batch 1"),
        ("bert-large-uncased", "bert-large-uncased", "bert-large-uncased cpu fp32 batch 1"),
    ],
)
def test_a_checkpoint_is_called_by_its_name_and_never_default(size: str, model: str, label: str):
    case = a_case(size=size)
    assert (case.model, case.label) == (model, label)
    assert case_from_json(case_to_json(case)) == case


@pytest.mark.parametrize(
    ("size", "choice"),
    [("tiny", SizeChoice.TINY), ("default", SizeChoice.DEFAULT), ("bert-large-uncased", SizeChoice.AUTO)],
)
def test_what_to_choose_to_have_a_size_again(size: str, choice: SizeChoice):
    assert SizeChoice.leading_to(size) is choice


@pytest.mark.parametrize(
    ("sizes", "shown"),
    [
        ({"tiny", "default", "a-checkpoint"}, "default"),
        ({"tiny", "b-checkpoint", "a-checkpoint"}, "a-checkpoint"),
        ({"tiny"}, "tiny"),
        (set(), "default"),
    ],
)
def test_the_size_shown_while_nobody_chose_is_a_real_one(sizes: set[str], shown: str):
    assert real_size(sizes) == shown
