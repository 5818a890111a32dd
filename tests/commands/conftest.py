"""What all tests of the commands have in common."""

from __future__ import annotations

from importlib import import_module

import pytest

import conformance.cli
import scache.cli
from scache.commands.program import command_of

#: What a command imports while it runs.
LATE = (
    "conformance.report.page",
    "conformance.report.terminal",
    "grp",
    "matplotlib.backends.backend_svg",
    "pwd",
    "statistics",
)


@pytest.fixture(scope="session", autouse=True)
def loaded() -> None:
    """What a child loads is lost, and as somebody else it may not read it."""
    for commands in (scache.cli.COMMANDS, conformance.cli.COMMANDS):
        for module, _ in commands.values():
            command_of(module)
    for module in LATE:
        import_module(module)
