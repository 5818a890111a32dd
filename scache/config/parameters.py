"""The parameters of the service: one row each, which the reader of main.cf, `scache serve --help`, the
documentation and the bench go by. Defaults stand in Settings, of which every row names a field.
"""

from __future__ import annotations

from scache.checking import TYPE_CHECKING
from scache.config.settings import Settings
from scache.config.values import Values
from scache.protocol.dialect import Dialect

if TYPE_CHECKING:
    from collections.abc import Callable
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


def _line(values: Values, name: str, default: str, minimum: int) -> bytes:
    text = values.text(name, default, minimum)
    return f"{text}\r\n".encode("utf-8", "surrogateescape") if text else b""


TIME = Kind("time", Values.time, "{}s".format)
BYTES = Kind("bytes", Values.number, str)
CHOICE = Kind("yes or no", _choice, lambda value: "yes" if value else "no")
LINE = Kind("text", _line, lambda line: line.decode().removesuffix("\r\n"))


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
        "keep a session whose client went away before it asked for the descriptor. Postfix closes it",
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
        "scache_goodbye",
        "goodbye",
        LINE,
        0,
        "what an expiring session is told before it is closed, such as `QUIT`; a line end is added. Postfix "
        "closes without a word",
    ),
)

#: The same by name.
BY_NAME = {parameter.name: parameter for parameter in PARAMETERS}


def service_settings(main_cf: MainCf, *, path: str, never_idle: bool = False) -> Settings:
    """The settings that a main.cf asks for. ConfigurationError with Postfix's text for a value that is wrong.

    path: how the log names a connection. never_idle: max_idle may be 0 and is so where nobody sets it, for a
    daemon that nobody would start again.
    """
    values = Values(main_cf)
    found: dict[str, Any] = {}
    for parameter in PARAMETERS:
        default, minimum = parameter.default, parameter.minimum
        if never_idle and parameter.field == "max_idle":
            default, minimum = "0", 0
        found[parameter.field] = parameter.kind.read(values, parameter.name, default, minimum)
    dialect = Dialect(**{field: found.pop(field) for field in Dialect.__slots__})
    return Settings(dialect=dialect, path=path, **found)
