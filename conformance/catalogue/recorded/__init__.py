"""Recorded exchanges and traces as cases."""
