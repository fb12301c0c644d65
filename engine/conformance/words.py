"""An exception of a foreign library, in a sentence and in full."""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Iterator
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path, PurePath

_LONGEST_MESSAGE = 240
_DETAIL_LINES = 40
_LIBRARIES = ("transformers", "diffusers", "timm")
"""Whose line says more than that of torch, in which most errors come up."""
_PACKAGE = r"([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)"
_WANTS_PACKAGE = (
    re.compile(
        rf"pip3? install (?:-U |--upgrade )?['\"]?{_PACKAGE}(?:\[[\w,-]+\])?(?=[`'\"),;<>=!~]|\s*\n|\.?\s*$|\.\s)"
    ),
    re.compile(rf"requires? the {_PACKAGE} library"),
    re.compile(rf"{_PACKAGE} (?:is not installed|was not found in your environment)"),
)
"""How messages name a package, the name that pip knows first; what follows `pip install` in running text is none."""
_NO_NAMES = frozenset(
    {"a", "following", "it", "latest", "library", "module", "package", "same", "that", "this", "which"}
)
_MODULES = {
    "beautifulsoup4": "bs4",
    "flash-linear-attention": "fla",
    "opencv": "cv2",
    "opencv-python": "cv2",
    "pillow": "PIL",
    "pytorch": "torch",
    "scikit-learn": "sklearn",
}
"""A package as messages call it -> its module, where that is not the same name with underscores."""


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
    """The package for want of which `error` was raised; None if that is not its cause.

    Only failed imports tell: any other exception may advise a package too, and is the fault that it is.
    """
    for cause in _chain(error):
        if not isinstance(cause, ImportError):
            continue
        if isinstance(cause, ModuleNotFoundError) and cause.name:
            root = cause.name.partition(".")[0]
            if root not in sys.stdlib_module_names and not _is_installed(root):
                return root
        for package in _packages_in(str(cause)):
            if not _is_installed(package):
                return package
    return None


def _packages_in(message: str) -> Iterator[str]:
    for pattern in _WANTS_PACKAGE:
        yield from (name for name in pattern.findall(message) if name.lower() not in _NO_NAMES)


def _is_installed(package: str) -> bool:
    """Whether pip knows the package under this name, or there is a module of it."""
    try:
        metadata.distribution(package)
    except metadata.PackageNotFoundError:
        module = re.sub(r"[-.]", "_", package)
        names = {_MODULES.get(package.lower(), module), module, module.lower()}
        return any(sys.modules.get(name) is not None or find_spec(name) is not None for name in names)
    return True


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
