"""The dashboard and its endpoints: python -m app."""
