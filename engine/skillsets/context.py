"""Every decision about a skillset, taken before its template sees it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from engine.catalog.checkpoints import sizes_of
from engine.domain.model import ModelType
from engine.errors import SkillsetFailure
from engine.recipes.recipe import Generation, Recipe
from engine.recipes.search.inputs import Input
from engine.skillsets.aliases import with_aliases
from engine.skillsets.input_code import InputCode, by_size, dimension_code, input_code
from engine.skillsets.layout import LINE, flat, laid_out
from engine.skillsets.literal import python_literal

GENERATOR_VERSION = "3"
"""Grows when a template or recipe changes what a generated module does."""

_PICTURED = "image-text-to-text"
"""The task whose question is about an image that comes beside it."""

_PROCESSORS: Mapping[str, tuple[str, ...]] = {
    "fill-mask": ("tokenizer",),
    "text-generation": ("tokenizer",),
    "text-classification": ("tokenizer",),
    "token-classification": ("tokenizer",),
    "image-classification": ("image_processor",),
    "object-detection": ("image_processor",),
    "depth-estimation": ("image_processor",),
    "image-segmentation": ("image_processor",),
    "video-classification": ("image_processor",),
    "audio-classification": ("feature_extractor",),
    "automatic-speech-recognition": ("tokenizer", "feature_extractor"),
    _PICTURED: ("processor",),
}
"""Tasks that the library's own pipelines serve with one question, and which of a checkpoint's processors each needs."""

_QUESTIONS = {"text": "text", "image": "path of an image", "audio": "path of a sound", "video": "path of a video"}


LONGEST_HEADLINE = 117
"""Characters of the first line of a module's docstring."""
_LONGEST_MESSAGE = LINE - len(" " * 16 + 'f""')
"""Characters of an error's sentence, which stands on a line of its own."""
_LONGEST_LIST = 74
"""Characters of names within the sentence about inputs."""


def context_of(model: ModelType, recipe: Recipe, *, transformers_version: str) -> dict[str, object]:
    """What the family's template is given: plain values, all choices made.

    Raises SkillsetFailure for a name or an expression that cannot stand in a module.
    """
    _require_plain_names(model)
    whole, (recipe, aliases) = recipe, with_aliases(recipe)
    code = input_code(recipe)
    checkpoints = _checkpoints(model)
    part = f".{recipe.part}" if recipe.part else ""
    sides = [_side(inputs) for inputs in (recipe.inputs, recipe.default_inputs)] if recipe.image is not None else []
    side = by_size(*sides) if sides else ""
    processors = _PROCESSORS.get(model.task, ())
    lengths = dict(recipe.lengths) if recipe.unit else {}
    generation = _generation(recipe.generation)
    return {
        "headline": _headline(model, recipe),
        "display_name": model.display_name,
        "task": model.task,
        "model_class": recipe.model_class,
        "config_class": model.config_class,
        "class_words": class_words(model.display_name, recipe.model_class),
        "imports": _imports(recipe),
        "checkpoints": _laid_out(checkpoints, before=len("CHECKPOINTS: dict[str, dict[str, Any]] = "), indent=0),
        "lengths": lengths,
        "length_choice": by_size(str(lengths["tiny"]), str(lengths["default"])) if lengths else "",
        "about": _about(model, recipe, transformers_version),
        "code": code,
        "signature": _signature(recipe),
        "inputs_words": _inputs_words(recipe),
        "names": _listed([item.name for item in recipe.inputs]),
        "heard": _heard(recipe),
        "reads_text": any(item.name == "input_ids" for item in recipe.inputs),
        "limit": dimension_code(recipe.limit) if recipe.limit else "",
        **_shortest(code),
        **_sentences(model, recipe, code),
        "fixed_length": _fixed_length(recipe, code),
        "uses_config": bool(aliases)
        or any("config." in text for text in (*code.statements, code.returned, recipe.limit or "", side)),
        "side": side,
        "image": whole.image,
        "aliases": aliases,
        "resizing": recipe.resizing,
        "patch": _patch(recipe),
        "generation": generation,
        "routing": dimension_code(recipe.routing) if recipe.routing else "",
        "pipeline": model.task if processors else "",
        "processors": processors,
        "question": _question(model),
        "pictured": model.task == _PICTURED,
        "uses_transformers": "transformers." in str(generation and generation["arguments"]),
        "has_others": any(item.fill in ("literal", "sequence") for item in recipe.inputs),
        "config_words": _config_words(recipe),
        "part": part,
        "tiny_call": _call(model.config_class, recipe.tiny, part),
        "default_call": _call(model.config_class, recipe.default, part),
    }


def _about(model: ModelType, recipe: Recipe, version: str) -> str:
    """What a module tells of itself, as it stands after `ABOUT = `."""
    facts: dict[str, object] = {
        "model_type": model.name,
        "display_name": model.display_name,
        "family": model.family.value,
        "task": model.task,
        "model_class": recipe.model_class,
        "config_class": model.config_class,
        "modalities": model.modalities,
        "traits": model.traits,
        **({"left_out": recipe.missing} if recipe.missing else {}),
        **({} if model.default_shown else {"default_inputs": "the likeliest guess, never tried at this size"}),
        "generator": f"ModelDyno skillsets {GENERATOR_VERSION}, transformers {version}",
    }
    return laid_out(python_literal(facts), indent=0, before=len("ABOUT = "))


def _headline(model: ModelType, recipe: Recipe) -> str:
    what = f" ({recipe.part} of {model.display_name})" if recipe.part else ""
    return headline(
        f"{model.display_name} for {model.task}: {recipe.model_class}{what}",
        f"{recipe.model_class}{what}",
        recipe.model_class,
    )


def headline(*subjects: str) -> str:
    """The first line of a module's docstring, about the first subject that it has room for."""
    return _fitting(LONGEST_HEADLINE, *(f"{subject}, ready to be measured." for subject in (*subjects, "A model")))


def class_words(display_name: str, model_class: str) -> str:
    """The docstring of a module's class."""
    names = (display_name, model_class, "The model")
    return _fitting(LINE - len('    """"""'), *(f"{name} on one device in one precision." for name in names))


def _fitting(room: int, *sentences: str) -> str:
    """The first sentence of at most `room` characters, else the last."""
    return next((sentence for sentence in sentences if len(sentence) <= room), sentences[-1])


def _imports(recipe: Recipe) -> list[str]:
    """Import lines in the order of a sorted file, one name a line where they do not fit."""
    by_module: dict[str, list[str]] = {}
    for name, module in recipe.imports.items():
        by_module.setdefault(module, []).append(name)
    for name in (*recipe.imports, *recipe.imports.values()):
        if not all(part.isidentifier() for part in name.split(".")):
            raise SkillsetFailure(f"The name {name!r} cannot stand in a generated module.")
    lines = []
    for module, names in sorted(by_module.items()):
        ordered = sorted(names, key=_import_order)
        line = f"from {module} import {', '.join(ordered)}"
        if len(line) > LINE:
            line = f"from {module} import (\n" + "".join(f"    {name},\n" for name in ordered) + ")"
        lines.append(line)
    return lines


def _import_order(name: str) -> tuple[bool, str]:
    return not name.isupper(), name.casefold()


def _checkpoints(model: ModelType) -> dict[str, dict[str, Any]]:
    """Published sizes by the names that cases and requests have for them."""
    return {name: dict(checkpoint.config) for name, checkpoint in sizes_of(model.name).items()}


def _laid_out(value: Mapping[str, Any], *, before: int, indent: int) -> str:
    return laid_out(python_literal(value), indent=indent, before=before) if value else ""


def _call(config_class: str, arguments: Mapping[str, Any], part: str) -> str:
    """The configuration's construction with keyword arguments, as after `return` inside an `if`."""
    given = ", ".join(f"{key}={python_literal(value)}" for key, value in arguments.items())
    return laid_out(f"{config_class}({given})", indent=8, before=len("return "), after=len(part)) + part


def _signature(recipe: Recipe) -> str:
    arguments = ["self", "batch_size: int = 1"]
    if recipe.unit:
        arguments.append("sequence_length: int | None = None")
    if recipe.image is not None:
        arguments.append("image_size: int | None = None")
    line = ", ".join(arguments)
    if len(f"    def example_inputs({line}) -> dict[str, Any]:") <= 120:
        return line
    return f"\n        {line}\n    "


def _inputs_words(recipe: Recipe) -> str:
    return f"Random {_listed([item.name for item in recipe.inputs])}, the same at every call."


def _listed(names: list[str]) -> str:
    words = [name.replace("_", " ") for name in names]
    shown = words if len(", ".join(words)) <= 70 else [*words[:2], "what goes with them"]
    listed = shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
    return _fitting(_LONGEST_LIST, listed, "inputs of its own")


def _shortest(code: InputCode) -> dict[str, str]:
    """Fewest tokens of an input, as an expression and as it stands in a message."""
    shortest = flat(f"1 + {code.marked}") if code.marked else "1"
    if number := re.fullmatch(r"1 \+ (\d+)", shortest):
        shortest = str(1 + int(number[1]))
    named = {"fewest": "shortest", "least": "{shortest}"}
    return {"shortest": shortest, **({"fewest": shortest, "least": shortest} if shortest.isdigit() else named)}


def _heard(recipe: Recipe) -> str:
    """What a model of sound takes."""
    if recipe.unit == "samples":
        return "raw waveforms"
    names = [item.name for item in recipe.inputs]
    if any(name in ("input_features", "spectrogram", "audio_mel") for name in names):
        return "spectrograms" if len(names) == 1 else "spectrograms and what goes with them"
    return _listed(names)


def _sentences(model: ModelType, recipe: Recipe, code: InputCode) -> dict[str, str]:
    """Expressions of the template that hold names and may be too long for a line."""
    least, names = _shortest(code)["least"], (model.display_name, "the model")
    between = f"Sequence length {{length}} is not between {least} and {{longest}}, what"
    too_long = (f"{between} {name} can read." for name in names)
    one_size = (f"Image size {{image_size}} does not fit: {name} reads {{side}} pixels a side." for name in names)
    return {
        "too_long": f'ValueError(f"{_fitting(_LONGEST_MESSAGE, *too_long)}")',
        "one_size": f'ValueError(f"{_fitting(_LONGEST_MESSAGE, *one_size)}")',
        "loaded": f"base.load(Skillset, {recipe.model_class}, make_config, "
        "size, device, precision, checkpoint, options)",
    }


def _fixed_length(recipe: Recipe, code: InputCode) -> str:
    """The length of what a type reads where nobody can ask for another; empty where no input has one."""
    text = "\n".join([*code.statements, code.returned])
    if recipe.unit or not re.search(r"\blength\b", text):
        return ""
    return by_size(str(recipe.lengths["tiny"]), str(recipe.lengths["default"])).removeprefix("(").removesuffix(")")


def _side(inputs: tuple[Input, ...]) -> str:
    """The square image's side in these inputs."""
    item = next(found for found in inputs if found.name == "pixel_values")
    return dimension_code(item.shape[-1])


def _patch(recipe: Recipe) -> str:
    """Expression of the patch size, where images of other sizes have to be whole patches."""
    if recipe.resizing != "interpolate" or not isinstance(recipe.image, str):
        return ""
    return re.sub(r"\w+$", "patch_size", recipe.image.removesuffix("[0]")) + ("[0]" if recipe.patch_is_list else "")


def _question(model: ModelType) -> str:
    """What a checkpoint of the type is asked with."""
    kind = "text" if model.task == _PICTURED else next(iter(model.modalities), "text")
    return _QUESTIONS.get(kind, "input")


def _generation(generation: Generation | None) -> dict[str, object] | None:
    if generation is None:
        return None
    words = "Exactly `max_new_tokens` tokens more, the likeliest each; random weights would rarely stop by themselves."
    if generation.kind == "audio":
        words = "Sound made of exactly `max_new_tokens` tokens, the likeliest each."
    elif generation.at_most:
        words = "At most `max_new_tokens` tokens more, the likeliest each; the model may have said all before."
    tokens = {
        "max_new_tokens": "max_new_tokens",
        "min_new_tokens": "max_new_tokens",
        "do_sample": "False",
        "num_beams": "1",
    }
    given = {name: _argument(value) for name, value in generation.arguments.items() if value is not None}
    left_out = [name for name, value in generation.arguments.items() if value is None]
    arguments = {name: value for name, value in {**tokens, **given}.items() if name not in left_out}
    code = "\n".join(arguments.values())
    return {
        "without": generation.without,
        "arguments": arguments,
        "uses_config": "config." in code,
        "uses_length": bool(re.search(r"\blength\b", code)),
        "kind": generation.kind,
        "answer": f"answer.{generation.answer}" if generation.answer else 'getattr(answer, "sequences", answer)',
        "words": words,
    }


def _argument(value: object) -> str:
    """An argument of generate() as code; see engine/recipes/freezing/generation.py."""
    match value:
        case str():
            return dimension_code(value)
        case list():
            return f"[{', '.join(map(_argument, value))}]"
        case Mapping():
            fields = (
                f"{name}={python_literal(inner) if isinstance(inner, Mapping) else _argument(inner)}"
                for name, inner in value.items()
            )
            return f"transformers.GenerationConfig({', '.join(fields)})"
    return python_literal(value)


def _config_words(recipe: Recipe) -> str:
    corrected = ", corrected to make a model" if recipe.default else ""
    return f"The library's defaults{corrected}, or a shrunk configuration that shows that the type runs."


def _require_plain_names(model: ModelType) -> None:
    """Names that stand outside string literals in generated code must be what they claim to be."""
    if not model.config_class.isidentifier():
        raise SkillsetFailure(f"The class name {model.config_class!r} of {model.name} cannot stand in a module.")
    for value in (model.display_name, model.task):
        if not re.fullmatch(r"[\w .+/-]+", value):
            raise SkillsetFailure(f"The text {value!r} of {model.name} cannot stand in a generated module.")
