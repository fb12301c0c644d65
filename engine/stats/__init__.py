"""Pure functions on numbers: summaries, comparisons, intervals."""
