"""Guesses at images and videos: whole, in tiles, in flat patches with a grid."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from engine.recipes.search.inputs import Input
from engine.recipes.search.subject import Subject
from engine.recipes.search.text_inputs import by_ending

IMAGE_NODE = re.compile(r"(vision|image|visual|backbone|encoder|patch)")
SIDE = 64
CELLS = 8
"""Patches along a side of an image that a model takes in patches."""


def geometry(subject: Subject) -> tuple[int, int, int, int]:
    """Channels, side, patch and frames of a patch."""
    channels = subject.number(
        ["num_channels", "in_channels", "in_chans", "num_input_channels", "channels"], IMAGE_NODE, 3
    )
    side = subject.number(
        ["image_size", "img_size", "input_size", "spec_size", "pretrain_image_size", "crop_size"], IMAGE_NODE, 0
    )
    patch = subject.number(["patch_size", "spatial_patch_size"], IMAGE_NODE, 0)
    temporal = subject.number(["temporal_patch_size"], IMAGE_NODE, 1)
    return channels, side, patch, temporal


def pixels(subject: Subject, name: str, _: Any) -> list[tuple[Input, ...]]:
    channels, side, patch, temporal = geometry(subject)
    found: list[tuple[Input, ...]] = []
    grid = next((item for item in ("image_grid_thw", "grid_thw") if subject.takes(item)), None)
    if grid is not None and patch:
        flat = Input(name=name, fill="normal", shape=(f"B*{CELLS**2}", channels * temporal * patch * patch))
        found.append((flat, Input(name=grid, fill="rows", value=[[1, CELLS, CELLS]], dtype="long", shape=("B", 3))))
        unfolded = replace(flat, shape=(f"B*{CELLS**2}", channels, patch, patch))
        found.append((unfolded, found[0][1]))
    if subject.takes("image_grid_hw") and patch:
        flat = Input(name=name, fill="normal", shape=(f"B*{CELLS**2}", channels, patch, patch))
        found.append(
            (flat, Input(name="image_grid_hw", fill="rows", value=[[CELLS, CELLS]], dtype="long", shape=("B", 2)))
        )
    if subject.takes("spatial_shapes") and patch:
        found.append(
            (
                Input(name=name, fill="normal", shape=("B", CELLS**2, channels * patch * patch)),
                Input(name="pixel_attention_mask", fill="ones", shape=("B", CELLS**2), dtype="long"),
                Input(name="spatial_shapes", fill="rows", value=[[CELLS, CELLS]], dtype="long", shape=("B", 2)),
            )
        )
    if (subject.takes("image_position_ids") or subject.takes("pixel_position_ids")) and patch:
        position = "image_position_ids" if subject.takes("image_position_ids") else "pixel_position_ids"
        pooled = subject.number(["pooling_kernel_size"], IMAGE_NODE, 1)
        cells = -(-CELLS // pooled) * pooled
        pairs = [[column, row] for row in range(cells) for column in range(cells)]
        found.append(
            (
                Input(name=name, fill="uniform", shape=("B", cells**2, channels * patch * patch)),
                Input(name=position, fill="example", value=pairs, dtype="long", shape=("B", cells**2, 2)),
            )
        )
    if subject.takes("target_sizes") and patch:
        found.append(
            (
                Input(name=name, fill="normal", shape=(1, channels, patch, f"B*{CELLS**2 * patch}")),
                Input(name="target_sizes", fill="rows", value=[[CELLS, CELLS]], dtype="int", shape=("B", 2)),
            )
        )
    sides = [side] if side else [SIDE, 224, 32]
    if patch and not side:
        sides.insert(0, patch * CELLS)
    for length in dict.fromkeys(sides):
        flat = Input(name=name, fill="normal", shape=("B", channels, length, length))
        five = replace(flat, shape=("B", 1, channels, length, length))
        sizes = Input(name="image_sizes", fill="rows", value=[[length, length]], dtype="long", shape=("B", 2))
        if subject.takes("aspect_ratio_ids"):
            tiles = subject.number(["max_num_tiles"], default=4)
            found.append(
                (
                    replace(flat, shape=("B", 1, tiles, channels, length, length)),
                    Input(name="aspect_ratio_ids", fill="ones", shape=("B", 1), dtype="long"),
                    Input(name="aspect_ratio_mask", fill="ones", shape=("B", 1, tiles), dtype="long"),
                )
            )
        video = [frames for frames in [subject.number(["num_frames"], None, 0)] if frames] or [8, 2]
        if _sees_videos(subject):
            found += [(replace(flat, shape=("B", frames, channels, length, length)),) for frames in video]
            found += [(replace(flat, shape=("B", channels, frames, length, length)),) for frames in video[:1]]
        if subject.takes("image_sizes"):
            found += [
                (flat, sizes),
                (five, sizes),
                (replace(flat, shape=("B", 5, channels, length, length)), sizes),
                (replace(flat, shape=("B", 3, channels, length, length)), sizes),
            ]
        found += [(flat,), (five,)]
    return found


def _sees_videos(subject: Subject) -> bool:
    """Some classifiers of videos declare what a frame is."""
    declared = subject.modalities
    return ("video" in declared and "image" not in declared) or "ForVideo" in subject.model_class.__name__


def flat_patches(subject: Subject, name: str, _: Any) -> list[tuple[Input, ...]]:
    channels, _side, patch, _temporal = geometry(subject)
    patch = patch or 16
    width = channels * patch * patch
    return [
        (Input(name=name, fill="patches", shape=("B", 16, width + 2), value=4),),
        (Input(name=name, fill="normal", shape=("B", 16, width)),),
    ]


def videos(subject: Subject, name: str, _: Any) -> list[tuple[Input, ...]]:
    channels, side, patch, temporal = geometry(subject)
    side = side or (patch * CELLS if patch else SIDE)
    frames = subject.number(["num_frames", "frames_per_clip"], None, 4)
    grid = "video_grid_thw"
    found: list[tuple[Input, ...]] = []
    if subject.takes(grid) and patch:
        flat = Input(name=name, fill="normal", shape=(f"B*{CELLS**2}", channels * temporal * patch * patch))
        found.append((flat, Input(name=grid, fill="rows", value=[[1, CELLS, CELLS]], dtype="long", shape=("B", 3))))
    found += [
        (Input(name=name, fill="normal", shape=("B", frames, channels, side, side)),),
        (Input(name=name, fill="normal", shape=("B", channels, frames, side, side)),),
    ]
    return found


def grid(subject: Subject, name: str, _: Any) -> list[tuple[Input, ...]]:
    return [(Input(name=name, fill="rows", value=[[1, CELLS, CELLS]], dtype="long", shape=("B", 3)),)]


def patches_or_states(subject: Subject, name: str, _: Any) -> list[tuple[Input, ...]]:
    if subject.takes("grid_thw"):
        channels, _side, patch, temporal = geometry(subject)
        return [
            (Input(name=name, fill="normal", shape=(f"B*{CELLS**2}", channels * max(temporal, 1) * patch * patch)),),
            (Input(name=name, fill="normal", shape=(f"B*{CELLS**2}", channels, patch, patch)),),
        ]
    return by_ending(subject, name)
