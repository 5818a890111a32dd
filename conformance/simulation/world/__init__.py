"""The world of a simulated daemon, and what it remembers."""
