"""Tells whether a module would be rendered as it was before, without rendering it."""

from __future__ import annotations

import hashlib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from engine.catalog.custom import custom_folder
from engine.catalog.frozen import recipes_digest
from engine.config import resource_folder
from engine.skillsets.context import GENERATOR_VERSION

_CODE = Path(__file__).resolve().parent
_TEMPLATES = (".j2", ".py")
_TABLES = ("catalog_overrides.toml", "checkpoints.toml", "diffusers_types.toml")


def generator_fingerprint() -> str:
    """Changes with everything that modules are made from: templates, recipes, tables, code, libraries, own files."""
    digest = hashlib.sha256(recipes_digest().encode())
    files = [*sorted(_CODE.glob("*.py")), *sorted((_CODE.parent / "recipes").glob("*.py"))]
    files += sorted(path for path in (resource_folder("templates") / "skillset").iterdir() if path.suffix in _TEMPLATES)
    files += [resource_folder("data") / name for name in _TABLES]
    own = (path for path in custom_folder().rglob("*") if path.suffix in (".toml", *_TEMPLATES))
    files += sorted(path for path in own if path.is_file())
    for path in files:
        digest.update(f"\0{path.name}\0".encode() + _content(path))
    for library in ("transformers", "diffusers"):
        try:
            digest.update(f"\0{library} {version(library)}".encode())
        except PackageNotFoundError:
            digest.update(f"\0no {library}".encode())
    return f"{GENERATOR_VERSION}-{digest.hexdigest()[:12]}"


def _content(path: Path) -> bytes:
    """Of a file that cannot be read, why: whoever fills the template or reads the type tells of it."""
    try:
        return path.read_bytes()
    except OSError as error:
        return str(error).encode()
