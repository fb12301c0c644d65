"""First guesses at what a forward pass takes, by the names of its parameters and what its configuration says."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from engine.recipes.search import audio_inputs, image_inputs, series_inputs, text_inputs
from engine.recipes.search.inputs import Input, Placeholder, Plan, marked_length
from engine.recipes.search.subject import Subject

TEXT_LENGTH = 16

IMAGE_NAMES = (
    "pixel_values",
    "pixel_values_images",
    "images",
    "image_pixel_values",
    "flattened_patches",
    "image_patches",
    "image",
    "visual_feats",
    "visual_embeds",
)
VIDEO_NAMES = ("pixel_values_videos",)
AUDIO_NAMES = (
    "input_features",
    "input_values",
    "audio_input_features",
    "audio_mel",
    "audio_values",
    "spectrogram",
    "audio_input_ids",
    "audio_prompt_latents",
    "audio_latents",
)


def plans(subject: Subject) -> Iterator[Plan]:
    """Plans in the order of trying; the text alone comes last, where a model reads text at all."""
    names = wanted(subject)
    marks = _marks(subject, names)
    options = [found for name in names if (found := alternatives(subject, name, marks))]
    seen: list[tuple[Input, ...]] = []
    for chosen in itertools.islice(_by_effort(options), 60):
        inputs = _unique(itertools.chain.from_iterable(chosen))
        if inputs not in seen:
            seen.append(inputs)
            yield Plan(inputs=inputs, length=max(TEXT_LENGTH, marked_length(marks) + 8))
    text = [name for name in names if modality_of(name) == "text"]
    if len(text) < len(names) and "text" in subject.modalities and set(subject.required) <= set(text):
        inputs = _unique(item for name in text for item in alternatives(subject, name, ())[0])
        yield Plan(inputs=inputs, length=TEXT_LENGTH)


def _by_effort(options: list[list[tuple[Input, ...]]]) -> Iterator[tuple[tuple[Input, ...], ...]]:
    """The product of all options, those nearest to the first choices first."""
    ranked = itertools.product(*(list(enumerate(option)) for option in options))
    ordered = sorted(itertools.islice(ranked, 2000), key=lambda combination: sum(rank for rank, _ in combination))
    for combination in ordered:
        yield tuple(value for _, value in combination)


def _unique(inputs: Iterable[Input]) -> tuple[Input, ...]:
    found: dict[str, Input] = {}
    for item in inputs:
        found.setdefault(item.name, item)
    return tuple(found.values())


def modality_of(name: str) -> str:
    """What a parameter holds by its name; text and whatever comes with it where no other is known."""
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
            merge = subject.number(["spatial_merge_size", "merge_size"], image_inputs.IMAGE_NODE, 1)
            count = max(1, image_inputs.CELLS**2 // merge**2)
        marks.append(
            Placeholder(
                token=found[0], count=count, before=(start[0],) if start else (), after=(end[0],) if end else ()
            )
        )
    return tuple(marks)


def alternatives(subject: Subject, name: str, marks: Sequence[Placeholder]) -> list[tuple[Input, ...]]:
    """Ways to fill the parameter `name`, likeliest first; each may bring companions."""
    builder = BUILDERS.get(name)
    return text_inputs.by_ending(subject, name) if builder is None else builder(subject, name, marks)


Builder = Callable[[Subject, str, Sequence[Placeholder]], list[tuple[Input, ...]]]

BUILDERS: Mapping[str, Builder] = {
    "input_ids": text_inputs.input_ids,
    "decoder_input_ids": text_inputs.decoder_input_ids,
    "attention_mask": text_inputs.attention_mask,
    "bbox": text_inputs.boxes,
    "pixel_values": image_inputs.pixels,
    "pixel_values_images": image_inputs.pixels,
    "images": image_inputs.pixels,
    "image_pixel_values": image_inputs.pixels,
    "image": image_inputs.pixels,
    "flattened_patches": image_inputs.flat_patches,
    "image_patches": image_inputs.flat_patches,
    "pixel_values_videos": image_inputs.videos,
    "grid_thw": image_inputs.grid,
    "hidden_states": image_inputs.patches_or_states,
    "input_features": audio_inputs.spectrograms,
    "audio_input_features": audio_inputs.spectrograms,
    "audio_mel": audio_inputs.spectrograms,
    "spectrogram": audio_inputs.spectrograms,
    "input_values": audio_inputs.waves,
    "audio_values": audio_inputs.waves,
    "past_values": series_inputs.past_values,
    "past_observed_mask": series_inputs.past_mask,
    "past_time_features": series_inputs.past_time,
    "future_values": series_inputs.future,
    "future_time_features": series_inputs.future,
    "xpath_tags_seq": series_inputs.xpath,
    "xpath_subs_seq": series_inputs.xpath,
}
