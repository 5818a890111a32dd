"""A step of a world: what a client does or what befalls everybody; world.py says what each comes to."""

from __future__ import annotations

from typing import Literal

__all__ = ["Step", "StepName"]

StepName = Literal[
    "connect",
    "ask",
    "ask wrongly",
    "ask behind",
    "write",
    "read",
    "add",
    "attach",
    "half-close",
    "leave",
    "drop",
    "hang up",
    "all hang up",
    "speak",
    "advance",
    "set clock forth",
    "reconfigure",
    "terminate",
    "kill",
    "reload",
    "turn",
    "rest",
]

#: A step's name and its arguments.
Step = tuple[StepName, *tuple[object, ...]]
