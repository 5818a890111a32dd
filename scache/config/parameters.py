"""The parameters of the service: one row each, which the reader of main.cf, `scache serve --help`, the
documentation and the bench go by. Defaults stand in Settings, of which every row names a field.
"""

from __future__ import annotations

from scache.checking import TYPE_CHECKING
from scache.config.settings import Settings
from scache.config.values import Values
from scache.protocol.dialect import Dialect

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from scache.config.main_cf import MainCf

    Reader = Callable[[Values, str, str, int], object]

__all__ = ["BY_NAME", "PARAMETERS", "Kind", "Parameter", "service_settings"]


class Kind:
    """How a value is written in main.cf. unit: as the documentation says it.

    read takes the values, a name, its default and its smallest number; show gives a value of Settings back
    as main.cf has it.
    """

    __slots__ = ("read", "show", "unit")

    def __init__(self, unit: str, read: Reader, show: Callable[[Any], str]) -> None:
        self.unit = unit
        self.read = read
        self.show = show


def _choice(values: Values, name: str, default: str, _minimum: int) -> bool:
    return values.choice(name, default)


def _order(values: Values, name: str, default: str, _minimum: int) -> bool:
    return values.word(name, default, ("fifo", "lifo")) == "lifo"


def _accept(values: Values, name: str, default: str, _minimum: int) -> bool:
    return values.word(name, default, ("any", "stream")) == "stream"


def _goodbye(values: Values, name: str, default: str, minimum: int) -> dict[bytes, bytes]:
    said = {}
    for part in values.text(name, default, minimum).split(","):
        service, _colon, text = part.rpartition(":")
        if text.strip():
            said[_bytes(service.strip())] = _bytes(text.strip()) + b"\r\n"
    return said


def _shown_goodbye(said: Mapping[bytes, bytes]) -> str:
    parts = (f"{_text(service)}:{_text(text)}".removeprefix(":") for service, text in said.items())
    return ", ".join(part.removesuffix("\r\n") for part in parts)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


TIME = Kind("time", Values.time, "{}s".format)
BYTES = Kind("bytes", Values.number, str)
COUNT = Kind("number", Values.number, str)
CHOICE = Kind("yes or no", _choice, lambda value: "yes" if value else "no")
ORDER = Kind("fifo or lifo", _order, lambda newest_first: "lifo" if newest_first else "fifo")
ACCEPT = Kind("any or stream", _accept, lambda streams_only: "stream" if streams_only else "any")
GOODBYE = Kind("text", _goodbye, _shown_goodbye)


class Parameter:
    """One parameter. field: of Settings, or of its Dialect. minimum: the smallest number (of bytes, for a
    text) that it takes. meaning: for whoever sets it.
    """

    __slots__ = ("default", "field", "kind", "meaning", "minimum", "name")

    def __init__(self, name: str, field: str, kind: Kind, minimum: int, meaning: str) -> None:
        self.name = name
        self.field = field
        self.kind = kind
        self.minimum = minimum
        self.meaning = meaning
        holder = _DEFAULTS.dialect if field in Dialect.__slots__ else _DEFAULTS
        self.default = kind.show(getattr(holder, field))


_DEFAULTS = Settings()

#: In the order in which values are looked at: of several faults that one is reported which Postfix would.
PARAMETERS = (
    Parameter(
        "connection_cache_ttl_limit",
        "ttl_limit",
        TIME,
        1,
        "largest time to live of a session or binding; a longer one is shortened",
    ),
    Parameter(
        "connection_cache_status_update_time", "status_update_time", TIME, 1, "time between statistics"
    ),
    Parameter("max_idle", "max_idle", TIME, 1, "end when no client has been connected for so long"),
    Parameter(
        "ipc_timeout",
        "ipc_timeout",
        TIME,
        1,
        "a client that keeps silent for so long in the middle of a message is closed",
    ),
    Parameter(
        "scache_announce",
        "announcement",
        CHOICE,
        0,
        "speak first, as Postfix 3.6 and later do; clients of Postfix 3.5 and earlier want `no`",
    ),
    Parameter(
        "scache_write_wait",
        "write_wait",
        CHOICE,
        0,
        "a descriptor is only sent when its receiver has asked for it",
    ),
    Parameter("scache_read_wait", "read_wait", CHOICE, 0, "the receiver of a found descriptor confirms it"),
    Parameter(
        "scache_message_limit",
        "message_limit",
        BYTES,
        4096,
        "longest message in bytes; a client that exceeds it is closed",
    ),
    Parameter(
        "scache_keep_unclaimed",
        "keep_unclaimed",
        CHOICE,
        0,
        "keep a session whose client went away before it asked for the descriptor, if there is room for it "
        "still. Postfix closes it",
    ),
    Parameter(
        "scache_skip_closed",
        "skip_closed",
        CHOICE,
        0,
        "look whether the remote side has closed a session before it is handed out, and close it then. "
        "Postfix hands it out",
    ),
    Parameter(
        "scache_watch",
        "watch",
        CHOICE,
        0,
        "drop a cached session at once when its remote side closes it, or says something that nobody "
        "asked for (such as 421); in its first 50 ms it is looked at only if it is found. "
        "Postfix hands it out",
    ),
    Parameter(
        "scache_order",
        "newest_first",
        ORDER,
        0,
        "which session of an endpoint is found: the oldest (`fifo`), as in Postfix, or the newest "
        "(`lifo`), so that those that aren't needed expire",
    ),
    Parameter(
        "scache_goodbye",
        "goodbye",
        GOODBYE,
        0,
        "what a session is told before it is closed unused, by the name of its service: `smtp:QUIT, "
        "lmtp:QUIT`; a text without a name is for all others. Postfix closes without a word",
    ),
    Parameter(
        "scache_handover",
        "handover",
        CHOICE,
        0,
        "at `postfix reload`, pass all that is cached to the daemon that comes next. Postfix loses it",
    ),
    Parameter(
        "scache_accept",
        "streams_only",
        ACCEPT,
        0,
        "which descriptors are saved: `any`, as in Postfix, or connected `stream` sockets only; another one "
        "is FAIL",
    ),
    Parameter(
        "scache_core_dump",
        "core_dump",
        CHOICE,
        0,
        "let the daemon leave a core file, and others of its user trace it; read at its start only",
    ),
    Parameter(
        "scache_status_request",
        "status_request",
        CHOICE,
        0,
        "answer `scache status`, `scache why` and their like, for which lookups are remembered; read at its "
        "start only. Postfix knows no such request",
    ),
    Parameter(
        "scache_session_limit",
        "session_limit",
        COUNT,
        0,
        "most sessions in all; the endpoint that has most loses its oldest. `0`: what the limit of open "
        "files leaves room for",
    ),
    Parameter(
        "scache_endpoint_session_limit",
        "endpoint_session_limit",
        COUNT,
        1,
        "most sessions of one endpoint; the oldest makes room",
    ),
    Parameter("scache_binding_limit", "binding_limit", COUNT, 1, "most bindings in all; another one is FAIL"),
    Parameter(
        "scache_destination_binding_limit",
        "destination_binding_limit",
        COUNT,
        1,
        "most bindings of one destination; another one is FAIL",
    ),
    Parameter(
        "scache_client_limit", "client_limit", COUNT, 1, "most clients at a time; others wait to be accepted"
    ),
    Parameter(
        "scache_cache_size_limit",
        "cache_size_limit",
        BYTES,
        4096,
        "most bytes of labels and properties in the cache; a save beyond it is FAIL",
    ),
    Parameter(
        "scache_unfinished_limit",
        "unfinished_limit",
        BYTES,
        4096,
        "most bytes of unfinished messages, and of labels and properties of requests whose session hasn't "
        "come or gone yet, all clients together; beyond it, who has more than its share is closed",
    ),
    Parameter(
        "scache_unread_limit",
        "unread_limit",
        BYTES,
        4096,
        "most bytes of answers that aren't read, all clients together; beyond it, who has more than its "
        "share is closed",
    ),
    Parameter(
        "scache_warning_limit",
        "warning_limit",
        COUNT,
        0,
        "most warnings of a kind in a minute about the clients of one user; then one line says how many "
        "more there were. `0`: no limit, as in Postfix",
    ),
)

#: The same by name.
BY_NAME = {parameter.name: parameter for parameter in PARAMETERS}


def service_settings(main_cf: MainCf, *, path: str, standalone: bool = False) -> Settings:
    """The settings that a main.cf asks for. ConfigurationError with Postfix's text for a value that is wrong.

    path: how the log names a connection. standalone: for a daemon that nobody would start again, and that no
    Postfix could be in the place of. max_idle may be 0 and is so where nobody sets it, and it answers
    `request=status`.
    """
    values = Values(main_cf)
    found: dict[str, Any] = {}
    for parameter in PARAMETERS:
        default, minimum = parameter.default, parameter.minimum
        if standalone and parameter.field == "max_idle":
            default, minimum = "0", 0
        elif standalone and parameter.field == "status_request":
            default = "yes"
        found[parameter.field] = parameter.kind.read(values, parameter.name, default, minimum)
    dialect = Dialect(**{field: found.pop(field) for field in Dialect.__slots__})
    return Settings(dialect=dialect, path=path, **found)
