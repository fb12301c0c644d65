"""The command line: modeldyno, also python -m engine."""
