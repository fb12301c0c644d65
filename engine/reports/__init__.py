"""Reports of a run: what they say, and one exporter per format."""
