"""Planning, process isolation, timing and memory."""
