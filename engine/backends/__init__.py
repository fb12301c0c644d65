"""Software that executes models, one class each; heavy imports stay inside."""
