"""Every decision about a skillset, taken before its template sees it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from engine.catalog.shapes import shape_of
from engine.domain.model import ModelType, Size
from engine.errors import SkillsetFailure
from engine.skillsets.recipes import RECIPES, Recipe

GENERATOR_VERSION = "1"
"""Grows when a template or recipe changes what a generated module does."""

_INPUT_SENTENCES: Mapping[str, str] = {
    "text_encoder": "One inference reads a whole sequence of tokens and scores every position.",
    "text_decoder": "One inference reads a whole prompt and scores the next token at every position.",
    "text_to_text": "One inference encodes a sequence and scores a reply of the same length, given as decoder input.",
    "vision": "One inference classifies a batch of images.",
    "vision_text": "One inference compares every image of the batch with every text of the batch.",
    "speech_to_text": "One inference encodes a window of spectrogram and scores the transcript's first four tokens.",
    "audio": "One inference reads a raw waveform at 16 kHz and scores a token for every frame.",
}


def recipe_for(model: ModelType) -> Recipe:
    """The recipe of a verified type; raises SkillsetFailure, saying why, for every other."""
    recipe = RECIPES.get(model.name)
    if recipe is not None:
        return recipe
    if not model.model_class:
        raise SkillsetFailure(
            f"{model.name} is a part of another model: the library offers no class to run it on its own. "
            "Choose the model type that it belongs to.",
            field="models",
        )
    raise SkillsetFailure(
        f"{model.name} is listed, no verified recipe in this release. Verified: {', '.join(sorted(RECIPES))}.",
        field="models",
    )


def context_of(model: ModelType, recipe: Recipe, *, transformers_version: str) -> dict[str, object]:
    """What the template of `recipe` is given: plain values, all choices made."""
    _require_plain_names(model)
    shapes = {size.value: shape_of(model, size) for size in Size}
    return {
        "model_type": model.name,
        "display_name": model.display_name,
        "family": model.family.value,
        "task": model.task,
        "model_class": model.model_class,
        "config_class": model.config_class,
        "imports": sorted((model.config_class, model.model_class)),
        "modalities": model.modalities,
        "traits": model.traits,
        "input_sentence": _INPUT_SENTENCES[recipe.template],
        "tiny": recipe.tiny,
        "first_token": recipe.first_token,
        "sequence_limit": recipe.sequence_limit,
        "sequence_length": {name: sequence for name, (sequence, _) in shapes.items()},
        "generation_arguments": recipe.generation_arguments,
        "generator": f"ModelDyno skillsets {GENERATOR_VERSION}",
        "generated_for": f"transformers {transformers_version}",
    }


def _require_plain_names(model: ModelType) -> None:
    """Names that stand outside string literals in generated code must be what they claim to be."""
    for value in (model.config_class, model.model_class):
        if not value.isidentifier():
            raise SkillsetFailure(f"The class name {value!r} of {model.name} cannot stand in a generated module.")
    for value in (model.display_name, model.task):
        if not re.fullmatch(r"[\w .+/-]+", value):
            raise SkillsetFailure(f"The text {value!r} of {model.name} cannot stand in a generated module.")
