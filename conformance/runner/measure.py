"""Bounded measurements of a daemon's process, for what a dialogue can't show."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from conformance.target import Daemon, Peer

__all__ = ["MEASURES"]

Measure = Callable[[Daemon, Mapping[str, Peer]], str | None]

#: Each returns what is wrong, None where all is well.
MEASURES: Mapping[str, Measure] = {}
