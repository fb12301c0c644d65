"""The C library's allocator, told to keep what a pass has freed for the next one.

glibc hands memory at the top of its heap back to the kernel when enough of it is free, unless some small piece lies
above. Where it does, every pass asks for its activations anew and pays for thousands of page faults: from process to
process the same forward pass differs by a tenth or more, by the luck of the heap's layout (docs/performance.md has the
figures). Forks of one server inherit one layout, so that not even their spread would show it.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Mapping

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""M_TRIM_THRESHOLD, M_MMAP_THRESHOLD and M_ARENA_MAX of glibc's malloc.h."""
_NEVER = 2**31 - 1
_LARGEST_MMAP_THRESHOLD = 32 * 2**20
"""As large as glibc takes it on 64-bit systems, and lets it grow by itself: larger pieces come from the kernel."""
_LARGE = 2**20
_FEW_ARENAS = 2


def keep_freed_memory(shell: Mapping[str, str] = os.environ) -> bool:
    """Whether this process does from now on: not without glibc, nor where the shell has settings of its own."""
    mallopt = _mallopt(shell)
    if mallopt is None:
        return False
    kept = mallopt(_MMAP_THRESHOLD, _LARGEST_MMAP_THRESHOLD) and mallopt(_TRIM_THRESHOLD, _NEVER)
    return bool(kept)


def give_back_large_pieces(shell: Mapping[str, str] = os.environ) -> bool:
    """The opposite, for a server: whether what it frees in large pieces goes back to the kernel from now on.

    Left to itself, glibc serves ever larger pieces from the heaps of up to eight arenas a core, and each keeps what one
    answer of many megabytes once took.
    """
    mallopt = _mallopt(shell)
    if mallopt is None:
        return False
    given = mallopt(_ARENA_MAX, _FEW_ARENAS) and mallopt(_MMAP_THRESHOLD, _LARGE) and mallopt(_TRIM_THRESHOLD, _LARGE)
    return bool(given)


def return_freed_memory() -> None:
    """Give the kernel all that is free now, so that resident memory is what is in use."""
    trim = _of_glibc("malloc_trim")
    if trim is not None:
        trim(0)


def _mallopt(shell: Mapping[str, str]) -> ctypes._NamedFuncPointer | None:
    """None without glibc, and where the shell has settings of its own."""
    if any(name.startswith("MALLOC_") for name in shell) or "glibc.malloc" in shell.get("GLIBC_TUNABLES", ""):
        return None
    return _of_glibc("mallopt")


def _of_glibc(name: str) -> ctypes._NamedFuncPointer | None:
    try:
        found: ctypes._NamedFuncPointer = getattr(ctypes.CDLL(None), name)
    except (AttributeError, OSError, TypeError):
        return None
    return found
