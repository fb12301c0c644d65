"""Numbered steps to this program's schema. A released step is never edited; a new one is added."""
