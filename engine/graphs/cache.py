"""Where exported graphs are kept, under what name, and which have to go when there are too many."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from engine.backends.presence import installed_version
from engine.domain.case import Case
from engine.domain.skillset import SHARED_MODULE
from engine.graphs.artifact import MANIFEST

LIMIT_BYTES = 8 * 2**30
"""Of all exported graphs together; a default bert is 0.4 GiB in fp32."""
_FORM = 5
"""Grows when what this release writes into an export changes."""
_LIBRARIES = (
    "torch",
    "transformers",
    "onnx",
    "onnxscript",
    "onnxruntime",
    "onnxruntime-gpu",
    "onnxruntime-qnn",
    "openvino",
    "nncf",
)
"""Distributions whose version can change a graph."""
_DRAFT = "draft-"


def artifact_key(case: Case, skillset_path: Path) -> str:
    """A hash of all that can change the graph, the inputs or the reference."""
    told = {
        "form": _FORM,
        "model_type": case.model_type,
        "size": case.size,
        "checkpoint": case.checkpoint,
        "checkpoint_digest": case.checkpoint_digest,
        "checkpoint_files": _files_of(case.checkpoint),
        "backend": case.backend,
        "precision": case.precision,
        "batch_size": case.batch_size,
        "sequence_length": case.sequence_length,
        "image_size": case.image_size,
        "attention": case.attention,
        "skillset": _digest(skillset_path),
        "shared": _digest(skillset_path.with_name(f"{SHARED_MODULE}.py")),
        "libraries": {name: installed_version(name) for name in _LIBRARIES},
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:32]


def kept_artifact(folder: Path, key: str) -> Path | None:
    """The whole export of that key, which counts as used now; None where there is none."""
    found = folder / key
    if not (found / MANIFEST).is_file():
        return None
    os.utime(found)
    return found


@contextmanager
def draft(folder: Path, key: str) -> Iterator[Path]:
    """An empty folder to export into, which becomes the export of `key` at the end of the block.

    It is removed when the block raises, or leaves it without a manifest. Raises OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    drafted = folder / f"{_DRAFT}{os.getpid()}-{uuid4().hex[:8]}"
    drafted.mkdir()
    try:
        yield drafted
        if (drafted / MANIFEST).is_file():
            shutil.rmtree(folder / key, ignore_errors=True)
            drafted.rename(folder / key)
    finally:
        shutil.rmtree(drafted, ignore_errors=True)


def make_room(folder: Path, *, keep: Path, limit_bytes: int = LIMIT_BYTES) -> list[Path]:
    """Remove the exports used longest ago until the rest is within the limit; which were removed.

    `keep` stays however large it is. Drafts that a killed process left behind go first.
    """
    removed = [found for found in folder.glob(f"{_DRAFT}*") if not _is_alive(found)]
    exports = [found for found in folder.iterdir() if (found / MANIFEST).is_file()]
    sizes = {found: _bytes_in(found) for found in exports}
    total = sum(sizes.values())
    for oldest in sorted(exports, key=lambda found: found.stat().st_mtime):
        if total <= limit_bytes:
            break
        if oldest != keep:
            removed.append(oldest)
            total -= sizes[oldest]
    for gone in removed:
        shutil.rmtree(gone, ignore_errors=True)
    return removed


def _is_alive(drafted: Path) -> bool:
    """Whether the process that drafts it still runs."""
    return Path(f"/proc/{drafted.name.removeprefix(_DRAFT).partition('-')[0]}").exists()


def _bytes_in(folder: Path) -> int:
    return sum(found.stat().st_size for found in folder.rglob("*") if found.is_file())


def _digest(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def _files_of(checkpoint: str | None) -> list[tuple[str, int, int]]:
    """Names, sizes and times of a local checkpoint's files: they change without its name changing."""
    folder = Path(checkpoint) if checkpoint is not None else None
    if folder is None or not folder.is_absolute():
        return []
    files = [found for found in sorted(folder.glob("*")) if found.is_file()]
    return [(found.name, found.stat().st_size, found.stat().st_mtime_ns) for found in files]
