"""Every exception this project raises on purpose, split by whose fault it is.

ScacheError
+-- LocalError              ours, or the operator's
|   +-- UsageError          a command line that cannot be meant; exit status 2
|   +-- ConfigurationError  a main.cf or -o value that Postfix would call fatal
|   +-- UnavailableError    this machine lacks what the task needs
+-- RemoteError             what came from outside is wrong
    +-- ProtocolError       a peer broke the wire protocol (client side)
    +-- TraceError          a trace file that cannot be read: file, line, reason
"""

from __future__ import annotations

__all__ = [
    "ConfigurationError",
    "LocalError",
    "ProtocolError",
    "RemoteError",
    "ScacheError",
    "TraceError",
    "UnavailableError",
    "UsageError",
]


class ScacheError(Exception):
    """Root of the tree. Its text is one line, fit to be shown to the operator as it is."""


class LocalError(ScacheError):
    """The fault is on our side: the code, the machine or the operator's words."""


class UsageError(LocalError):
    """The command line cannot be carried out as given."""


class ConfigurationError(LocalError):
    """A parameter value that ends a Postfix daemon with `fatal:`; the text is Postfix's own."""


class UnavailableError(LocalError):
    """Something this machine would need for the task is missing; the text says what."""


class RemoteError(ScacheError):
    """The fault came from outside: a peer or a file."""


class ProtocolError(RemoteError):
    """A peer's answer is not the wire protocol (raised by the client library)."""


class TraceError(RemoteError):
    """A trace cannot be used. The text starts with `FILE:LINE: ` where a line is to blame."""
