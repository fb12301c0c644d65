"""Measurements made elsewhere: files of several forms become results that say where they come from."""
