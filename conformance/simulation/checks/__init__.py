"""Invariants, one a file, and what a campaign must have met."""
