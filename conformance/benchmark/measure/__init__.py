"""Measurements, one kind a module."""
