"""Guesses at spectrograms and waveforms."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from engine.recipes.search.inputs import Input
from engine.recipes.search.subject import Subject

_AUDIO_NODE = re.compile(r"(audio|speech|encoder|acoustic|codec|sound)")
SAMPLES = 4_000
FRAMES = 128
_STACKED = "feature_projection_input_dim"
"""The field with the width of several frames in one, where a model projects them."""
BIN_NAMES = (
    "num_mel_bins",
    "n_mels",
    "feature_size",
    "input_feat_per_channel",
    "mel_bins",
    "num_mel_filters",
    "input_feat_size",
    "input_size",
    "input_dim",
    _STACKED,
    "mel_dim",
    "spec_size",
)
"""Fields that hold the bins of a spectrogram, the likeliest first."""


def _mel_bins(subject: Subject) -> list[int]:
    found = subject.first(BIN_NAMES, _AUDIO_NODE)
    numbers = [found[1]] if found is not None and isinstance(found[1], int) else []
    return list(dict.fromkeys([*numbers, 80, 128]))[:3]


def spectrograms(subject: Subject, name: str, _: Any) -> list[tuple[Input, ...]]:
    """Spectrograms: bins before frames or after them."""
    frames = [FRAMES]
    positions = subject.first(["max_source_positions"], _AUDIO_NODE)
    if positions is not None and isinstance(positions[1], int):
        frames.insert(0, 2 * positions[1])
    longest = subject.first(["max_length"], None)
    if longest is not None and isinstance(longest[1], int) and longest[1] > 64:
        frames.insert(0, longest[1])
    found: list[tuple[Input, ...]] = []
    mask = next(
        (
            item
            for item in ("feature_attention_mask", "input_features_mask", "audio_mel_mask", "input_values_mask")
            if subject.takes(item)
        ),
        None,
    )
    mask_alone = (
        "attention_mask"
        if mask is None and not subject.takes("input_ids") and "attention_mask" in subject.required
        else mask
    )
    projected = subject.first([_STACKED], _AUDIO_NODE)
    if projected is not None:  # stacked frames, as many as there are: their positions are relative
        found.append((Input(name=name, fill="normal", shape=("B", FRAMES, projected[1])),))
    for bins in _mel_bins(subject)[:2]:
        for count in frames[:2]:
            for shape in (("B", bins, count), ("B", count, bins), ("B", 1, count, bins), ("B", 1, bins, count)):
                item = Input(name=name, fill="normal", shape=shape)
                if mask_alone:
                    found.append(
                        (
                            item,
                            Input(
                                name=mask_alone,
                                fill="ones",
                                shape=("B", count),
                                dtype="long",
                            ),
                        )
                    )
                else:
                    found.append((item,))
    return found


def waves(subject: Subject, name: str, _: Any) -> list[tuple[Input, ...]]:
    wave = Input(name=name, fill="normal", shape=("B", SAMPLES))
    if any(hasattr(node, "num_mel_bins") for _, node in subject.nodes):
        return [*spectrograms(subject, name, ()), (wave,)]
    channels = subject.number(["audio_channels"], default=1)
    codec = [(replace(wave, shape=("B", channels, SAMPLES)),), (replace(wave, shape=("B", channels, 16_000)),)]
    return (
        [(wave,), *codec, (replace(wave, shape=("B", 16_000)),)]
        if not any(hasattr(node, "codebook_size") for _, node in subject.nodes)
        else [*codec, (wave,)]
    )
