"""Every decision about a skillset of diffusers, taken before its template sees it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from engine.catalog.checkpoints import Checkpoint, sizes_of
from engine.domain.model import ModelType
from engine.errors import SkillsetFailure
from engine.recipes.diffusion import DiffusionRecipe, Part
from engine.skillsets.context import GENERATOR_VERSION, class_words, headline
from engine.skillsets.input_code import by_size, dimension_code, input_code
from engine.skillsets.layout import laid_out
from engine.skillsets.literal import python_literal

_PASSES = {
    "image-to-image": "images are encoded and decoded again",
    "unconditional-image-generation": "the noise in a batch of images, one step of their making",
}
_STEP = "what the denoiser makes of noisy latents, one step of {}"


def diffusion_template(found: DiffusionRecipe) -> str:
    return f"skillset/{'diffusers_pipeline' if found.parts else 'diffusers'}.py.j2"


def diffusion_context_of(model: ModelType, found: DiffusionRecipe, *, version: str) -> dict[str, object]:
    """What the template is given: plain values, all choices made; `version` is that of diffusers.

    Raises SkillsetFailure for a name or an expression that cannot stand in a module.
    """
    _require_plain_names(model, found)
    recipe = found.recipe
    code = input_code(recipe)
    names = [*(item.name for item in recipe.inputs), *(["prompt_embeds"] if found.parts else [])]
    product = "a video" if "video" in model.modalities else "an image"
    pixels = by_size(str(found.pixels["tiny"]), str(found.pixels["default"]))
    if found.side:
        side = dimension_code(found.side)
        pixels = side if found.scale == 1 else f"{found.scale} * {side}"
    conditional = {name: dimension_code(condition) for name, condition in found.conditional.items()}
    checkpoints = _checkpoints(model, found.parts)
    heading = len("CHECKPOINTS: dict[str, dict[str, Any]] = ")
    return {
        "headline": headline(f"{model.display_name} for {model.task}: {recipe.model_class}", recipe.model_class),
        "pass_words": _PASSES.get(model.task, _STEP.format(product)),
        "display_name": model.display_name,
        "model_class": recipe.model_class,
        "class_words": class_words(model.display_name, recipe.model_class),
        "imports": _imports(found),
        "checkpoints": laid_out(python_literal(checkpoints), indent=0, before=heading) if checkpoints else "",
        "about": _about(model, version),
        "inputs_words": f"Random {_listed(names)}, the same at every call.",
        "code": code,
        "uses_config": code.uses_config or "config." in "".join([pixels, found.limit or "", *conditional.values()]),
        "pixels": pixels,
        "step": found.step,
        "side": "pixels" if found.scale == 1 else f"pixels // {found.scale}",
        "limit": dimension_code(found.limit) if found.limit else "",
        "conditional": conditional,
        "packed": found.packed,
        "folder": found.folder,
        "tiny": _arguments(found, "tiny", before=len("return ")),
        "default": _arguments(found, "default", before=len("default = " if found.parts else "return ")),
        "config_words": "Arguments of a published size, or of a shrunk one that shows that the type runs.",
        "parts": [
            {"name": part.name, "model_class": part.model_class, "call": _construction(part)} for part in found.parts
        ],
        "part_names": (*(part.name for part in found.parts), "scheduler"),
        "part_words": "/, ".join([*(part.name for part in found.parts), "scheduler"]),
    }


def _arguments(found: DiffusionRecipe, size: str, *, before: int) -> str:
    """What builds one size, as a mapping; of a composite by the name of each part."""
    value: Mapping[str, Any] = {part.name: getattr(part, size) for part in found.parts} or getattr(found.recipe, size)
    indent = 4 if before > len("return ") else 8
    return laid_out(python_literal(value), indent=indent, before=before)


def _construction(part: Part) -> str:
    arguments = f"**config[{python_literal(part.name)}]"
    if part.name == "unet":
        arguments = f"**{{{arguments}, **options}}"
    inner = f"{part.config_class}({arguments})" if part.config_class else arguments
    return f"{part.model_class}({inner})"


def _checkpoints(model: ModelType, parts: tuple[Part, ...]) -> dict[str, dict[str, Any]]:
    return {size: _built_from(checkpoint, parts) for size, checkpoint in sizes_of(model.name).items()}


def _built_from(checkpoint: Checkpoint, parts: tuple[Part, ...]) -> dict[str, Any]:
    """The checkpoint's arguments; of a composite those of each part that differs from the default."""
    if not parts:
        return dict(checkpoint.config)
    counted = {part.name: dict(checkpoint.config) for part in parts if part.model_class == checkpoint.model_class}
    others = {
        part.name: dict(part.checkpoints[checkpoint.name]) for part in parts if checkpoint.name in part.checkpoints
    }
    return {**counted, **others}


def _about(model: ModelType, version: str) -> str:
    """What a module tells of itself, as it stands after `ABOUT = `."""
    facts: dict[str, object] = {
        "model_type": model.name,
        "display_name": model.display_name,
        "family": model.family.value,
        "task": model.task,
        "model_class": model.model_class,
        "config_class": model.config_class,
        "modalities": model.modalities,
        "traits": model.traits,
        "generator": f"ModelDyno skillsets {GENERATOR_VERSION}, diffusers {version}",
    }
    return laid_out(python_literal(facts), indent=0, before=len("ABOUT = "))


def _imports(found: DiffusionRecipe) -> list[str]:
    """Import lines in the order of a sorted file."""
    by_module: dict[str, set[str]] = {}
    for name, module in found.recipe.imports.items():
        by_module.setdefault(module, set()).add(name)
    if found.parts:
        by_module.setdefault("diffusers", set()).add("DDIMScheduler")
    return [f"from {module} import {', '.join(sorted(names))}" for module, names in sorted(by_module.items())]


def _listed(names: list[str]) -> str:
    words = [name.replace("_", " ") for name in names]
    shown = words if len(", ".join(words)) <= 70 else [*words[:2], "what goes with them"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _require_plain_names(model: ModelType, found: DiffusionRecipe) -> None:
    """Names that stand outside string literals in generated code must be what they claim to be."""
    imports = found.recipe.imports
    words = [model.config_class, *found.packed, *(part.name for part in found.parts)]
    dotted = [part for name in (*imports, *imports.values()) for part in name.split(".")]
    for name in (*words, *dotted):
        if not name.isidentifier():
            raise SkillsetFailure(f"The name {name!r} of {model.name} cannot stand in a generated module.")
    for value in (model.display_name, model.task, found.folder or ""):
        if not re.fullmatch(r"[\w .+/-]*", value):
            raise SkillsetFailure(f"The text {value!r} of {model.name} cannot stand in a generated module.")
