"""What a shell can set that changes how fast the same case runs, and that no case and no environment records."""

from __future__ import annotations

from collections.abc import Mapping

_TELLING = (
    "ATEN_CPU_CAPABILITY",
    "DNNL_",
    "ONEDNN_",
    "MKL_",
    "GLIBC_TUNABLES",
    "LD_PRELOAD",
    "MALLOC_",
    "PYTHONMALLOC",
)
"""How the names of such variables begin: the choice of kernels, and the allocator."""


def settings_notes(shell: Mapping[str, str]) -> list[str]:
    """One sentence that names them; empty where none is set."""
    found = [f"{name}={value}" for name, value in sorted(shell.items()) if name.startswith(_TELLING)]
    return [f"Set in the environment, and able to change the figures: {', '.join(found)}."] if found else []
