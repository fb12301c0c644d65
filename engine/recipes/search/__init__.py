"""Finds recipes by trying: everything here runs in child processes, where torch and transformers may be imported."""
