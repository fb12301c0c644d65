"""What libraries print for a terminal, as text that can be stored and shown anywhere."""

from __future__ import annotations

import re

_CONTROL = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colours, weights, cursor: ECMA-48's control sequences
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # titles and links: operating system commands
    r"|\x1b[@-Z\\-_]"
)


def without_colours(text: str) -> str:
    """Without the codes that tell a terminal how to show it."""
    return _CONTROL.sub("", text) if "\x1b" in text else text
