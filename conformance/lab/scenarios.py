"""The scenarios of the lab: who sends how much where, to what servers, and what goes wrong meanwhile."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["SCENARIOS", "Disturbance", "Scenario", "SinkKind", "Wave", "scenario_named"]

SENDERS = ("anna@src.example", "bert@src.example")


class SinkKind(enum.Enum):
    """How the servers behave that the mails go to."""

    PROMPT = "takes every mail at once"
    CLOSING = "closes a connection after some mails"
    SLOW = "needs a second for every mail"
    LMTP = "speaks LMTP"
    TLS = "a real smtpd(8) with a certificate"


class Disturbance(enum.Enum):
    """What happens to the mail system while it works."""

    NONE = "nothing"
    RELOAD = "postfix reload after half of the mails"
    RELOAD_OFTEN = "postfix reload after every 500 mails"
    KILL = "SIGKILL for the connection cache after half of the mails"


@dataclass(frozen=True, slots=True)
class Wave:
    """Mails that are sent together, to each destination of the scenario."""

    mails: int
    """To each destination."""
    sessions: int = 2
    """Connections at once by which the mails to one destination come in."""
    interval: int = 0
    """Seconds between two mails of one session."""
    pause: float = 0
    """Seconds of silence before the wave."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A run of the lab, in a short form for every day and a long one."""

    name: str
    about: str
    short: tuple[Wave, ...]
    long: tuple[Wave, ...]
    destinations: int = 5
    sinks: int = 3
    """Servers; the destinations are spread over them in turn."""
    sink: SinkKind = SinkKind.PROMPT
    transport: str = "smtp"
    aliases: bool = False
    """Whether the destinations of one server have next hops of different spelling."""
    instances: int = 1
    chroot: bool = False
    service: str = "scache"
    release: str | None = None
    """Series of a Postfix that has been fetched, in place of the installed one."""
    senders: Sequence[str] = SENDERS[:1]
    parameters: Mapping[str, str] = field(default_factory=dict)
    held: bool = False
    """Whether all mails of a wave are in the queue before the first of them is delivered."""
    disturbance: Disturbance = Disturbance.NONE

    def waves(self, long: bool) -> tuple[Wave, ...]:
        """The traffic of the long or the short form."""
        return self.long if long else self.short

    def mails(self, long: bool) -> int:
        """How many mails one instance is given."""
        return self.destinations * sum(wave.mails for wave in self.waves(long))

    def domain(self, destination: int) -> str:
        """Mail domain of a destination."""
        return f"d{destination + 1}.example"

    def next_hop(self, destination: int, address: tuple[str, int]) -> str:
        """Where mail for this destination goes, as a transport map has it."""
        host, port = address
        # One server under several names, without a name server: a port of more digits is the same port.
        digits = f"{port:0{4 + destination // self.sinks}d}" if self.aliases else str(port)
        return f"{self.transport}:[{host}]:{digits}"


SASL = {
    "smtp_sasl_auth_enable": "yes",
    "smtp_sasl_security_options": "",
    "smtp_sender_dependent_authentication": "yes",
    "smtp_sasl_password_maps": "inline:{ "
    + ", ".join(f"{{ {sender} = {sender.partition('@')[0]}:secret }}" for sender in SENDERS)
    + " }",
}
TLS = {"smtp_tls_security_level": "encrypt", "smtp_tls_connection_reuse": "yes"}
ON_DEMAND = {"smtp_connection_cache_destinations": ""}
IN_TURN = {"default_destination_concurrency_limit": "1"}
"""One mail after the other to each destination. Of two that go together both open a connection as long as the
cache has not started, so that their number would say how long a program takes to start.
"""

SCENARIOS = (
    Scenario(
        "burst",
        "a queue full of mails to one destination, cached on demand only",
        short=(Wave(100, sessions=8),),
        long=(Wave(2000, sessions=8),),
        destinations=1,
        sinks=1,
        parameters=ON_DEMAND,
        held=True,
    ),
    Scenario("mixed", "5 destinations over 3 sinks", short=(Wave(40),), long=(Wave(400),)),
    Scenario(
        "many-destinations",
        "20 destinations with a sink each, one mail at a time to each of them",
        short=(Wave(10, sessions=1),),
        long=(Wave(200),),
        destinations=20,
        sinks=20,
        parameters=IN_TURN,
        held=True,
    ),
    Scenario(
        "two-next-hops",
        "two next hops that lead to one server: found by endpoint",
        short=(Wave(40),),
        long=(Wave(800),),
        destinations=2,
        sinks=1,
        aliases=True,
    ),
    Scenario(
        "closing-sinks",
        "servers that close a connection after 5 mails",
        short=(Wave(25),),
        long=(Wave(200),),
        destinations=4,
        sinks=2,
        sink=SinkKind.CLOSING,
    ),
    Scenario(
        "slow-sinks",
        "servers that need a second for every mail",
        short=(Wave(6, sessions=1),),
        long=(Wave(40, sessions=1),),
        destinations=3,
        sinks=3,
        sink=SinkKind.SLOW,
    ),
    Scenario(
        "steady",
        "a mail a second to each destination",
        short=(Wave(6, sessions=1, interval=1),),
        long=(Wave(30, sessions=1, interval=1),),
    ),
    Scenario(
        "idle-then-busy",
        "bursts with seconds of silence between them: everything expires",
        short=(Wave(20), Wave(20, pause=4)),
        long=(Wave(50), Wave(50, pause=6), Wave(50, pause=20)),
    ),
    Scenario(
        "sasl",
        "two senders with passwords of their own: connections are not shared between them",
        short=(Wave(20),),
        long=(Wave(200),),
        destinations=2,
        sinks=2,
        senders=SENDERS,
        parameters=SASL,
    ),
    Scenario(
        "lmtp",
        "delivery by LMTP",
        short=(Wave(40),),
        long=(Wave(400),),
        destinations=2,
        sinks=2,
        sink=SinkKind.LMTP,
        transport="lmtp",
    ),
    Scenario(
        "tls",
        "TLS connections kept open by tlsproxy(8)",
        short=(Wave(20),),
        long=(Wave(200),),
        destinations=2,
        sinks=1,
        sink=SinkKind.TLS,
        parameters=TLS,
    ),
    Scenario(
        "good-bye",
        "connections to a real smtpd(8) expire, and a good-bye is set, which Postfix doesn't know",
        short=(Wave(4), Wave(4, pause=4)),
        long=(Wave(40), Wave(40, pause=4), Wave(40, pause=4)),
        destinations=2,
        sinks=1,
        sink=SinkKind.TLS,
        parameters={"scache_goodbye": "smtp:QUIT"},
    ),
    Scenario(
        "reload",
        "postfix reload in the middle",
        short=(Wave(40),),
        long=(Wave(400),),
        disturbance=Disturbance.RELOAD,
    ),
    Scenario(
        "reload-often",
        "postfix reload after every 500 mails, the cache in a chroot, 20 destinations with a mail at a time",
        short=(Wave(100, sessions=1),),
        long=(Wave(1000, sessions=1),),
        destinations=20,
        sinks=20,
        parameters=IN_TURN,
        chroot=True,
        disturbance=Disturbance.RELOAD_OFTEN,
    ),
    Scenario(
        "kill",
        "the connection cache dies by SIGKILL in the middle",
        short=(Wave(40),),
        long=(Wave(400),),
        disturbance=Disturbance.KILL,
    ),
    Scenario(
        "service-name",
        "the service has another name than the command",
        short=(Wave(40),),
        long=(Wave(400),),
        service="shared-sessions",
    ),
    Scenario(
        "chroot",
        "the connection cache runs in the queue directory as its root",
        short=(Wave(40),),
        long=(Wave(400),),
        chroot=True,
    ),
    Scenario(
        "multi-instance",
        "two instances at once, each with its own cache",
        short=(Wave(20),),
        long=(Wave(200),),
        instances=2,
    ),
    Scenario(
        "old-client",
        "all of Postfix is 3.5: clients and cache without announcement",
        short=(Wave(40),),
        long=(Wave(400),),
        release="3.5",
    ),
)


def scenario_named(name: str) -> Scenario | None:
    """The scenario of this name, None where there is none."""
    return next((scenario for scenario in SCENARIOS if scenario.name == name), None)
