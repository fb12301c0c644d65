"""An exception of a foreign library, in a sentence and in full."""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path, PurePath

_LONGEST_MESSAGE = 240
_DETAIL_LINES = 40
_LIBRARIES = ("transformers", "diffusers", "timm")
"""Whose line says more than that of torch, in which most errors come up."""
_WANTS_PACKAGE = re.compile(
    r"requires? the (?P<package>[\w.-]+) library"
    r"|(?P<other>[\w.-]+) (?:is not installed|was not found in your environment)"
    r"|pip3? install (?:-U |--upgrade )?(?P<installed>[\w.\[\]-]+)"
)


def reason_of(error: BaseException, module: Path) -> str:
    """Kind, message and place, such as "ValueError: bad size (transformers/models/vit/modeling_vit.py:61)."."""
    message = " ".join(str(error).split()).rstrip(".")
    if len(message) > _LONGEST_MESSAGE:
        message = f"{message[: _LONGEST_MESSAGE - 1].rstrip()}…"
    kind = type(error).__name__
    place = _place(error, module)
    return f"{kind}: {message}{place}." if message else f"{kind}{place}."


def detail_of(error: BaseException) -> str:
    """The end of the traceback."""
    lines = "".join(traceback.format_exception(error)).splitlines()
    return "\n".join(lines[-_DETAIL_LINES:])


def missing_package(error: BaseException) -> str | None:
    """The package for want of which `error` was raised; None if that is not its cause."""
    for cause in _chain(error):
        if isinstance(cause, ModuleNotFoundError) and cause.name:
            root = cause.name.partition(".")[0]
            if root not in sys.stdlib_module_names and find_spec(root) is None:
                return root
        found = _WANTS_PACKAGE.search(str(cause))
        if found is not None and (isinstance(cause, ImportError) or found["installed"]):
            return found["package"] or found["other"] or found["installed"]
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or cause.__context__


def _place(error: BaseException, module: Path) -> str:
    """The innermost line of a model library, else of the module itself, else of whatever it called."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return ""
    in_library = [frame for frame in frames if _library_path(frame.filename)]
    in_module = [frame for frame in frames if frame.filename == str(module)]
    chosen = (in_library or in_module or list(frames))[-1]
    return f" ({_library_path(chosen.filename) or PurePath(chosen.filename).name}:{chosen.lineno})"


def _library_path(filename: str) -> str | None:
    parts = PurePath(filename).parts
    for index, part in enumerate(parts):
        if part == "site-packages" and parts[index + 1 : index + 2] and parts[index + 1] in _LIBRARIES:
            return "/".join(parts[index + 1 :])
    return None
