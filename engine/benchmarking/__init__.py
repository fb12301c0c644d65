"""Planning, process isolation, timing and memory: how a case becomes a result."""
