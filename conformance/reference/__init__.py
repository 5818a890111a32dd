"""The bench's own scache: a model written to be obviously right, its rules independent of `scache`'s code.

It follows the C program's way: one procedure a client, which reads and writes as if it could wait. Only the
waiting is different: the procedures are generators, so that the others go on meanwhile.
"""

from __future__ import annotations

from conformance.reference.line import Line, Session
from conformance.reference.scache import ReferenceScache

__all__ = ["Line", "ReferenceScache", "Session"]
