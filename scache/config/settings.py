"""The parameters that a running daemon goes by."""

from __future__ import annotations

from scache.checking import TYPE_CHECKING
from scache.protocol.dialect import POSTFIX_3_6

if TYPE_CHECKING:
    from scache.protocol.dialect import Dialect

__all__ = ["Settings"]


class Settings:
    """Values of the parameters, named as in main.cf where it has them; times in whole seconds.

    max_idle: end when no client has been connected for so long; 0 means never, which only a stand-alone
    daemon can choose. message_limit: longest message in bytes. path: how the log names a connection.

    Where Postfix loses something, and this daemon does too unless it is told otherwise:
    keep_unclaimed: a session whose client goes before it asks for the descriptor stays in the cache.
    skip_closed: a session that its remote side has closed is closed, and not handed out.
    goodbye: what an expiring session is told before it is closed.
    """

    __slots__ = (
        "dialect",
        "goodbye",
        "ipc_timeout",
        "keep_unclaimed",
        "max_idle",
        "message_limit",
        "path",
        "skip_closed",
        "status_update_time",
        "ttl_limit",
    )

    def __init__(
        self,
        *,
        ttl_limit: int = 2,
        status_update_time: int = 600,
        max_idle: int = 100,
        ipc_timeout: int = 3600,
        dialect: Dialect = POSTFIX_3_6,
        message_limit: int = 1 << 20,
        path: str = "scache socket",
        keep_unclaimed: bool = False,
        skip_closed: bool = False,
        goodbye: bytes = b"",
    ) -> None:
        self.ttl_limit = ttl_limit
        self.status_update_time = status_update_time
        self.max_idle = max_idle
        self.ipc_timeout = ipc_timeout
        self.dialect = dialect
        self.message_limit = message_limit
        self.path = path
        self.keep_unclaimed = keep_unclaimed
        self.skip_closed = skip_closed
        self.goodbye = goodbye
