"""Keeps the outcome of a scan on disk, because reading the library's source anew at every start takes a second."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine.domain.model import Family, ModelType, Shape, Status, Tier


def key_of(transformers_version: str, overrides_text: str, library_folder: Path) -> str:
    """Changes with the library, with the overrides and with the code that reads them."""
    digest = hashlib.sha256()
    digest.update(f"{transformers_version}\n{library_folder}\n{overrides_text}".encode())
    for name in ("library.py", "classify.py", "overrides.py", "facts.py"):
        digest.update((Path(__file__).parent / name).read_bytes())
    return f"{transformers_version}-{digest.hexdigest()[:12]}"


def load(cache_dir: Path, key: str) -> list[ModelType] | None:
    """The types saved under `key`; None when there are none or the file is damaged."""
    try:
        rows = json.loads(_path(cache_dir, key).read_text(encoding="utf-8"))
        return [_from_row(row) for row in rows]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def save(cache_dir: Path, key: str, types: Sequence[ModelType]) -> None:
    """Atomic. A folder that cannot be written costs a scan at every start and nothing else, so it is no error."""
    with suppress(OSError):
        cache_dir.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=cache_dir, prefix=".catalog-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump([asdict(model) for model in types], file)
            Path(temporary).replace(_path(cache_dir, key))
        except OSError:
            Path(temporary).unlink(missing_ok=True)
            raise


def _path(cache_dir: Path, key: str) -> Path:
    return cache_dir / f"catalog-{key}.json"


def _from_row(row: dict[str, Any]) -> ModelType:
    for name in ("tasks", "modalities", "traits", "parents", "packages", "left_out"):
        row[name] = tuple(row[name])
    shapes = {name: Shape(**row[name]) for name in ("tiny_shape", "default_shape")}
    kinds = {"family": Family(row["family"]), "tier": Tier(row["tier"]), "status": Status(row["status"])}
    return ModelType(**{**row, **shapes, **kinds})
