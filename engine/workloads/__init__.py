"""What is exercised: one file per workload, each runs in a case process."""
