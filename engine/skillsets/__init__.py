"""The generator: one runnable module per model type."""
