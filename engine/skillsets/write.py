"""Puts a rendered module on disk: all of it or nothing, and never over somebody's edits."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from engine.domain.model import ModelType
from engine.domain.skillset import module_name
from engine.errors import DiskFull, SkillsetFailure
from engine.skillsets.render import read_header
from engine.skillsets.shared_file import may_stay, render_shared, shared_path, shares


def module_path(model: ModelType, output_dir: Path) -> Path:
    """Where the module of `model` lies; the catalogue has no two types that share a path."""
    return output_dir / f"{module_name(model.name)}.py"


def write(model: ModelType, text: str, output_dir: Path, force: bool = False) -> Path:
    """Write `text` as the module of `model`, beside the file that it shares with others; folders are made as needed.

    An identical file is left alone. One that was edited by hand, or that ModelDyno did not make, is overwritten only
    with `force`; otherwise SkillsetFailure names it.
    """
    if shares(text):
        write_shared(output_dir, force)
    return write_file(module_path(model, output_dir), text, force)


def write_shared(output_dir: Path, force: bool = False) -> Path:
    """The shared file as it is today. Edits of today's stay; those of an older one are in the way like a module's."""
    path, text = shared_path(output_dir), render_shared()
    if not force and path.is_file() and may_stay(path.read_text(encoding="utf-8", errors="replace"), text):
        return path
    return write_file(path, text, force)


def write_file(path: Path, text: str, force: bool = False) -> Path:
    """The same for any generated file."""
    try:
        if path.exists():
            present = path.read_text(encoding="utf-8", errors="replace")
            if present == text:
                return path
            if not force and present.strip() and not read_header(present).is_untouched:
                raise SkillsetFailure(
                    f"{path} was edited by hand and is left as it is; use --force to overwrite it, or move it away.",
                    field="force",
                )
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, text)
    except OSError as error:
        raise _explained(error, path) from error
    return path


def _replace(path: Path, text: str) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise


def _explained(error: OSError, path: Path) -> DiskFull | SkillsetFailure:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(
            f"No room to write {path}; free some space or choose another --output-dir or --skillset-dir.",
            field="output_dir",
        )
    return SkillsetFailure(
        f"{path} cannot be written ({error.strerror}); choose another --output-dir or --skillset-dir, or correct its "
        "permissions.",
        field="output_dir",
    )
