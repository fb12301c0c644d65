"""Figures for cases nobody measured, with intervals."""
