"""Postfix's shared connection cache daemon in Python: one implementation for simulation and live use."""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.1.0"
