"""The load, and the least that a server could do with it."""
