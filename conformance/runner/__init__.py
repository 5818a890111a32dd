"""Playing cases on targets, and judging what came of it."""
