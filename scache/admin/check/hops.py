"""Which next hops delivery agents are known to have, as their lists of destinations compare them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scache.admin.check.files import Files
from scache.admin.check.next_hop import next_hop
from scache.admin.check.services import transports
from scache.admin.check.tables import TABLE_TYPES, entries, lines_of
from scache.admin.configuration import Configuration, Effective
from scache.admin.reading import words

__all__ = ["known_hops"]

_TABLES = (
    "transport_maps",
    "sender_dependent_relayhost_maps",
    "sender_dependent_default_transport_maps",
)
#: What sends mail elsewhere in ways that aren't looked into.
_ELSEWHERE = re.compile(
    r"(mailbox|fallback)_transport_maps|address_verify_\w*(transport|relayhost)\w*|rewrite_service_name"
)
_ROUTES = re.compile(rf"relayhost|\w+_transport|{'|'.join(_TABLES)}|{_ELSEWHERE.pattern}")
#: What may have tables with the action FILTER, or ask a policy server, which may say that, too.
_ACTIONS = re.compile(r"\w+_(checks|restrictions)")


def known_hops(configuration: Configuration, names: set[str], files: Files) -> frozenset[str] | None:
    """The next hops of these services; None where they may have others, such as any recipient's domain."""
    if configuration.services is None or not files.known or _is_elsewhere(configuration, files):
        return None
    main = configuration.main()
    found = set()
    for parameter, transport, hop in _routes(configuration, main, files):
        if transport and transport not in names:
            continue
        if not hop and parameter in ("default_transport", "relay_transport", _TABLES[2]):
            hop = main.text("relayhost")
        if hop:  # of several the first is compared, whichever answers (smtp_connect.c)
            found.add(next_hop(words(hop, ", \t")[0], set()).casefold())
        elif transport:
            return None
    return frozenset(found)


def _routes(configuration: Configuration, main: Effective, files: Files) -> Iterator[tuple[str, str, str]]:
    """Parameter, transport (empty for any) and next hop (empty for none)."""
    for parameter, value in transports(main, files):
        transport, _colon, hop = value.partition(":")
        yield parameter, transport, hop
    for table in words(main.text(_TABLES[1]), ", \t\r\n"):
        yield from ((_TABLES[1], "", hop) for hop in (entries(table, files) or {}).values())
    for service in configuration.effective_services():
        if "content_filter" in service.overrides:
            value = Effective(configuration, service).text("content_filter")
            transport, _colon, hop = value.partition(":")
            yield "content_filter", transport, hop


def _is_elsewhere(configuration: Configuration, files: Files) -> bool:
    """Whether something that isn't looked into, or can't be, may send mail elsewhere."""
    main = configuration.main()
    tables = [table for name in _TABLES for table in words(main.text(name), ", \t\r\n")]
    if any(entries(table, files) is None and not table.startswith("static:") for table in tables):
        return True
    overrides = [
        (name, service) for service in configuration.effective_services() for name in service.overrides
    ]
    if any(map(_ELSEWHERE.fullmatch, configuration.settings)) or any(
        _ROUTES.fullmatch(name) for name, _service in overrides
    ):
        return True
    classes = words(main.text("smtpd_restriction_classes"), ", \t\r\n")
    values = [main.text(name) for name in configuration.settings if _is_of_actions(name, classes)]
    values += [
        Effective(configuration, service).text(name)
        for name, service in overrides
        if _is_of_actions(name, classes)
    ]
    return any(_may_filter(value, files) for value in values)


def _is_of_actions(name: str, classes: list[str]) -> bool:
    return bool(_ACTIONS.fullmatch(name)) or name in classes


def _may_filter(value: str, files: Files) -> bool:
    if "check_policy_service" in value or "FILTER" in value.upper():
        return True
    tables = [word for word in words(value, ", \t\r\n") if word.partition(":")[0] in TABLE_TYPES]
    texts = [lines_of(table, files) for table in tables if not table.startswith(("static:", "inline:"))]
    return any(text is None or "FILTER" in " ".join(text).upper() for text in texts)
