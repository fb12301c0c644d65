"""What is known of the hand-written skillset; apart from it, because it imports torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.domain.case import Case
from engine.domain.model import Family, Size
from tests.builders import a_case

SKILLSET = str(Path(__file__).with_name("a_skillset.py"))
WIDTH = 64
DEFAULT_LENGTH = 4

NAN_AT_BATCH = 13
WRONG_ROWS_AT_BATCH = 14
ERROR_AT_BATCH = 15
NOTHING_AT_BATCH = 16
MEMORY_AT_BATCH = 17
"""Holds TEMPORARY_BYTES for a moment in every pass."""
TEMPORARY_BYTES = 48 * 2**20
CRASH_AT_BATCH = 18
TOO_LARGE_AT_BATCH = 19
"""Asks for more memory than any machine has."""
SLOW_AT_BATCH = 20
SLOW_SECONDS = 60.0
DECLINING_AT_BATCH = 21
"""Takes DECLINING_SECONDS in its first passes, then no time: as a model does that has to get warm."""
DECLINING_SECONDS = (0.8, 0.3, 0.1)


def a_linear(**changes: Any) -> Case:
    """A case of it, in its own shape, with one thread."""
    values = {"family": Family.OTHER, "size": Size.TINY, "sequence_length": None, "threads": 1}
    return a_case("linear", **(values | changes))
