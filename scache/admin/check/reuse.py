"""Findings about time and limits: what keeps a connection that could be reused from being reused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from scache.admin.check.finding import Finding, Kind, Severity
from scache.admin.configuration import Configuration, Effective, Service
from scache.config.values import seconds

__all__ = ["KINDS", "find", "seconds_in_cache"]

_OFF = Kind(
    "caching-off",
    Severity.CACHE_OFF,
    "Caching is switched off for a delivery agent.",
    "With `smtp_connection_cache_on_demand = no` only the destinations of "
    "`smtp_connection_cache_destinations` are cached, and there is none.",
    "Take `smtp_connection_cache_on_demand` out, which then is yes, or name destinations.",
)
_CAPPED = Kind(
    "time-limit-capped",
    Severity.LESS_REUSE,
    "A time limit is above the cache's own, which shortens it without a word.",
    "scache(8) keeps no connection for longer than `connection_cache_ttl_limit`, 2 seconds unless set.",
    "Set `connection_cache_ttl_limit` to what is wanted.",
)
_RATE = Kind(
    "rate-delay",
    Severity.LESS_REUSE,
    "The pause between deliveries is longer than connections are kept.",
    "With a rate delay the queue manager waits between two deliveries to a destination; the connection is "
    "gone by then. Nor does it ask for caching on "
    "demand, which takes deliveries back to back, at most a second apart.",
    "Keep connections for longer than the pause, and name the destination, or `static:all`, in the "
    "transport's own "
    "`smtp_connection_cache_destinations`. The other side then holds an idle connection for as long.",
)
_REUSE_TIME = Kind(
    "reuse-time-limit",
    Severity.LESS_REUSE,
    "A connection is closed after its second mail, because it is too old by then.",
    "`smtp_connection_reuse_time_limit` counts from the first connect. What is older is closed after its "
    "mail instead of being cached.",
    "Set it above the time between two deliveries.",
)
_REUSE_COUNT = Kind(
    "reuse-count-limit",
    Severity.NOTE,
    "A connection is closed after few mails.",
    "A `smtp_connection_reuse_count_limit` of n means n + 1 uses; 0 is no limit.",
    "Set it to 0, unless the other side demands it.",
)
_RECIPIENT = Kind(
    "recipient-limit-one",
    Severity.LESS_REUSE,
    "With one recipient a delivery there is no caching on demand.",
    "A recipient limit of 1 makes each recipient a destination of its own for the queue manager, which "
    "asks for caching where one destination "
    "has much mail. So it hardly ever asks.",
    "Name the destination, or `static:all`, in the transport's own `smtp_connection_cache_destinations`.",
)
_SENDER = Kind(
    "by-sender",
    Severity.NOTE,
    "Connections are reused only among mails of one sender.",
    "With `smtp_sender_dependent_authentication` and `smtp_sasl_password_maps` the sender is part of what a "
    "connection is found by.",
    "Nothing, where the logins differ. Where all senders log in alike, switch it off.",
)
KINDS = (_OFF, _CAPPED, _RATE, _REUSE_TIME, _REUSE_COUNT, _RECIPIENT, _SENDER)
_FEW = 5
#: No server has to keep an idle session for longer (RFC 5321, 4.5.3.2).
_IDLE = 300
#: qmgr(8) asks for caching where a delivery ends at most so many seconds before the next one begins.
_BACK_TO_BACK = 1


def seconds_in_cache(configuration: Configuration, service: Service, effective: Effective) -> int:
    """For how long a connection of this agent is kept; a value that is fatal counts as the default."""
    wanted = _seconds(configuration, effective, f"{service.agent}_connection_cache_time_limit")
    limit = _seconds(configuration, _cache(configuration, effective), "connection_cache_ttl_limit")
    return min(wanted, limit)


def _seconds(configuration: Configuration, effective: Effective, name: str) -> int:
    return effective.seconds(name) or seconds(configuration.defaults[name]) or 0


def _cache_service(configuration: Configuration, effective: Effective) -> Service | None:
    return configuration.service(effective.text("connection_cache_service_name"))


def _cache(configuration: Configuration, effective: Effective) -> Effective:
    return Effective(configuration, _cache_service(configuration, effective))


def find(configuration: Configuration) -> Iterator[Finding]:
    """The findings; what is wrong with one parameter for several agents is said once, with one cure."""
    found: dict[tuple[str, str], list[tuple[Service, Finding]]] = {}
    for service in configuration.agents:
        for finding in _Agent(configuration, service).findings():
            found.setdefault((finding.kind.id, finding.subject), []).append((service, finding))
    yield from map(_together, found.values())


def _together(found: list[tuple[Service, Finding]]) -> Finding:
    first = found[0][1]
    cure = tuple(dict.fromkeys(command for _service, finding in found for command in finding.cure))
    said = first.said
    if first.kind in (
        _RATE,
        _RECIPIENT,
    ):  # of the queue manager's parameters one doesn't see whom they concern
        said += f" ({', '.join(service.id for service, _finding in found)})"
    return replace(first, said=said, cure=cure)


class _Agent:
    """A delivery agent, with what the queue manager makes of its transport."""

    def __init__(self, configuration: Configuration, service: Service) -> None:
        self._configuration = configuration
        self._service = service
        self._effective = Effective(configuration, service)
        self._main = configuration.main()
        self._prefix = f"{service.agent}_"
        self._list = self._effective.text(self._prefix + "connection_cache_destinations")
        self.cache = self._effective.text("connection_cache_service_name")
        self._on_demand = not self._effective.is_no(self._prefix + "connection_cache_on_demand")

    def findings(self) -> Iterator[Finding]:
        """All of them; where caching is off, only that."""
        if not self._on_demand and not self._list:
            name = self._prefix + "connection_cache_on_demand"
            own = self._effective.is_own(name)
            option, what = ("-PX", f"{self._service.id}/{name}") if own else ("-X", name)
            yield self._found(
                _OFF, name, "no connection is ever cached", [self._configuration.postconf(option, what)]
            )
            return
        yield from self._capped()
        yield from self._rate()
        yield from self._limits()

    def _found(self, kind: Kind, name: str, said: str, cure: list[str]) -> Finding:
        own = self._effective.is_own(name)
        subject = f"{self._service.id} -o {name}" if own else name
        return kind.found(subject, self._effective.text(name), said, self._effective.place(name), cure)

    def _capped(self) -> Iterator[Finding]:
        name = self._prefix + "connection_cache_time_limit"
        wanted, kept = (
            self._effective.seconds(name),
            seconds_in_cache(self._configuration, self._service, self._effective),
        )
        if not kept or wanted is None or wanted <= kept:
            return
        limit = _cache(self._configuration, self._effective).text("connection_cache_ttl_limit")
        said = f"is shortened to {kept} s by connection_cache_ttl_limit = {limit}"
        yield self._found(_CAPPED, name, said, self._raise_cache())

    def enough(self) -> int:
        """The seconds for which this agent wants connections kept; with a rate delay, those that it takes.

        A second for the delivery, and one because whole seconds are counted.
        """
        _name, delay = self._delay()
        wanted = self._effective.seconds(self._prefix + "connection_cache_time_limit") or 0
        return max(wanted, delay + 2 if delay else 0)

    def _raise_cache(self) -> list[str]:
        """The command that lets the cache keep connections as long as any of its agents wants."""
        service = _cache_service(self._configuration, self._effective)
        others = [_Agent(self._configuration, agent) for agent in self._configuration.agents]
        value = f"{max(each.enough() for each in others if each.cache == self.cache)}s"
        if service is not None:
            cache = Effective(self._configuration, service)
            return self._configuration.set_commands(service, cache, "connection_cache_ttl_limit", value)
        return [self._configuration.postconf("-e", f"connection_cache_ttl_limit={value}")]

    def _delay(self) -> tuple[str, int]:
        """The pause between two deliveries to a destination, and the parameter that it comes from."""
        longest = ("", 0)
        for kind in ("destination", "transport"):
            own, default = f"{self._service.name}_{kind}_rate_delay", f"default_{kind}_rate_delay"
            name = own if self._main.setting(own) else default
            length = seconds(self._main.text(name) or "0") or 0
            if length > longest[1]:
                longest = name, length
        return longest

    def _rate(self) -> Iterator[Finding]:
        name, delay = self._delay()
        kept = seconds_in_cache(self._configuration, self._service, self._effective)
        if not delay or not kept:
            return
        if delay >= kept or (not self._list and delay > _BACK_TO_BACK):
            said = f"waits {delay} s between two deliveries, and connections are kept for {kept} s"
            if delay < kept:
                said = f"waits {delay} s between two deliveries, too long for caching on demand"
            yield _RATE.found(
                name,
                self._main.text(name),
                said,
                self._main.place(name),
                self._cure_of_rate(name, delay, kept),
            )

    def _cure_of_rate(self, name: str, delay: int, kept: int) -> list[str]:
        if delay >= _IDLE:
            return [f"# {name}: servers end a session that is idle for so long; a shorter pause, or no reuse"]
        cure = []
        enough = delay + 2
        if kept < enough:
            cure += self._raise_cache()
            cure.append(self._own(self._prefix + "connection_cache_time_limit", f"{enough}s"))
        if not self._list:
            cure.append(self._own(self._prefix + "connection_cache_destinations", "static:all"))
        return cure

    def _own(self, name: str, value: str) -> str:
        """The command that sets a parameter for this transport alone."""
        if self._configuration.services is None:
            return self._configuration.postconf("-e", f"{name}={value}")
        return self._configuration.postconf("-P", f"{self._service.id}/{name}={value}")

    def _limits(self) -> Iterator[Finding]:
        name = self._prefix + "connection_reuse_count_limit"
        text = self._effective.text(name)
        if text.isdecimal() and 0 < int(text) < _FEW:
            said = f"closes each connection after {int(text) + 1} mails"
            yield self._found(
                _REUSE_COUNT,
                name,
                said,
                self._configuration.set_commands(self._service, self._effective, name, "0"),
            )
        yield from self._old()
        own, default = (
            f"{self._service.name}_destination_recipient_limit",
            "default_destination_recipient_limit",
        )
        limit = own if self._main.setting(own) else default
        if self._main.text(limit) == "1" and not self._list:
            said = "leaves no caching on demand: each recipient counts by itself"
            cure = self._own(self._prefix + "connection_cache_destinations", "static:all")
            yield _RECIPIENT.found(limit, "1", said, self._main.place(limit), [cure])
        sender = self._prefix + "sender_dependent_authentication"
        if self._effective.is_yes(sender) and self._effective.text(self._prefix + "sasl_password_maps"):
            yield self._found(_SENDER, sender, "a connection is reused only for mails of the same sender", [])

    def _old(self) -> Iterator[Finding]:
        """A connection's age counts from its begin."""
        name, kept = (
            self._prefix + "connection_reuse_time_limit",
            self._prefix + "connection_cache_time_limit",
        )
        oldest, time = self._effective.seconds(name), self._effective.seconds(kept)
        pause, delay = self._delay()
        if not oldest or not time or delay >= _IDLE:
            return
        if 0 < oldest <= delay:
            said = f"is over before the next delivery, {delay} s later ({pause})"
        elif oldest < time:
            said = f"closes a connection after {oldest} s, though {kept} = {self._effective.text(kept)}"
        else:
            return
        value = f"{max(10 * delay, 2 * time, 300)}s"
        cure = self._configuration.set_commands(self._service, self._effective, name, value)
        yield self._found(_REUSE_TIME, name, said, cure)
