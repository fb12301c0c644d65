"""What the stored results say together."""
