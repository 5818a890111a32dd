"""What one seed decides before the first step: swarm testing switches whole kinds of step and fault off."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any, Literal, TypeVar, get_args

from conformance.contract.borders import border
from scache.config.settings import Settings
from scache.protocol.dialect import Dialect

__all__ = [
    "FAULTS",
    "HOSTILITIES",
    "Fault",
    "HostilityKind",
    "Options",
    "Parameter",
    "draw_options",
    "draw_parameters",
]

#: A parameter that a running daemon can be given anew: its field of Settings, and its value.
Parameter = tuple[str, int | bool | bytes]

_Kind = TypeVar("_Kind", bound=str)

#: What a hostile client may do, beyond what a good one does.
HostilityKind = Literal[
    "junk",
    "mangle",
    "glue",
    "attach",
    "flood",
    "half-close",
    "vanish",
    "never read",
    "stop",
    "ask ahead",
]
HOSTILITIES: tuple[HostilityKind, ...] = get_args(HostilityKind)

#: What the world may do to everybody.
Fault = Literal[
    "jump forward",
    "jump back",
    "set clock forth",
    "reconfigure",
    "slow clients",
    "reload",
    "terminate",
    "kill",
    "poke",
    "hang up",
    "speak",
    "all leave",
    "good clients vanish",
]
FAULTS: tuple[Fault, ...] = get_args(Fault)


#: One seed of so many has sockets that hold just one reply.
_TIGHT = 12

#: In one seed of so many clients send requests behind what is read at once.
_BEHIND = 6

#: In two seeds of so many the daemon is reloaded often, and hands over each time.
_RELOADED = 6

#: In one seed of so many the daemon hands over while more clients come than leave room for its sessions.
_CROWDED = 12

#: Bytes that a daemon reads at a time.
_READ_AT_ONCE = 4096

#: One seed of so many is short of descriptors, and the clock is set forth in it.
_SCARCE = 12


@dataclass(frozen=True, slots=True)
class Options:
    """Every option of a run. Times are in seconds, sizes in bytes.

    label_size: of the longest labels and properties, 0 for short ones: not where buffers are small. twins:
    some labels are nearly the same. message_limit: small where the daemon has to read byte by byte.
    capacity: a reply without properties fills 20 bytes exactly.
    parameters: those that the daemon starts with. verbose: it was started with -v.
    reloaded: master reloads often. behind: clients send requests behind what is read at once. splits: one
    write of several is cut at a random byte.
    descriptor_limit: RLIMIT_NOFILE of the server.
    """

    seed: int
    dialect: Dialect
    clients: int
    hostile: int
    destinations: int
    endpoints: int
    label_size: int
    twins: bool
    splits: bool
    reloaded: bool
    behind: bool
    backlog: int
    capacity: int
    descriptor_limit: int
    message_limit: int
    parameters: tuple[Parameter, ...]
    verbose: bool
    hostilities: frozenset[HostilityKind]
    faults: frozenset[Fault]

    def settings(self, parameters: Iterable[Parameter]) -> Settings:
        """What a daemon goes by that has these parameters."""
        given = dict[str, Any](parameters)
        goodbye = given.pop("goodbye")
        given["goodbye"] = {b"": goodbye} if goodbye else {}
        return Settings(dialect=self.dialect, message_limit=self.message_limit, **given)

    def lines(self) -> list[str]:
        """The options as text, one a line, for the eye and the event log."""
        return [f"{field.name}: {_text(getattr(self, field.name))}" for field in fields(self)]


def _text(value: object) -> str:
    if isinstance(value, frozenset):
        return ", ".join(sorted(value)) or "none"
    if isinstance(value, Dialect):
        return ", ".join(f"{name}={getattr(value, name)}" for name in sorted(Dialect.__slots__))
    return str(value)


def draw_parameters(source: random.Random) -> tuple[Parameter, ...]:
    """All that a running daemon can be given anew. Times are in seconds."""
    return (
        ("ttl_limit", source.choice((1, 2, 2, 2, 2, 5, 5, 60, 3600, 86_400))),
        ("status_update_time", source.choice((1, 7, 60, 600, 600, 86_400))),
        ("max_idle", source.choice((1, 10, 100))),
        ("ipc_timeout", source.choice((1, 10, 100, 3600))),
        ("keep_unclaimed", source.random() < 0.3),
        ("skip_closed", source.random() < 0.3),
        ("watch", source.random() < 0.4),
        ("handover", source.random() < 0.6),
        ("goodbye", source.choice((b"", b"QUIT\r\n"))),
        ("newest_first", source.random() < 0.2),
        ("session_limit", source.choice((0, 0, 0, 1, 5))),
        ("endpoint_session_limit", source.choice((10_000, 10_000, 1, 3))),
        ("binding_limit", source.choice((100_000, 100_000, 2, 10))),
        ("destination_binding_limit", source.choice((10_000, 10_000, 1, 2))),
        ("cache_size_limit", source.choice((1 << 20, 1 << 20, 100, 1000))),
        ("client_limit", source.choice((10_000, 10_000, 10_000, 1, 4))),
        ("unfinished_limit", source.choice((1 << 20, 1 << 20, 100, 1000))),
        ("unread_limit", source.choice((1 << 20, 1 << 20, 30, 500))),
        ("warning_limit", source.choice((0, 0, 1, 10))),
    )


def draw_options(seed: int, *, everything: bool = False) -> Options:
    """The options of a seed; with `everything`, no kind of step or fault is switched off."""
    source = random.Random(f"options {seed}")

    def some(names: tuple[_Kind, ...]) -> frozenset[_Kind]:
        share = source.choice((0.0, 0.3, 0.6, 1.0))
        drawn = frozenset(name for name in names if source.random() < share)
        return frozenset(names) if everything else drawn

    def maybe(value: int, otherwise: int, chance: float) -> int:
        return value if source.random() < chance else otherwise

    common = source.random() < 0.85
    # Without write-wait the daemon reads byte by byte, a turn for each: that is worth few runs.
    extra_steps = [common or source.random() < share for share in (0.5, 0.8, 0.5)]
    clients = source.choice((1, 2, 4, 8, 16, 32))
    capacity = maybe(source.choice((16, 20, 20, 64, 300, 1000)), 212_992, 0.3)
    if seed % _TIGHT == 0:  # a reply fills the socket, so that the session behind it has to wait
        capacity, extra_steps[1] = source.choice((20, 20, 24, 25)), False
    descriptors = maybe(8 + source.randrange(3 * clients + 6), 1_000_000, 0.3)
    faults = some(FAULTS)
    if seed % _SCARCE == 5:  # nobody is accepted until a session falls due
        clients, capacity, descriptors = 16, 212_992, 10 + source.randrange(12)
        faults |= {"set clock forth"}
    behind = seed % _BEHIND == 3 and extra_steps[1]
    if behind:  # a write goes whole
        capacity = 212_992
    reloaded = seed % _RELOADED in (2, 5)
    parameters = draw_parameters(source) + ((("handover", True),) if reloaded else ())
    if seed % _CROWDED == 8:
        clients, descriptors = 32, 25
        parameters += (("session_limit", 5),)
    message_limit = source.choice((20_000, 70_000)) if extra_steps[1] else 150
    long = source.random() < 0.25 and extra_steps[1] and capacity >= 1000
    label_size = border(source, message_limit // 6) if long else 0
    if label_size > _READ_AT_ONCE:  # there is room for what few clients save or have found
        parameters += (("unfinished_limit", 3 * label_size),)
    return Options(
        seed=seed,
        dialect=Dialect(announcement=extra_steps[0], write_wait=extra_steps[1], read_wait=extra_steps[2]),
        clients=clients,
        hostile=0 if source.random() < 0.3 and not everything else max(1, clients // 4),
        destinations=source.choice((1, 3, 10, 40, 300)),
        endpoints=source.choice((1, 3, 10, 40, 300)),
        label_size=label_size,
        twins=source.random() < 0.5,
        reloaded=reloaded,
        behind=behind,
        splits=everything or source.random() < 0.5,
        backlog=source.choice((0, 3, 100)),
        capacity=capacity,
        descriptor_limit=descriptors,
        message_limit=message_limit,
        parameters=parameters,
        verbose=source.random() < 0.3,
        hostilities=some(HOSTILITIES),
        faults=faults,
    )
