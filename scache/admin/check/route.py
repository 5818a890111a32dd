"""Which transport and next hop mail for a destination gets: as trivial-rewrite(8) resolves it, in outline.

Left out: what depends on the sender, which is said, and address rewriting.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scache.admin.check.files import Files
from scache.admin.check.match_list import Element, elements
from scache.admin.configuration import Configuration, Effective
from scache.admin.reading import words
from scache.errors import UnavailableError

__all__ = ["Lookup", "Route", "deciding", "look_up_first", "route"]

Lookup = Callable[[str, str], str | None]
"""What a table (`type:name`) has for a key. UnavailableError where it can't be asked."""
#: Parameters that make the route depend on the sender: address class's transport -> what counts for it.
_BY_SENDER = {
    "relay_transport": ("sender_dependent_relayhost_maps",),
    "default_transport": ("sender_dependent_default_transport_maps", "sender_dependent_relayhost_maps"),
}


@dataclass(frozen=True)
class Route:
    """Where mail goes."""

    transport: str
    next_hop: str
    because: tuple[str, ...]
    """The parameters that decided, in order."""
    by_sender: tuple[str, ...] = ()
    """Parameters that may decide otherwise for some senders."""


def route(configuration: Configuration, destination: str, look_up: Lookup, files: Files) -> Route:
    """The route for a domain, a mail address, `transport:nexthop`, or `[nexthop]` by default_transport.

    Raises UnavailableError where a table on the way can't be asked.
    """
    main = configuration.main()
    transport, colon, next_hop = destination.partition(":")
    if colon and "@" not in transport and not destination.startswith("["):
        return Route(transport, next_hop, ("the command line",))
    if destination.startswith("["):
        return _split(main.text("default_transport"), destination, ("default_transport",))
    domain = destination.rpartition("@")[2]
    chosen, parameter = _class(main, domain, look_up, files)
    found = _split(main.text(chosen), domain, (parameter, chosen) if parameter else (chosen,))
    if chosen in ("relay_transport", "default_transport") and main.text("relayhost"):
        hop = main.text(chosen).partition(":")[2] or main.text("relayhost")
        found = Route(found.transport, hop, (*found.because, "relayhost"))
    answer = _transport_map(main, destination, domain, look_up)
    if answer is not None:
        transport, _colon, next_hop = answer.partition(":")
        found = Route(
            transport or found.transport,
            next_hop or (domain if transport else found.next_hop),
            ("transport_maps",),
        )
    maps = _BY_SENDER.get(chosen, ()) if answer in (None, ":") else ()
    by_sender = tuple(name for name in maps if main.text(name))
    return Route(found.transport, found.next_hop, found.because, by_sender)


def _split(transport: str, domain: str, because: tuple[str, ...]) -> Route:
    name, _colon, next_hop = transport.partition(":")
    return Route(name, next_hop or domain, because)


def _class(main: Effective, domain: str, look_up: Lookup, files: Files) -> tuple[str, str]:
    """The parameter with the transport of the domain's address class, and the one that has the domain."""
    for parameter, transport in (
        ("mydestination", "local_transport"),
        ("virtual_mailbox_domains", "virtual_transport"),
        ("relay_domains", "relay_transport"),
    ):
        names = [domain]
        if parameter == "relay_domains":  # and what is below (parent_domain_matches_subdomains)
            names += [domain.split(".", number)[-1] for number in range(1, domain.count(".") + 1)]
        for name in names:
            element = deciding(elements(main.text(parameter), files.read), name, look_up)
            if element is not None and not element.negated:
                return transport, parameter
    return "default_transport", ""


def deciding(patterns: list[Element], text: str, look_up: Lookup) -> Element | None:
    """The first element that matches. UnavailableError for a table before it that can't be asked."""
    for element in patterns:
        matches = element.matches(text)
        if matches is None:
            matches = look_up(element.body, text.lower()) is not None
        if matches:
            return element
    return None


def _transport_map(main: Effective, destination: str, domain: str, look_up: Lookup) -> str | None:
    keys = [destination] if "@" in destination else []
    keys.append(domain)
    keys += ["." + domain.split(".", number)[-1] for number in range(1, domain.count(".") + 1)]
    return look_up_first(main.text("transport_maps"), [*keys, "*"], look_up)


def look_up_first(maps: str, keys: list[str], look_up: Lookup) -> str | None:
    """What the first key has in the first table that has it."""
    for key in keys:
        for table in words(maps, ", \t\r\n"):
            try:
                answer = look_up(table, key.lower())
            except UnavailableError as error:
                raise UnavailableError(f"{table} can't be asked: {error}") from error
            if answer is not None:
                return answer
    return None
