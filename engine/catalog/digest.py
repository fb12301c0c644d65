"""The fingerprint of a checkpoint's files: another content is another measurement."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

_READ_BYTES = 2**20
_SHA256 = re.compile(r"[0-9a-f]{64}")


def digest_of(files: Sequence[Path]) -> str:
    """SHA-256 over the names and the SHA-256 sums of `files`, all of every file, in the order of their names."""
    told = "\n".join(f"{path.name} {sha256_of(path)}" for path in sorted(files, key=lambda path: path.name))
    return hashlib.sha256(told.encode()).hexdigest()


def sha256_of(path: Path) -> str:
    """Of the whole content; in the hub's cache large files are called by it, and are not read."""
    target = path.resolve()
    if target.parent.name == "blobs" and _SHA256.fullmatch(target.name):
        return target.name
    state = target.stat()
    return _sum_of(target, state.st_ino, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=1024)
def _sum_of(path: Path, *state: int) -> str:
    """Read once for as long as the file's `state` stays what it is: its inode, size and time of change."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_READ_BYTES):
            found.update(block)
    return found.hexdigest()
