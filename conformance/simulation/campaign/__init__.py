"""Who draws the steps; one run, many runs, and what is left of those that fail."""
