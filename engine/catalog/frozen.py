"""The recipes that `modeldyno catalog refresh` found and kept: one JSON object a line, the first telling with what."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from engine.catalog.custom import custom_types
from engine.catalog.library import library_version
from engine.config import default_home, resource_folder
from engine.errors import InvalidValue

Row = Mapping[str, Any]


def recipes_path() -> Path:
    """The recipes that this release ships."""
    return resource_folder("data") / "recipes.jsonl"


def found_here_path() -> Path:
    """Recipes found on this machine, for types or library versions that the shipped ones do not know."""
    return default_home() / "found_recipes.jsonl"


def recipes_digest() -> str:
    """Changes with what either file holds."""
    texts = [path.read_bytes() for path in (recipes_path(), found_here_path()) if path.is_file()]
    return hashlib.sha256(b"\0".join(texts)).hexdigest()


def frozen_rows() -> Mapping[str, Row]:
    """Model type -> row as `engine.recipes.freezing.freeze` returned it: a user's own go before those found here with
    the installed library, and these before shipped ones.

    Raises InvalidValue with the line that is no row.
    """
    own = {name: custom.row for name, custom in custom_types().types.items()}
    shipped = rows_in(recipes_path())
    installed = library_version()
    here = {
        name: row
        for name, row in rows_in(found_here_path()).items()
        if row.get("with") == installed or name not in shipped
    }
    return MappingProxyType({**shipped, **here, **own})


def version_of(row: Row) -> str | None:
    """The version of transformers that a row was found with."""
    version = row.get("with") or found_with().get("transformers")
    return None if version is None else str(version)


def rows_in(path: Path) -> Mapping[str, Row]:
    """The rows of one file; empty when there is no such file."""
    return _read(path, path.stat().st_mtime_ns)[1] if path.is_file() else MappingProxyType({})


def found_with(path: Path | None = None) -> Row:
    """The libraries' versions that the rows were found with; empty when there is no such file."""
    path = path or recipes_path()
    return _read(path, path.stat().st_mtime_ns)[0] if path.is_file() else MappingProxyType({})


@lru_cache(maxsize=4)
def _read(path: Path, modified: int) -> tuple[Row, Mapping[str, Row]]:
    """The file's header and rows; `modified` makes a changed file be read anew."""
    header: Row = {}
    rows: dict[str, Row] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            row = json.loads(line)
            if number == 1:
                header = dict(row["found_with"])
            else:
                rows[row["model_type"]] = row
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidValue(
                f"Line {number} of {path.name} is damaged ({error}); restore the file, or make it anew with "
                "`modeldyno catalog refresh`."
            ) from error
    return MappingProxyType(header), MappingProxyType(rows)


def recipes_text(found_with: Mapping[str, str], rows: Iterable[Row]) -> str:
    """What the file holds: sorted by type, the same text for the same rows."""
    ordered = sorted(rows, key=lambda row: str(row["model_type"]).casefold())
    lines = [json.dumps({"found_with": dict(found_with)}, sort_keys=True)]
    lines += [json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in ordered]
    return "\n".join(lines) + "\n"
