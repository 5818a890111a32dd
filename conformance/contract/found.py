"""What is known of a program that the bench didn't build: its dialect, its log, the releases it is like."""

from __future__ import annotations

from dataclasses import dataclass

from scache.protocol.dialect import Dialect, announces

__all__ = ["UNKNOWN", "Found", "as_release"]

#: Releases that changed what a client can see: 3.6 speaks first, 3.0 has ${name?{a}:{b}} in main.cf, 2.7
#: refuses several descriptors in one message.
_CHANGES = ("3.6", "3.0", "2.7")


@dataclass(frozen=True, slots=True)
class Found:
    """What was found out.

    release: the releases of Postfix that behave like it; empty where it isn't Postfix's own daemon.
    older: those of the releases that changed what can be seen before which it stands, newest first.
    """

    dialect: Dialect
    logs: bool = True
    release: str = ""
    older: tuple[str, ...] = ()

    def __str__(self) -> str:
        first = "speaks first" if self.dialect.announcement else "lets the client speak first"
        waits = {
            (True, True): "waits both ways",
            (True, False): "waits before a descriptor only",
            (False, True): "waits after a descriptor only",
            (False, False): "never waits",
        }[self.dialect.write_wait, self.dialect.read_wait]
        kind = f"looks like Postfix {self.release}" if self.release else "not Postfix's own daemon"
        return f"{first}, {waits}; {kind}" + ("" if self.logs else "; its log can't be had")


#: What is taken for granted while it is being found out.
UNKNOWN = Found(Dialect(announcement=False))


def as_release(version: str) -> Found:
    """What is known of a release of Postfix ("3.7.11") without asking it."""
    numbers = [int(number) for number in version.split("-")[0].split(".")[:2]]
    older = tuple(each for each in _CHANGES if numbers < [*map(int, each.split("."))])
    return Found(Dialect(announcement=announces(version)), release=version, older=older)
