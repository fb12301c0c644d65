"""Guesses at tokens and what goes with them, and at parameters known only by how their names end."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from engine.recipes.search.inputs import Input, Placeholder
from engine.recipes.search.subject import Subject, text_node
from engine.recipes.search.token_ids import token_ids


def tokens(
    subject: Subject, name: str, shape: Sequence[int | str] = ("B", "L"), *, marks: Sequence[Placeholder] = ()
) -> Input:
    """Random words, never a special token: ids between the low special ones and the high ones."""
    path, node = text_node(subject)
    vocabulary = getattr(node, "vocab_size", None)
    vocabulary = vocabulary if isinstance(vocabulary, int) and vocabulary > 0 else 100
    special = token_ids(subject.config)
    small = [number for number in special if number < min(20, vocabulary // 2)]
    low = max(small, default=2) + 1
    large = [number for number in special if low < number < vocabulary]
    high: int | str = min(large) if large else f"{path}.vocab_size"
    if not isinstance(getattr(node, "vocab_size", None), int):
        high = min(large, default=vocabulary)
    if vocabulary <= low + 1:
        low = 0
    return Input(
        name=name, fill="tokens", shape=tuple(shape), dtype="long", low=low, high=high, placeholders=tuple(marks)
    )


def input_ids(subject: Subject, name: str, marks: Sequence[Placeholder]) -> list[tuple[Input, ...]]:
    plain = tokens(subject, name, marks=marks)
    if marks and subject.takes("mm_token_type_ids"):
        return [
            (
                plain,
                Input(name="mm_token_type_ids", fill="kinds", shape=("B", "L"), dtype="long", value=marks[0].token),
            ),
            (plain,),
        ]
    codebooks = subject.first(["num_codebooks"])
    found: list[tuple[Input, ...]] = [(plain,)]
    if codebooks is not None and "audio" in " ".join(
        [*subject.modalities, type(subject.config).__name__.lower()]
    ) + str(subject.main_inputs):
        found.append((tokens(subject, name, ("B", "L", codebooks[1])),))
    return found


def decoder_input_ids(subject: Subject, name: str, _: Any) -> list[tuple[Input, ...]]:
    item = tokens(subject, name)
    for path, node in subject.nodes:
        if path.rpartition(".")[2] in ("decoder", "decoder_config", "text_config", "text_decoder_config") and getattr(
            node, "vocab_size", None
        ):
            item = replace(item, high=f"{path}.vocab_size")
            break
    found: list[tuple[Input, ...]] = [(item,)]
    for names in (["num_codebooks"], ["num_channels", "channels"]):
        books = subject.first(names, re.compile("decoder"))
        if books is not None and isinstance(books[1], int):
            found += [(replace(item, shape=("B", "L", books[1])),), (replace(item, shape=(f"B*{books[1]}", "L")),)]
    return found


def attention_mask(subject: Subject, name: str, _: Any) -> list[tuple[Input, ...]]:
    return [(Input(name=name, fill="ones", shape=("B", "L"), dtype="long"),)]


def boxes(subject: Subject, name: str, _: Any) -> list[tuple[Input, ...]]:
    width = subject.number(["dim_bbox"], default=4)
    if width == 4:
        return [(Input(name=name, fill="boxes", shape=("B", "L", 4), dtype="long"),)]
    return [(Input(name=name, fill="uniform", shape=("B", "L", width)),)]


def by_ending(subject: Subject, name: str) -> list[tuple[Input, ...]]:
    """For a parameter that nothing else knows: a mask, ids, a time, or states of the model's width."""
    if name.endswith("mask"):
        return [(Input(name=name, fill="ones", shape=("B", "L"), dtype="long"),)]
    if name.endswith("_ids"):
        return [(tokens(subject, name),)]
    if name in ("timestep", "timesteps", "t", "time"):
        return [(Input(name=name, fill="uniform", shape=("B",)),)]
    width = subject.number(["hidden_size", "d_model", "hidden_dim", "dim", "latent_dim"], default=64)
    return [
        (Input(name=name, fill="normal", shape=("B", "L", width)),),
        (Input(name=name, fill="normal", shape=("B", width, "L")),),
    ]
