"""Guesses at time series and at the paths of marked-up text."""

from __future__ import annotations

from typing import Any

from engine.recipes.search.inputs import Input
from engine.recipes.search.subject import Subject


def past_values(subject: Subject, name: str, _: Any) -> list[tuple[Input, ...]]:
    context = subject.number(["context_length"], default=32)
    lags = subject.first(["lags_sequence"])
    past = context + (max(lags[1]) if lags and lags[1] else 0)
    channels = subject.number(["num_input_channels", "input_size"], default=1)
    if channels > 1 or any(hasattr(node, "num_input_channels") for _, node in subject.nodes):
        return [
            (Input(name=name, fill="normal", shape=("B", context, channels)),),
            (Input(name=name, fill="normal", shape=("B", past)),),
        ]
    return [
        (Input(name=name, fill="normal", shape=("B", past)),),
        (Input(name=name, fill="normal", shape=("B", past, 1)),),
    ]


def past_mask(subject: Subject, name: str, _: Any) -> list[tuple[Input, ...]]:
    shape = past_values(subject, "past_values", ())[0][0].shape
    return [
        (Input(name=name, fill="ones", shape=shape, dtype="float32"),),
        (Input(name=name, fill="ones", shape=shape, dtype="bool"),),
    ]


def past_time(subject: Subject, name: str, _: Any) -> list[tuple[Input, ...]]:
    shape = past_values(subject, "past_values", ())[0][0].shape
    width = subject.number(["num_time_features"], default=1)
    return [(Input(name=name, fill="normal", shape=(*shape[:2], width)),)]


def future(subject: Subject, name: str, _: Any) -> list[tuple[Input, ...]]:
    horizon = subject.number(["prediction_length"], default=8)
    if "time_features" in name:
        return [
            (Input(name=name, fill="normal", shape=("B", horizon, subject.number(["num_time_features"], default=1))),)
        ]
    return [(Input(name=name, fill="normal", shape=("B", horizon)),)]


def xpath(subject: Subject, name: str, _: Any) -> list[tuple[Input, ...]]:
    return [
        (Input(name=name, fill="zeros", shape=("B", "L", subject.number(["max_depth"], default=50)), dtype="long"),)
    ]
