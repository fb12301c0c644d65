"""Reads the installed transformers library's registry from its source, so that nothing of it is imported.

The library keeps its name tables as literals; importing them would pull in torch, which the server process must not.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from engine.errors import EngineError

ClassNames = str | tuple[str, ...]


class LibraryUnreadable(EngineError):
    """transformers is missing, or its registry is not laid out as this release expects."""

    title = "The transformers library cannot be read"


@dataclass(frozen=True, slots=True, kw_only=True)
class NameTables:
    """The library's registry: which names belong to which model type."""

    config_classes: Mapping[str, str]
    """Model type -> configuration class."""
    special_modules: Mapping[str, str]
    """Model type -> modelling package, where it is not the type's own name."""
    auto_classes: Mapping[str, Mapping[str, ClassNames]]
    """Auto table (such as MODEL_FOR_MASKED_LM) -> model type -> model class or classes."""

    def module_of(self, model_type: str) -> str:
        return self.special_modules.get(model_type, model_type.replace("-", "_"))


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFacts:
    """What a modelling package's source declares, by class name."""

    modalities: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Inherited declarations included; classes that declare none are absent."""
    generating: frozenset[str] = frozenset()
    """Model classes that inherit from a generation mixin."""
    config_fields: Mapping[str, frozenset[str]] = field(default_factory=dict)
    encoder_decoder_configs: frozenset[str] = frozenset()
    stateful: frozenset[str] = frozenset()
    """Model classes that carry a recurrent state between tokens."""


def library_folder() -> Path:
    """Where the installed transformers lies."""
    spec = find_spec("transformers")
    if spec is None or not spec.submodule_search_locations:
        raise LibraryUnreadable("The package transformers is not installed; install it, then try again.")
    return Path(next(iter(spec.submodule_search_locations)))


@lru_cache(maxsize=1)
def library_version() -> str:
    """Of the transformers that this process found when it first asked; raises LibraryUnreadable without one."""
    try:
        return version("transformers")
    except PackageNotFoundError:
        raise LibraryUnreadable("The package transformers is not installed; install it, then try again.") from None


def read_name_tables(folder: Path) -> NameTables:
    """The registry's name tables, duplicates resolved as the library resolves them: the last one holds."""
    tables: dict[str, dict[str, ClassNames]] = {}
    for name in ("auto_mappings.py", "configuration_auto.py", "modeling_auto.py"):
        path = folder / "models" / "auto" / name
        try:
            tree = ast.parse(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise LibraryUnreadable(f"{path} cannot be read ({error.strerror}); reinstall transformers.") from error
        for statement in tree.body:
            _collect(statement, tables)
    configs = _single_names(tables.get("CONFIG_MAPPING_NAMES", {}))
    if not configs or "MODEL_MAPPING_NAMES" not in tables:
        raise LibraryUnreadable(
            f"transformers {library_version()} has no model registry where this release looks for it; "
            "install the version named in constraints.txt."
        )
    auto_classes = {
        name.removesuffix("_NAMES").removesuffix("_MAPPING"): table
        for name, table in tables.items()
        if name.startswith("MODEL_")
    }
    special = _single_names(tables.get("SPECIAL_MODEL_TYPE_TO_MODULE_NAME", {}))
    return NameTables(config_classes=configs, special_modules=special, auto_classes=auto_classes)


def _collect(statement: ast.stmt, tables: dict[str, dict[str, ClassNames]]) -> None:
    """Take up one assignment of, or update to, a table of names."""
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id="OrderedDict")) as call):
            tables[name] = _entries(call, tables)
        case ast.Expr(
            value=ast.Call(
                func=ast.Attribute(value=ast.Name(id=name), attr="update"), args=[ast.Dict() as literal], keywords=[]
            )
        ):
            tables.setdefault(name, {}).update(ast.literal_eval(literal))


def _entries(call: ast.Call, tables: Mapping[str, dict[str, ClassNames]]) -> dict[str, ClassNames]:
    entries: dict[str, ClassNames] = {}
    for argument in call.args:
        for element in argument.elts if isinstance(argument, ast.List) else ():
            entries.update(
                tables.get(spread, {}) if (spread := _spread_table(element)) else [ast.literal_eval(element)]
            )
    for keyword in call.keywords:
        if isinstance(keyword.value, ast.Name):
            entries.update(tables.get(keyword.value.id, {}))
        else:
            entries.update(ast.literal_eval(keyword.value))
    return entries


def _spread_table(element: ast.expr) -> str | None:
    """The table that `*list(TABLE.items())` takes over whole; None for a plain entry."""
    match element:
        case ast.Starred(value=ast.Call(args=[ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="items"))])):
            return name
    return None


def _single_names(table: Mapping[str, ClassNames]) -> dict[str, str]:
    return {name: value for name, value in table.items() if isinstance(value, str)}


_CLASS = re.compile(r"^class (\w+)(?:\(([^)]*)\))?:", re.MULTILINE)
_MODALITIES = re.compile(r"^    input_modalities\b[^=\n]*=\s*([^#\n]+)", re.MULTILINE)
_FIELD = re.compile(r"^    (\w+)\s*:\s*(.*)$", re.MULTILINE)
_STATEFUL = re.compile(r"^    _is_stateful\s*=\s*True", re.MULTILINE)


@lru_cache(maxsize=8)
def read_source_facts(package: Path) -> SourceFacts:
    """Declarations of one modelling package; empty where it ships no source."""
    modalities: dict[str, tuple[str, ...]] = {}
    generating: set[str] = set()
    stateful: set[str] = set()
    fields: dict[str, frozenset[str]] = {}
    encoder_decoders: set[str] = set()
    for path in sorted(package.glob("modeling_*.py")):
        for name, bases, body in _classes(path):
            if declared := _MODALITIES.search(body):
                modalities[name] = _as_modalities(declared[1])
            elif inherited := next((modalities[base] for base in bases if base in modalities), None):
                modalities[name] = inherited
            if any(base.endswith("GenerationMixin") or base in generating for base in bases):
                generating.add(name)
            if _STATEFUL.search(body) or any(base in stateful for base in bases):
                stateful.add(name)
    for path in sorted(package.glob("configuration_*.py")):
        for name, bases, body in _classes(path):
            own = _FIELD.findall(body)
            fields[name] = frozenset(key for key, _ in own).union(*(fields.get(base, ()) for base in bases))
            if any(key == "is_encoder_decoder" and value.endswith("True") for key, value in own) or re.search(
                r"^    is_encoder_decoder\s*=\s*True", body, re.MULTILINE
            ):
                encoder_decoders.add(name)
    return SourceFacts(
        modalities=modalities,
        generating=frozenset(generating),
        config_fields=fields,
        encoder_decoder_configs=frozenset(encoder_decoders),
        stateful=frozenset(stateful),
    )


def _classes(path: Path) -> list[tuple[str, list[str], str]]:
    """Name, bases and body text of every top-level class of a file, in order."""
    text = path.read_text(encoding="utf-8")
    found = list(_CLASS.finditer(text))
    ends = [following.start() for following in found[1:]] + [len(text)]
    return [
        (match[1], [base.strip() for base in (match[2] or "").split(",")], text[match.end() : end])
        for match, end in zip(found, ends, strict=True)
    ]


def _as_modalities(source: str) -> tuple[str, ...]:
    """`"audio"`, `("image", "text")` and `["image"]` are all in use."""
    value = ast.literal_eval(source.strip())
    return (value,) if isinstance(value, str) else tuple(value)
