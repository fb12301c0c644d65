"""Where templates are found, a user's own before the shipped ones, and how they are filled."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping
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
    nodes,
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
    environment = _environment(own)
    try:
        parsed = environment.get_template(template)
        if own.is_dir():
            _require_known_blocks(environment, template, own)
        text = parsed.render(context)
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
        place = _own_place(error, template, context, own) or _place(error, own) or f"The template {template}"
        raise SkillsetFailure(f"{place}: {str(error).rstrip('.')}. Correct the template.") from error
    except RecursionError as error:
        raise SkillsetFailure(
            f"{_place(error, own) or f'The template {template}'}: it takes itself in without end; write "
            f'{{% extends "shipped/{template}" %}} to extend the shipped one.'
        ) from error
    except Exception as error:
        culprit = _own_place(error, template, context, own)
        if culprit is None:
            raise
        raise SkillsetFailure(f"{culprit}: {type(error).__name__}: {error}. Correct the template.") from error
    _require_python(text, template, own)
    return text


def is_own(template: str) -> bool:
    """Whether a user's own template of this name goes before the shipped one."""
    return (custom_folder() / "templates" / template).is_file()


def _require_known_blocks(environment: Environment, template: str, own: Path) -> None:
    """Raises SkillsetFailure for a block of the user's own that no extended template has, which jinja2 would drop."""
    chain = _chain(environment, template)
    if any(tree.find(nodes.Extends) for _, tree in chain[-1:]):
        return  # what else there is shows as it is filled
    for place, (path, tree) in enumerate(chain[:-1]):
        if not _is_of(own, path):
            continue
        there = [block.name for _, parent in chain[:place:-1] for block in parent.find_all(nodes.Block)]
        for block in _outer_blocks(tree):
            if block.name not in there:
                raise SkillsetFailure(
                    f"{path}, line {block.lineno}: no template that it extends has a block {block.name!r}, so it "
                    f"would be dropped; use {', '.join(dict.fromkeys(there)) or 'none, for there are none'}."
                )


def _chain(environment: Environment, template: str) -> list[tuple[str, nodes.Template]]:
    """The path and syntax of a template, of the one that it extends, and so on.

    It ends early at one that cannot be had or comes again: filling the template tells of both.
    """
    chain: list[tuple[str, nodes.Template]] = []
    name: str | None = template
    while name is not None:
        found = _syntax(environment, name)
        if found is None or found[0] in [path for path, _ in chain]:
            break
        chain.append(found)
        name = next((extended for how, extended in _taken_in(found[1]) if isinstance(how, nodes.Extends)), None)
    return chain


def _syntax(environment: Environment, template: str) -> tuple[str, nodes.Template] | None:
    """Path and syntax of the template of this name; None where there is none, or a mistake in it."""
    assert environment.loader is not None
    try:
        source, path, _ = environment.loader.get_source(environment, template)
        return path or template, environment.parse(source, template, path)
    except (TemplateNotFound, TemplateSyntaxError):
        return None


def _taken_in(tree: nodes.Template) -> Iterator[tuple[nodes.Stmt, str]]:
    """How and by which name the template takes others in; those that it works out as it is filled are left out."""
    for node in tree.find_all(nodes.Stmt):
        if isinstance(node, nodes.Extends | nodes.Include | nodes.Import | nodes.FromImport) and isinstance(
            node.template, nodes.Const
        ):
            yield node, str(node.template.value)


def _outer_blocks(node: nodes.Node) -> Iterator[nodes.Block]:
    """Blocks that stand in no other one: those have their place from the templates extended."""
    for child in node.iter_child_nodes():
        if isinstance(child, nodes.Block):
            yield child
        else:
            yield from _outer_blocks(child)


def _own_files(template: str, own: Path) -> dict[str, str]:
    """Path of each of the user's own templates that filling this one takes in, by its name; the first one first."""
    environment = _environment(own)
    found: dict[str, str] = {}
    seen, names = {template}, [template]
    for name in names:
        parsed = _syntax(environment, name)
        if parsed is None:
            continue
        if _is_of(own, parsed[0]):
            found[name] = parsed[0]
        more = dict.fromkeys(taken for _, taken in _taken_in(parsed[1]) if taken not in seen)
        seen.update(more)
        names.extend(more)
    return found


def _is_filled_by_shipped(template: str, context: Mapping[str, object]) -> bool:
    """Whether these values do for the shipped templates alone, so that the user's own are at fault."""
    try:
        _environment(resource_folder("templates")).get_template(template).render(context)
    except Exception:
        return False
    return True


def _own_place(error: BaseException, template: str, context: Mapping[str, object], own: Path) -> str | None:
    """Where in the user's own templates to look for the fault; None where those are not to blame.

    That is where the filling stopped, else a file that the error names, else whatever is taken in.
    """
    place = _place(error, own)
    if _is_of(own, place):
        return place
    files = _own_files(template, own) if own.is_dir() else {}
    if not files or not _is_filled_by_shipped(template, context):
        return None
    named = [path for name, path in files.items() if f"'{name}'" in str(error)] or list(files.values())
    return f"{' or '.join(named)}{f' (as {place}, uses it)' if place else ''}"


def _is_of(own: Path, place: str | None) -> bool:
    return place is not None and Path(place).is_relative_to(own)


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
