"""A model type in, the text of the tests beside its module out."""

from __future__ import annotations

from pathlib import Path

from engine.domain.model import Family, ModelType
from engine.skillsets.render import library_of, recipe_for, version_for, with_header
from engine.skillsets.templates import filled

_TEMPLATE = "skillset/test.py.j2"


def path_beside(module: Path) -> Path:
    """Where the tests of the module at this path lie: `test_hf_<type>.py` beside it."""
    return module.with_name(f"test_{module.name}")


def render_test(model: ModelType, module: Path, *, transformers_version: str | None = None) -> str:
    """The text of `test_hf_<type>.py`: what pytest runs beside `module`, without ModelDyno.

    Raises SkillsetFailure for a type without a recipe.
    """
    generation = recipe_for(model).generation
    version = transformers_version or version_for(model)
    body = filled(
        _TEMPLATE,
        {
            "module": module.stem,
            "filename": path_beside(module).name,
            "display_name": model.display_name,
            "library": library_of(model),
            "has_experts": "mixture_of_experts" in model.traits,
            "generates": generation is not None and generation.kind == "tokens",
            "is_decoder": model.family is Family.TEXT_DECODER,
        },
    )
    return with_header(body, _TEMPLATE, version, library=library_of(model))
