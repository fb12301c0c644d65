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


def identity_of(path: Path) -> str:
    """Checksum of all that the module at `path` runs; what its describe() tells as well."""
    return identity_of_text(_text(path), path.parent)


def identity_of_text(text: str, folder: Path) -> str:
    """The same of a module that may not have been written yet: the shared file as it lies there, else as it would."""
    if not shares(text):
        return read_header(text).actual_checksum
    shared = shared_path(folder)
    present = _text(shared) if shared.is_file() else ""
    generated = render_shared()
    if not present or (read_header(present).is_untouched and present != generated):
        present = generated
    return checksum_of(_body_of(text) + _body_of(present))


def _body_of(text: str) -> str:
    header = read_header(text)
    return text if header.checksum is None else text.split("\n", 3)[3]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SkillsetFailure(f"{path} cannot be read ({error}); correct its permissions or remove it.") from error
