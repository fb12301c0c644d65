"""What is known of the slow skillset; apart from it, because it imports torch."""

from __future__ import annotations

from pathlib import Path

SLOW_SKILLSET = Path(__file__).with_name("a_slow_skillset.py")
IMPORT_SECONDS = 0.1
LOAD_SECONDS = 0.4
FIRST_PASS_SECONDS = 1.0
BUILDING_BYTES = 64 * 2**20
"""Held for a moment while the model is built, and never again."""
