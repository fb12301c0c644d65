"""Where templates are found, a user's own before the shipped ones, and how they are filled."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
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
    """The text of `template`, which is Python.

    Raises SkillsetFailure with file and line for a faulty template, mostly a user's own. What a shipped one raises
    because of the values it is given passes through.
    """
    own = custom_folder() / "templates"
    try:
        text = _environment(own).get_template(template).render(context)
    except SkillsetFailure:
        raise
    except TemplateNotFound as error:
        user = _place(error, own)
        raise SkillsetFailure(
            f"There is no template {error.name}{f', which {user} asks for' if user else ''}; add it, or correct the "
            "name where it is used."
        ) from error
    except TemplateSyntaxError as error:
        reason = (error.message or "").rstrip(".")
        raise SkillsetFailure(
            f"{error.filename or error.name}, line {error.lineno}: {reason}. Correct the template."
        ) from error
    except TemplateError as error:
        place = _place(error, own) or f"The template {template}"
        raise SkillsetFailure(f"{place}: {error}. Correct the template.") from error
    except RecursionError as error:
        raise SkillsetFailure(
            f"{_place(error, own) or f'The template {template}'}: it takes itself in without end; write "
            f'{{% extends "shipped/{template}" %}} to extend the shipped one.'
        ) from error
    except Exception as error:
        culprit = _place(error, own)
        if culprit is None or not culprit.startswith(str(own)):
            raise
        raise SkillsetFailure(f"{culprit}: {type(error).__name__}: {error}. Correct the template.") from error
    _require_python(text, template, own)
    return text


def is_own(template: str) -> bool:
    """Whether a user's own template of this name goes before the shipped one."""
    return (custom_folder() / "templates" / template).is_file()


def _require_python(text: str, template: str, own: Path) -> None:
    """Raises SkillsetFailure with the line that Python does not understand.

    Without templates of the user's own it is the values that make no Python: the SyntaxError or ValueError passes
    through.
    """
    try:
        compile(text, template, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:  # ValueError: a sign that no source may have
        if not any(own.rglob("*.j2")) and not is_own(template):
            raise
        line = error.lineno if isinstance(error, SyntaxError) else None
        lines = text.splitlines()
        where = f"line {line}, {lines[line - 1].strip()!r}, " if line and line <= len(lines) else ""
        reason = error.msg if isinstance(error, SyntaxError) else str(error)
        path = own / template if is_own(template) else f"The template {template} with yours in {own}"
        raise SkillsetFailure(f"{path} renders what is no Python: {where}{reason}. Correct the template.") from error


def _place(error: BaseException, own: Path) -> str | None:
    """File and line of the template that was being filled: jinja2 puts them into the traceback. None before that."""
    folders = (str(own), str(resource_folder("templates")))
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(folders)]
    return f"{frames[-1].filename}, line {frames[-1].lineno}" if frames else None


class _Files(FileSystemLoader):
    """Tells which file cannot be read, which jinja2 leaves to be guessed."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        try:
            return super().get_source(environment, template)
        except UnicodeDecodeError as error:
            line = error.object.count(b"\n", 0, error.start) + 1
            raise SkillsetFailure(
                f"{self._path_of(template)}, line {line}, is not UTF-8 ({error.reason}); save it as UTF-8."
            ) from error
        except OSError as error:
            if isinstance(error, TemplateNotFound):
                raise
            raise SkillsetFailure(
                f"{self._path_of(template)} cannot be read ({error.strerror or error}); correct its permissions."
            ) from error

    def _path_of(self, template: str) -> Path:
        return Path(self.searchpath[0]) / template


def _fitted(source: str, indent: int, before: str = "") -> str:
    """An expression laid out after `before` on a line indented by `indent`."""
    return before + laid_out(source, indent=indent, before=len(before))


@cache
def _environment(own: Path) -> Environment:
    shipped = _Files(resource_folder("templates"))
    environment = Environment(
        # A user's template of a shipped one's name extends that one as shipped/skillset/NAME.
        loader=ChoiceLoader([_Files(own), shipped, PrefixLoader({"shipped": shipped})]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    environment.filters["py"] = python_literal
    environment.filters["fit"] = _fitted
    return environment
