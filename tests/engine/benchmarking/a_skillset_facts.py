"""What is known of the hand-written skillset; apart from it, because it imports torch."""

from __future__ import annotations

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
DECLINING_SECONDS = (0.4, 0.2, 0.1)
