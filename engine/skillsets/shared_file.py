"""The file that all skillsets of a folder share, and the checksum of all that one runs: its text and that file's."""

from __future__ import annotations

from pathlib import Path

from engine.domain.skillset import SHARED_MODULE
from engine.errors import SkillsetFailure
from engine.skillsets.render import checksum_of, read_header, with_header
from engine.skillsets.templates import filled

_TEMPLATE = f"skillset/{SHARED_MODULE}.py"
_IMPORT = f"\nimport {SHARED_MODULE} as base"


def shares(text: str) -> bool:
    """Whether a module of this text needs the file; those of older generators stand alone."""
    return _IMPORT in text


def shared_path(folder: Path) -> Path:
    return folder / f"{SHARED_MODULE}.py"


def render_shared() -> str:
    """The text of `skillset_base.py`; raises SkillsetFailure for a faulty template of the user's own."""
    return with_header(filled(_TEMPLATE, {}), _TEMPLATE, None)


def may_stay(present: str, text: str) -> bool:
    """Whether a person edited what is generated today: modules fit it, so there is nothing to overwrite."""
    header = read_header(present)
    return not header.is_untouched and header.checksum == read_header(text).checksum


def is_current(folder: Path) -> bool:
    """Whether modules generated today find beside them what they need."""
    path = shared_path(folder)
    present, text = _text(path) if path.is_file() else "", render_shared()
    return present == text or may_stay(present, text)


def identity_of(path: Path) -> str:
    """Checksum of all that the module at `path` runs as it lies there; what its describe() tells as well."""
    text, shared = _text(path), shared_path(path.parent)
    return _identity(text, _text(shared) if shares(text) and shared.is_file() else "")


def identity_of_text(text: str, folder: Path) -> str:
    """The same of a module that is about to be written: the shared file would be as well, but for a person's edits."""
    shared = shared_path(folder)
    present = _text(shared) if shares(text) and shared.is_file() else ""
    generated = render_shared()
    return _identity(text, present if may_stay(present, generated) else generated)


def _identity(text: str, shared: str) -> str:
    if not shares(text):
        return read_header(text).actual_checksum
    return checksum_of(_body_of(text) + "\0" + _body_of(shared))


def _body_of(text: str) -> str:
    header = read_header(text)
    return text if header.checksum is None else text.split("\n", 3)[3]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SkillsetFailure(f"{path} cannot be read ({error}); correct its permissions or remove it.") from error
