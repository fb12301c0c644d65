"""Packages that a model needs and that are not installed, read from the library's own message."""

from __future__ import annotations

import re
from itertools import zip_longest

_SENTENCE = re.compile(r"requires the (\S+) library but it was not found")
_INSTALL = re.compile(r"pip install ([\w.\[\]-]+)")


def packages_of(error: BaseException) -> list[str]:
    """Names for pip of what `error` says is missing, in its order; empty for any other error.

    A library without advice on pip is called by its own name.
    """
    if not isinstance(error, ImportError):
        return []
    text = str(error)
    named = list(_SENTENCE.finditer(text))
    found = []
    for match, following in zip_longest(named, named[1:]):
        advice = _INSTALL.search(text, match.end(), following.start() if following else len(text))
        found.append(advice[1].rstrip(".") if advice else match[1])
    return list(dict.fromkeys(found))
