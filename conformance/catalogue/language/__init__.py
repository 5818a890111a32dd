"""The language that cases are written in."""
