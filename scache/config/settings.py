"""The parameters that a running daemon goes by."""

from __future__ import annotations

from scache.checking import TYPE_CHECKING
from scache.protocol.dialect import POSTFIX_3_6

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scache.protocol.dialect import Dialect

__all__ = ["Settings"]

NOBODY: Mapping[bytes, bytes] = {}


class Settings:
    """Values of the parameters, named as in main.cf where it has them; times in whole seconds.

    max_idle: end when no client has been connected for so long; 0 means never, which only a stand-alone
    daemon can choose. message_limit: longest message in bytes. path: how the log names a connection.

    Where Postfix loses something, and this daemon does too unless it is told otherwise:
    keep_unclaimed: a session whose client goes before it asks for the descriptor stays in the cache.
    skip_closed: a session that its remote side has closed is closed, and not handed out.
    watch: a cached session that its remote side closes, or on which it says something, leaves the cache.
    newest_first: a find takes the endpoint's newest session, so that the others fall due.
    goodbye: what a session is told before it is closed, by the first line of its endpoint's label; of no line
    in particular where the key is empty.
    streams_only: a descriptor that is no connected stream socket isn't saved.
    core_dump: the daemon may leave a core file, and others of its user may trace it.
    handover: a daemon that ends because master(8) reloads passes what it has cached to its successor.

    status_request: the daemon answers `request=status`, for which it remembers what was asked of it.

    Bounds that Postfix doesn't have, each beyond what a mail server at work reaches. Numbers of sessions
    (session_limit: in all, 0: no bound), of bindings and of clients; bytes of cached labels and properties,
    of messages that aren't finished and of answers that aren't read (each for all clients together);
    warning_limit: lines of a kind in a minute, 0: all.
    """

    __slots__ = (
        "binding_limit",
        "cache_size_limit",
        "client_limit",
        "core_dump",
        "destination_binding_limit",
        "dialect",
        "endpoint_session_limit",
        "goodbye",
        "handover",
        "ipc_timeout",
        "keep_unclaimed",
        "max_idle",
        "message_limit",
        "newest_first",
        "path",
        "session_limit",
        "skip_closed",
        "status_request",
        "status_update_time",
        "streams_only",
        "ttl_limit",
        "unfinished_limit",
        "unread_limit",
        "warning_limit",
        "watch",
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
        watch: bool = False,
        newest_first: bool = False,
        goodbye: Mapping[bytes, bytes] = NOBODY,
        handover: bool = False,
        streams_only: bool = False,
        core_dump: bool = False,
        status_request: bool = False,
        session_limit: int = 0,
        endpoint_session_limit: int = 10_000,
        binding_limit: int = 100_000,
        destination_binding_limit: int = 5_000,
        client_limit: int = 10_000,
        cache_size_limit: int = 32 << 20,
        unfinished_limit: int = 16 << 20,
        unread_limit: int = 16 << 20,
        warning_limit: int = 10,
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
        self.watch = watch
        self.newest_first = newest_first
        self.goodbye = goodbye
        self.handover = handover
        self.streams_only = streams_only
        self.core_dump = core_dump
        self.status_request = status_request
        self.session_limit = session_limit
        self.endpoint_session_limit = endpoint_session_limit
        self.binding_limit = binding_limit
        self.destination_binding_limit = destination_binding_limit
        self.client_limit = client_limit
        self.cache_size_limit = cache_size_limit
        self.unfinished_limit = unfinished_limit
        self.unread_limit = unread_limit
        self.warning_limit = warning_limit
