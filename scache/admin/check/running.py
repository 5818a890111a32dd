"""The running cache: whether it answers, asked in a way that its statistics don't count."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from scache.admin.check.configuration import Configuration
from scache.admin.check.sources import Tools
from scache.client import Client
from scache.errors import ProtocolError, UnavailableError
from scache.protocol.dialect import POSTFIX_2, POSTFIX_3_6

__all__ = ["State", "ask", "is_running", "service_of"]

_PATIENCE = 5.0  # seconds for an answer
_LABEL = b"scache check\n"  # no delivery agent's label looks like this


@dataclass(frozen=True)
class State:
    """What was found out about a running service."""

    is_well: bool | None
    """None where it could not be asked, and should have been."""
    said: str


def service_of(configuration: Configuration) -> str:
    """Name of the service that the delivery agents ask for connections."""
    return configuration.main().text("connection_cache_service_name")


def is_running(configuration: Configuration, tools: Tools | None) -> bool:
    """Whether the instance's master(8) runs. UnavailableError where only root could tell."""
    main = configuration.main()
    queue = Path(main.text("queue_directory"))
    directory = queue / (main.text("process_id_directory") or "pid")
    try:
        if tools is None or not (directory / "master.pid").exists():
            return False
    except PermissionError:
        pass
    if os.geteuid() != 0:
        raise UnavailableError("whether Postfix runs can be asked by root only")
    assert tools is not None
    return tools.status(configuration.directory) == 0


def ask(configuration: Configuration, tools: Tools | None) -> State:
    """Whether the cache answers, where Postfix runs.

    Where servers speak first (3.6 and later) that is enough, and no request is made. An older one is asked
    for a destination that nobody has, which it counts.
    """
    try:
        if not is_running(configuration, tools):
            return State(True, "not asked, because Postfix is not running")
    except UnavailableError as error:
        return State(None, f"not asked: {error}")
    queue = configuration.main().text("queue_directory")
    path = Path(queue, "private", service_of(configuration))
    try:
        if configuration.speaks_first:
            Client(str(path), dialect=POSTFIX_3_6, timeout=_PATIENCE).close()
            return State(True, "answers")
        with Client(str(path), dialect=POSTFIX_2, timeout=_PATIENCE) as client:
            client.find_endp(_LABEL)
    except PermissionError as error:
        return State(None, f"not asked: {path}: {error.strerror}")
    except (OSError, ProtocolError) as error:
        return State(False, f"does not answer: {error}")
    return State(True, "answers (that was one lookup, which its statistics count)")
