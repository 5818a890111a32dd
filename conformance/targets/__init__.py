"""The targets of the bench: each of them starts daemons that can be talked to."""

from __future__ import annotations

from conformance.targets.registry import STANDARD, parse_target

__all__ = ["STANDARD", "parse_target"]
