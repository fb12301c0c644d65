"""The judge: what a generated module has to show, tried in a process of its own."""
