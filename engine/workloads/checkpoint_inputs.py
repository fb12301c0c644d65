"""Inputs of trained weights: a built-in text, picture or sound through the checkpoint's own tokenizer or processor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.domain.case import Case

TEXT = (
    "A dynamometer holds an engine against a known load and reads what it gives. The load is the same each time, "
    "so that two engines, or one engine on two days, can be compared by what they did and not by what was asked. "
)
"""Repeated until it fills the sequence, so that no place of it is padding."""
TONE_HERTZ = 440.0
_IMAGE_SIDE = 512
_TEXT_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
_IMAGE_TOKENS = ("image_token_id", "image_token_index", "video_token_id", "audio_token_id")


def own_inputs(skillset: Any, case: Case, recipe: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """`recipe`, the skillset's example inputs, with what the checkpoint's own files make in their place.

    Only what has the recipe's shape and number type takes its place, so that the case stays what it says. The second
    value is one sentence for the notes: which inputs are whose.
    """
    made: dict[str, Any] = {}
    reasons: list[str] = []
    for source in (_text, _image, _sound):
        try:
            made |= source(skillset, case, recipe)
        except _NotMade as reason:
            reasons.append(str(reason))
    kept = sorted(set(recipe) - set(made))
    if not made:
        why = f" ({'; '.join(reasons)})" if reasons else ""
        return dict(recipe), f"Inputs from the recipe, random values{why}."
    rest = f"; {', '.join(kept)} from the recipe" if kept else ""
    why = f" ({'; '.join(reasons)})" if reasons else ""
    return {**recipe, **made}, f"Inputs {', '.join(sorted(made))} from the checkpoint's own processor{rest}{why}."


class _NotMade(Exception):
    """Why the recipe's inputs stay."""


def _text(skillset: Any, case: Case, recipe: Mapping[str, Any]) -> dict[str, Any]:
    ids = recipe.get("input_ids")
    if ids is None or ids.dim() != 2:
        return {}
    if any(getattr(skillset.model.config, name, None) is not None for name in _IMAGE_TOKENS):
        raise _NotMade("its text has places for other inputs, which only the recipe fills")
    tokenizer = _loaded("AutoTokenizer", skillset)
    if len(tokenizer) <= len(tokenizer.all_special_tokens):  # what the library makes of a folder that has none
        raise _NotMade("no tokenizer of its own: there is no vocabulary")
    length = int(ids.shape[1])
    text = TEXT * (1 + length // 8)
    encoded = tokenizer([text] * case.batch_size, max_length=length, truncation=True, return_tensors="pt")
    if tuple(encoded["input_ids"].shape) != tuple(ids.shape):
        raise _NotMade(f"its tokenizer makes {tuple(encoded['input_ids'].shape)} instead of {tuple(ids.shape)}")
    if int(encoded["input_ids"].max()) >= skillset.model.get_input_embeddings().num_embeddings:
        raise _NotMade("its tokenizer makes tokens that the model has no place for")
    return _fitting({name: encoded[name] for name in _TEXT_INPUTS if name in encoded and name in recipe}, recipe)


def _image(skillset: Any, case: Case, recipe: Mapping[str, Any]) -> dict[str, Any]:
    pixels = recipe.get("pixel_values")
    if pixels is None or pixels.dim() != 4:
        return {}
    import numpy

    ramp = numpy.linspace(0, 255, _IMAGE_SIDE)
    picture = numpy.stack([ramp[:, None] + 0 * ramp, 0 * ramp[:, None] + ramp, (ramp[:, None] + ramp) / 2], axis=-1)
    processor = _loaded("AutoImageProcessor", skillset)
    encoded = processor([picture.astype(numpy.uint8)] * case.batch_size, return_tensors="pt")
    return _fitting({"pixel_values": encoded["pixel_values"]}, recipe)


def _sound(skillset: Any, case: Case, recipe: Mapping[str, Any]) -> dict[str, Any]:
    name = next((name for name in ("input_features", "input_values") if name in recipe), None)
    if name is None:
        return {}
    import numpy

    extractor = _loaded("AutoFeatureExtractor", skillset)
    rate = int(extractor.sampling_rate)
    count = int(recipe[name].shape[-1]) if recipe[name].dim() == 2 else int(getattr(extractor, "n_samples", rate))
    tone = numpy.sin(2 * numpy.pi * TONE_HERTZ * numpy.arange(count) / rate).astype(numpy.float32)
    encoded = extractor([tone] * case.batch_size, sampling_rate=rate, return_tensors="pt")
    if name not in encoded:
        raise _NotMade(f"its feature extractor makes no {name}")
    return _fitting({name: encoded[name]}, recipe)


def _loaded(kind: str, skillset: Any) -> Any:
    """The checkpoint's processor of this kind; _NotMade where it brings none, or one that cannot be read."""
    import transformers

    reader: Callable[..., Any] = getattr(transformers, kind).from_pretrained
    try:
        return reader(skillset.checkpoint, local_files_only=True)
    except (OSError, ValueError, ImportError, KeyError, AttributeError) as error:
        first = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
        what = {"AutoTokenizer": "tokenizer", "AutoImageProcessor": "image processor"}.get(kind, "feature extractor")
        raise _NotMade(f"no {what} of its own could be read: {first[:120].rstrip('.')}") from error


def _fitting(made: Mapping[str, Any], recipe: Mapping[str, Any]) -> dict[str, Any]:
    """`made` on the recipe's device in its number type; _NotMade where a shape differs."""
    for name, value in made.items():
        if tuple(value.shape) != tuple(recipe[name].shape):
            raise _NotMade(f"its processor makes {name} {tuple(value.shape)} instead of {tuple(recipe[name].shape)}")
    return {name: value.to(device=recipe[name].device, dtype=recipe[name].dtype) for name, value in made.items()}
