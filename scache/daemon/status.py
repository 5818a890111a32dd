"""The answer to `request=status`: a daemon's own figures, with what it knows of its cache, as JSON.

Imported only where the daemon is to answer, and before a chroot: who doesn't ask doesn't pay for it.
"""

from __future__ import annotations

import json

from scache import __version__
from scache.cache.history import History
from scache.cache.report import report
from scache.checking import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from scache.cache.service import Service
    from scache.config.settings import Settings

__all__ = ["Status"]


class Status:
    """Remembers what is asked of a cache, and tells it.

    `history`: the observer that the cache must have from its beginning.
    """

    def __init__(self, now: int) -> None:
        self.history = History(now)

    def answer(self, service: Service, settings: Settings, clients: int, part: bytes) -> bytes:
        """All that there is to say of labels that hold this part; of an empty part, of the whole daemon."""
        found = service.show(lambda cache: report(cache, self.history, part))
        if not part:
            own = {"version": __version__, "clients": clients, "settings": _shown(settings)}
            counted = {"lookups": service.lookups(), "ended_by_peer": service.sessions_ended()}
            found = {**own, **counted, **found}
        return json.dumps(found, separators=(",", ":")).encode()


def _shown(settings: Settings) -> dict[str, Any]:
    """The values, by the names of their fields."""
    values = {name: getattr(settings, name) for name in settings.__slots__ if name not in ("dialect", "path")}
    dialect = settings.dialect
    said: Mapping[bytes, bytes] = values["goodbye"]
    values["goodbye"] = {_text(service): _text(text) for service, text in said.items()}
    return values | {name: getattr(dialect, name) for name in dialect.__slots__}


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
