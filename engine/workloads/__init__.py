"""What is exercised: startup, inference."""
