"""Where templates are found, a user's own before the shipped ones, and how they are filled."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
)

from engine.catalog.custom import custom_folder
from engine.config import resource_folder
from engine.errors import SkillsetFailure
from engine.skillsets.layout import laid_out
from engine.skillsets.literal import python_literal


def filled(template: str, context: Mapping[str, object]) -> str:
    """The text of `template`; raises SkillsetFailure with file and line for a faulty one, mostly a user's own."""
    try:
        return _environment(custom_folder() / "templates").get_template(template).render(context)
    except TemplateNotFound as error:
        raise SkillsetFailure(
            f"There is no template {error.name}; add it, or correct the name where it is used."
        ) from error
    except TemplateSyntaxError as error:
        raise SkillsetFailure(f"{error.filename}, line {error.lineno}: {error.message}.") from error
    except TemplateError as error:
        raise SkillsetFailure(f"{_place(error)}: {error}. Correct the template.") from error


def is_own(template: str) -> bool:
    """Whether a user's own template of this name goes before the shipped one."""
    return (custom_folder() / "templates" / template).is_file()


def _place(error: TemplateError) -> str:
    """File and line of the template that was being filled: jinja2 puts them into the traceback."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith(".j2")]
    return f"{frames[-1].filename}, line {frames[-1].lineno}" if frames else "A template"


def _fitted(source: str, indent: int, before: str = "") -> str:
    """An expression laid out after `before` on a line indented by `indent`."""
    return before + laid_out(source, indent=indent, before=len(before))


@cache
def _environment(own: Path) -> Environment:
    shipped = FileSystemLoader(resource_folder("templates"))
    environment = Environment(
        # A user's template of a shipped one's name extends that one as shipped/skillset/NAME.
        loader=ChoiceLoader([FileSystemLoader(own), shipped, PrefixLoader({"shipped": shipped})]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    environment.filters["py"] = python_literal
    environment.filters["fit"] = _fitted
    return environment
