"""Many runs, and what is left of those that fail."""
