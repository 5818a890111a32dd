"""The running cache: whether it answers, asked in a way that its statistics don't count."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scache.admin.instance import PostfixInstance
from scache.client import Client
from scache.errors import ProtocolError, UnavailableError
from scache.protocol.dialect import POSTFIX_2, POSTFIX_3_6

__all__ = ["State", "ask"]

_PATIENCE = 5.0  # seconds for an answer
_LABEL = b"scache check\n"  # no delivery agent's label looks like this


@dataclass(frozen=True)
class State:
    """What was found out about a running service."""

    is_well: bool | None
    """None where it could not be asked, and should have been."""
    said: str


def ask(instance: PostfixInstance | None) -> State:
    """Whether an instance's cache answers, if Postfix runs; None where there is no Postfix.

    Where servers speak first (3.6 and later) that is enough, and no request is made. An older one is asked
    for a destination that nobody has, which it counts.
    """
    try:
        if instance is None or not instance.is_running():
            return State(True, "not asked, because Postfix is not running")
    except UnavailableError as error:
        return State(None, f"not asked: {error}")
    configuration = instance.configuration
    path = Path(configuration.main().text("queue_directory"), "private", configuration.cache_service)
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
