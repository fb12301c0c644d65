"""First guesses at what a forward pass takes, by the names of its parameters and what its configuration says."""

from __future__ import annotations

import inspect
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from engine.recipes.search.inputs import Input, Placeholder, Plan, marked_length
from engine.recipes.search.shrink import field_names, nodes

TEXT_LENGTH = 16
SAMPLES = 4_000
FRAMES = 64
SIDE = 64

IMAGE_NAMES = (
    "pixel_values",
    "pixel_values_images",
    "images",
    "image_pixel_values",
    "flattened_patches",
    "image_patches",
    "image",
)
VIDEO_NAMES = ("pixel_values_videos",)
AUDIO_NAMES = ("input_features", "input_values", "audio_input_features", "audio_mel", "audio_values", "spectrogram")
_IMAGE_NODE = re.compile(r"(vision|image|visual|backbone|encoder|patch)")
_AUDIO_NODE = re.compile(r"(audio|speech|encoder|acoustic|codec|sound)")


class Subject:
    """A model class with its configuration, and what can be read from both."""

    def __init__(self, model_class: Any, config: Any) -> None:
        self.model_class = model_class
        self.config = config
        self.parameters = {
            name: parameter
            for name, parameter in inspect.signature(model_class.forward).parameters.items()
            if name != "self" and parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
        }
        self.required = [name for name, item in self.parameters.items() if item.default is inspect.Parameter.empty]
        self.nodes = list(nodes(config))

    def takes(self, name: str) -> bool:
        return name in self.parameters

    @property
    def modalities(self) -> set[str]:
        value = getattr(self.model_class, "input_modalities", ("text",))
        return {value} if isinstance(value, str) else set(value or ())

    @property
    def main_inputs(self) -> list[str]:
        value = getattr(self.model_class, "main_input_name", "input_ids")
        return [value] if isinstance(value, str) else list(value)

    def first(self, names: Sequence[str], prefer: re.Pattern[str] | None = None) -> tuple[str, Any] | None:
        """Expression and value of the first of `names` that any node has; preferred nodes first."""
        for path, node in self.ordered(prefer):
            for name in names:
                value = value_of(node, name)
                if value is not None:
                    return f"{path}.{name}", value
        return None

    def number(self, names: Sequence[str], prefer: re.Pattern[str] | None = None, default: int = 0) -> int:
        found = self.first(names, prefer)
        if found is None:
            return default
        value = found[1]
        while isinstance(value, (list, tuple)) and value:
            value = value[0]
        return int(value) if isinstance(value, (int, float)) else default

    def ordered(self, prefer: re.Pattern[str] | None) -> list[tuple[str, Any]]:
        if prefer is None:
            return self.nodes
        return sorted(
            self.nodes, key=lambda pair: not prefer.search(pair[0].rpartition(".")[2]) if "." in pair[0] else 0.5
        )


def value_of(node: Any, name: str) -> Any:
    """An attribute of a configuration; None where it has none, or a different one for each layer."""
    try:
        return getattr(node, name, None)
    except RuntimeError:
        return None


def text_node(subject: Subject) -> tuple[str, Any]:
    """The configuration with the vocabulary that input_ids index."""
    try:
        text = subject.config.get_text_config()
    except (ValueError, AttributeError):
        text = subject.config
    for path, node in subject.nodes:
        if node is text and getattr(node, "vocab_size", None):
            return path, node
    for path, node in subject.nodes:
        if isinstance(getattr(node, "vocab_size", None), int):
            return path, node
    return "config", subject.config


def special_ids(subject: Subject) -> list[int]:
    found: set[int] = set()
    for _, node in subject.nodes:
        for name in [*field_names(node), "bos_token_id", "eos_token_id", "pad_token_id", "decoder_start_token_id"]:
            if re.search(r"(_token_id|_token_index|_token_ids|_id)$|^(boa|eoa|boi|eoi)_\w+$", name):
                value = value_of(node, name)
                values = value if isinstance(value, (list, tuple)) else [value]
                found.update(
                    item for item in values if isinstance(item, int) and not isinstance(item, bool) and item >= 0
                )
    return sorted(found)


def tokens(
    subject: Subject, name: str, shape: Sequence[int | str] = ("B", "L"), *, marks: Sequence[Placeholder] = ()
) -> Input:
    path, node = text_node(subject)
    vocabulary = getattr(node, "vocab_size", None)
    vocabulary = vocabulary if isinstance(vocabulary, int) and vocabulary > 0 else 100
    special = special_ids(subject)
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


def plans(subject: Subject) -> Iterator[tuple[Plan, bool]]:
    """Plans in the order of trying, each with whether it has all the modalities that the model declares."""
    names = wanted(subject)
    marks = _marks(subject, names)
    options: list[list[tuple[Input, ...]]] = []
    for name in names:
        found = alternatives(subject, name, marks)
        if found:
            options.append(found)
    seen: list[tuple[Input, ...]] = []
    for chosen in itertools.islice(_by_effort(options), 60):
        inputs = _unique(itertools.chain.from_iterable(chosen))
        if inputs in seen:
            continue
        seen.append(inputs)
        length = max(TEXT_LENGTH, marked_length(marks) + 8)
        yield Plan(inputs=inputs, length=length), True
    text_only = [name for name in names if modality_of(name) == "text"]
    if (
        len(text_only) < len(names)
        and "text" in subject.modalities
        and all(modality_of(n) == "text" for n in subject.required)
    ):
        inputs = _unique(item for name in text_only for item in alternatives(subject, name, ())[0])
        yield Plan(inputs=inputs, length=TEXT_LENGTH), False


def _by_effort(options: list[list[tuple[Input, ...]]]) -> Iterator[tuple[tuple[Input, ...], ...]]:
    """The product of all options, those nearest to the first choices first."""
    ranked = itertools.product(*(list(enumerate(option)) for option in options))
    ordered = sorted(itertools.islice(ranked, 2000), key=lambda combination: sum(rank for rank, _ in combination))
    for combination in ordered:
        yield tuple(value for _, value in combination)


def _unique(inputs: Any) -> tuple[Input, ...]:
    found: dict[str, Input] = {}
    for item in inputs:
        found.setdefault(item.name, item)
    return tuple(found.values())


def modality_of(name: str) -> str:
    if name in IMAGE_NAMES:
        return "image"
    if name in VIDEO_NAMES:
        return "video"
    if name in AUDIO_NAMES:
        return "audio"
    return "text"


def wanted(subject: Subject) -> list[str]:
    """Parameters to give: required ones, and the first that carries each declared modality."""
    names = [name for name in subject.required if name not in ("return_dict",)]
    modalities = subject.modalities
    main = [name for name in subject.main_inputs if subject.takes(name)]
    image = next((name for name in IMAGE_NAMES if subject.takes(name)), None)
    video = next((name for name in VIDEO_NAMES if subject.takes(name)), None)
    audio = next((name for name in AUDIO_NAMES if subject.takes(name)), None)
    if ("text" in modalities or "input_ids" in main) and subject.takes("input_ids"):
        names.append("input_ids")
    names += main
    if image and (modalities & {"image"} or image in names):
        names.append(image)
    elif video and "video" in modalities:
        names.append(video)
    elif image and "video" in modalities:
        names.append(image)
    if audio and "audio" in modalities:
        names.append(audio)
    encoder_decoder = bool(getattr(subject.config, "is_encoder_decoder", False))
    if subject.takes("decoder_input_ids") and (
        encoder_decoder or "labels" not in subject.parameters or _has_decoder(subject)
    ):
        names.append("decoder_input_ids")
    if not names:
        names = main or list(subject.parameters)[:1]
    if "input_ids" in names and subject.takes("attention_mask"):
        names.append("attention_mask")
    names += [name for name in COMPANIONS if subject.takes(name) and name not in names]
    return list(dict.fromkeys(names))


COMPANIONS = (
    "bbox",
    "past_time_features",
    "past_observed_mask",
    "future_values",
    "future_time_features",
    "xpath_tags_seq",
    "states",
)
"""Optional parameters that are taken whenever a model has them."""


def _has_decoder(subject: Subject) -> bool:
    return any(path.endswith("decoder") or getattr(node, "is_encoder_decoder", False) for path, node in subject.nodes)


def _marks(subject: Subject, names: Sequence[str]) -> tuple[Placeholder, ...]:
    if "input_ids" not in names:
        return ()
    marks = []
    kinds = {modality_of(name) for name in names} - {"text"}
    for kind in ("image", "video", "audio"):
        if kind not in kinds:
            continue
        words = [f"{kind}_token_id", f"{kind}_token_index", f"{kind}_pad_token_id"]
        if kind == "image":
            words += ["image_patch_id", "media_token_id", "im_patch_id", "image_soft_token_id"]
        found = subject.first(words)
        if found is None:
            continue
        start = subject.first(
            [f"{kind}_start_token_id", f"{kind}_bos_token_id", f"{kind}_start_id", "vision_start_token_id"]
            if kind != "audio"
            else [f"{kind}_start_token_id", f"{kind}_bos_token_id"]
        )
        end = subject.first(
            [f"{kind}_end_token_id", f"{kind}_eos_token_id", f"{kind}_end_id", "vision_end_token_id"]
            if kind != "audio"
            else [f"{kind}_end_token_id", f"{kind}_eos_token_id"]
        )
        count = 1
        if kind == "image" and any(subject.takes(name) for name in ("image_grid_thw", "grid_thw")):
            merge = subject.number(["spatial_merge_size", "merge_size"], _IMAGE_NODE, 1)
            count = max(1, 64 // merge**2)
        marks.append(
            Placeholder(
                token=found[0], count=count, before=(start[0],) if start else (), after=(end[0],) if end else ()
            )
        )
    return tuple(marks)


def alternatives(subject: Subject, name: str, marks: Sequence[Placeholder]) -> list[tuple[Input, ...]]:
    """Ways to fill the parameter `name`, likeliest first; each may bring companions."""
    builder = BUILDERS.get(name)
    if builder is not None:
        found: list[tuple[Input, ...]] = builder(subject, name, marks)
        return found
    return _by_ending(subject, name)


def _by_ending(subject: Subject, name: str) -> list[tuple[Input, ...]]:
    if name.endswith("mask"):
        return [(Input(name=name, fill="ones", shape=("B", "L"), dtype="long"),)]
    if name.endswith(("input_ids", "_ids")):
        return [(tokens(subject, name),)]
    if name.endswith(("embeds", "states", "embeddings", "features")):
        width = subject.number(["hidden_size", "d_model", "hidden_dim", "dim"], default=64)
        return [
            (Input(name=name, fill="normal", shape=("B", "L", width)),),
            (Input(name=name, fill="normal", shape=("B", width, "L")),),
        ]
    if name in ("timestep", "timesteps", "t", "time"):
        return [(Input(name=name, fill="uniform", shape=("B",)),)]
    width = subject.number(["hidden_size", "d_model", "hidden_dim", "dim", "latent_dim"], default=64)
    return [
        (Input(name=name, fill="normal", shape=("B", "L", width)),),
        (Input(name=name, fill="normal", shape=("B", width, "L")),),
    ]


# Text ---------------------------------------------------------------------------------------------------------------


def _input_ids(subject: Subject, name: str, marks: Sequence[Placeholder]) -> list[tuple[Input, ...]]:
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


def _decoder_input_ids(subject: Subject, name: str, _: Any) -> list[tuple[Input, ...]]:
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


def _attention_mask(subject: Subject, name: str, _: Any) -> list[tuple[Input, ...]]:
    return [(Input(name=name, fill="ones", shape=("B", "L"), dtype="long"),)]


def _bbox(subject: Subject, name: str, _: Any) -> list[tuple[Input, ...]]:
    width = subject.number(["dim_bbox"], default=4)
    if width == 4:
        return [(Input(name=name, fill="boxes", shape=("B", "L", 4), dtype="long"),)]
    return [(Input(name=name, fill="uniform", shape=("B", "L", width)),)]


# Images -------------------------------------------------------------------------------------------------------------


def _geometry(subject: Subject) -> tuple[int, int, int, int]:
    """Channels, side, patch and frames of a patch."""
    channels = subject.number(
        ["num_channels", "in_channels", "in_chans", "num_input_channels", "channels"], _IMAGE_NODE, 3
    )
    side = subject.number(
        ["image_size", "img_size", "input_size", "spec_size", "pretrain_image_size", "crop_size"], _IMAGE_NODE, 0
    )
    patch = subject.number(["patch_size", "spatial_patch_size"], _IMAGE_NODE, 0)
    temporal = subject.number(["temporal_patch_size"], _IMAGE_NODE, 1)
    return channels, side, patch, temporal


def _pixels(subject: Subject, name: str, _: Any) -> list[tuple[Input, ...]]:
    channels, side, patch, temporal = _geometry(subject)
    found: list[tuple[Input, ...]] = []
    image_only = "image" in subject.modalities
    grid = next((item for item in ("image_grid_thw", "grid_thw") if subject.takes(item)), None)
    if grid is not None and patch:
        cells = 8
        flat = Input(name=name, fill="normal", shape=(f"B*{cells * cells}", channels * temporal * patch * patch))
        found.append((flat, Input(name=grid, fill="rows", value=[[1, cells, cells]], dtype="long", shape=("B", 3))))
        unfolded = replace(flat, shape=(f"B*{cells * cells}", channels, patch, patch))
        found.append((unfolded, found[0][1]))
    if subject.takes("image_grid_hw") and patch:
        flat = Input(name=name, fill="normal", shape=("B*64", channels, patch, patch))
        found.append((flat, Input(name="image_grid_hw", fill="rows", value=[[8, 8]], dtype="long", shape=("B", 2))))
    if subject.takes("spatial_shapes") and patch:
        cells = 8
        mask = "pixel_attention_mask"
        found.append(
            (
                Input(name=name, fill="normal", shape=("B", cells * cells, channels * patch * patch)),
                Input(name=mask, fill="ones", shape=("B", cells * cells), dtype="long"),
                Input(name="spatial_shapes", fill="rows", value=[[cells, cells]], dtype="long", shape=("B", 2)),
            )
        )
    if (subject.takes("image_position_ids") or subject.takes("pixel_position_ids")) and patch:
        position = "image_position_ids" if subject.takes("image_position_ids") else "pixel_position_ids"
        cells = 12
        pairs = [[column, row] for row in range(cells) for column in range(cells)]
        found.append(
            (
                Input(name=name, fill="uniform", shape=("B", cells * cells, channels * patch * patch)),
                Input(name=position, fill="example", value=pairs, dtype="long", shape=("B", cells * cells, 2)),
            )
        )
    if subject.takes("target_sizes") and patch:
        cells = 8
        found.append(
            (
                Input(name=name, fill="normal", shape=(1, channels, patch, f"B*{cells * cells * patch}")),
                Input(name="target_sizes", fill="rows", value=[[cells, cells]], dtype="int", shape=("B", 2)),
            )
        )
    sides = [side] if side else [SIDE, 224, 32]
    if side and side > 32:
        sides.append(side)
    if patch and not side:
        sides.insert(0, patch * 8)
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
        if "video" in subject.modalities and not image_only:
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


def _flat_patches(subject: Subject, name: str, _: Any) -> list[tuple[Input, ...]]:
    channels, _side, patch, _temporal = _geometry(subject)
    patch = patch or 16
    width = channels * patch * patch
    return [
        (Input(name=name, fill="patches", shape=("B", 16, width + 2), value=4),),
        (Input(name=name, fill="normal", shape=("B", 16, width)),),
    ]


def _videos(subject: Subject, name: str, _: Any) -> list[tuple[Input, ...]]:
    channels, side, patch, temporal = _geometry(subject)
    side = side or (patch * 8 if patch else SIDE)
    frames = subject.number(["num_frames", "frames_per_clip"], None, 4)
    grid = "video_grid_thw"
    found: list[tuple[Input, ...]] = []
    if subject.takes(grid) and patch:
        flat = Input(name=name, fill="normal", shape=("B*64", channels * temporal * patch * patch))
        found.append((flat, Input(name=grid, fill="rows", value=[[1, 8, 8]], dtype="long", shape=("B", 3))))
    found += [
        (Input(name=name, fill="normal", shape=("B", frames, channels, side, side)),),
        (Input(name=name, fill="normal", shape=("B", channels, frames, side, side)),),
    ]
    return found


def _grid(subject: Subject, name: str, _: Any) -> list[tuple[Input, ...]]:
    return [(Input(name=name, fill="rows", value=[[1, 8, 8]], dtype="long", shape=("B", 3)),)]


def _hidden_states(subject: Subject, name: str, _: Any) -> list[tuple[Input, ...]]:
    if subject.takes("grid_thw"):
        channels, _side, patch, temporal = _geometry(subject)
        return [
            (Input(name=name, fill="normal", shape=("B*64", channels * max(temporal, 1) * patch * patch)),),
            (Input(name=name, fill="normal", shape=("B*64", channels, patch, patch)),),
        ]
    return _by_ending(subject, name)


# Audio --------------------------------------------------------------------------------------------------------------


def _mel_bins(subject: Subject) -> list[int]:
    names = [
        "num_mel_bins",
        "n_mels",
        "feature_size",
        "input_feat_per_channel",
        "mel_bins",
        "num_mel_filters",
        "input_feat_size",
        "input_size",
        "input_dim",
        "feature_projection_input_dim",
        "mel_dim",
        "spec_size",
    ]
    found = subject.first(names, _AUDIO_NODE)
    numbers = [found[1]] if found is not None and isinstance(found[1], int) else []
    return list(dict.fromkeys([*numbers, 80, 128]))[:3]


def _features(subject: Subject, name: str, _: Any) -> list[tuple[Input, ...]]:
    """Spectrograms: bins before frames or after them."""
    frames = [FRAMES * 2]
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
                                dtype="bool" if "bool" in mask_alone else "long",
                            ),
                        )
                    )
                else:
                    found.append((item,))
    return found


def _waves(subject: Subject, name: str, _: Any) -> list[tuple[Input, ...]]:
    wave = Input(name=name, fill="normal", shape=("B", SAMPLES))
    if any(hasattr(node, "num_mel_bins") for _, node in subject.nodes):
        return [*_features(subject, name, ()), (wave,)]
    codec = [(replace(wave, shape=("B", 1, SAMPLES)),)]
    channels = subject.number(["audio_channels"], default=1)
    codec = [(replace(wave, shape=("B", channels, SAMPLES)),), (replace(wave, shape=("B", channels, 16_000)),)]
    return (
        [(wave,), *codec, (replace(wave, shape=("B", 16_000)),)]
        if not any(hasattr(node, "codebook_size") for _, node in subject.nodes)
        else [*codec, (wave,)]
    )


# Series, and others -------------------------------------------------------------------------------------------------


def _past_values(subject: Subject, name: str, _: Any) -> list[tuple[Input, ...]]:
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


def _past_mask(subject: Subject, name: str, _: Any) -> list[tuple[Input, ...]]:
    shape = _past_values(subject, "past_values", ())[0][0].shape
    return [
        (Input(name=name, fill="ones", shape=shape, dtype="float32"),),
        (Input(name=name, fill="ones", shape=shape, dtype="bool"),),
    ]


def _past_time(subject: Subject, name: str, _: Any) -> list[tuple[Input, ...]]:
    shape = _past_values(subject, "past_values", ())[0][0].shape
    width = subject.number(["num_time_features"], default=1)
    return [(Input(name=name, fill="normal", shape=(*shape[:2], width)),)]


def _future(subject: Subject, name: str, _: Any) -> list[tuple[Input, ...]]:
    horizon = subject.number(["prediction_length"], default=8)
    if "time_features" in name:
        return [
            (Input(name=name, fill="normal", shape=("B", horizon, subject.number(["num_time_features"], default=1))),)
        ]
    return [(Input(name=name, fill="normal", shape=("B", horizon)),)]


def _xpath(subject: Subject, name: str, _: Any) -> list[tuple[Input, ...]]:
    return [
        (Input(name=name, fill="zeros", shape=("B", "L", subject.number(["max_depth"], default=50)), dtype="long"),)
    ]


BUILDERS: Mapping[str, Any] = {
    "input_ids": _input_ids,
    "decoder_input_ids": _decoder_input_ids,
    "attention_mask": _attention_mask,
    "bbox": _bbox,
    **dict.fromkeys(("pixel_values", "pixel_values_images", "images", "image_pixel_values", "image"), _pixels),
    "flattened_patches": _flat_patches,
    "image_patches": _flat_patches,
    "pixel_values_videos": _videos,
    "grid_thw": _grid,
    "hidden_states": _hidden_states,
    **dict.fromkeys(("input_features", "audio_input_features", "audio_mel", "spectrogram"), _features),
    **dict.fromkeys(("input_values", "audio_values"), _waves),
    "past_values": _past_values,
    "past_observed_mask": _past_mask,
    "past_time_features": _past_time,
    "future_values": _future,
    "future_time_features": _future,
    "xpath_tags_seq": _xpath,
    "xpath_subs_seq": _xpath,
}
