"""Makes a found recipe complete and fit to be kept: inputs of the default size, generation, limits, counts."""
