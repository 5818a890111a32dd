"""Findings about next hops at a port where the other side speaks TLS from the first byte (RFC 8314)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from scache.admin.check.files import Files
from scache.admin.check.finding import Finding, Kind, Severity
from scache.admin.check.services import transports
from scache.admin.check.tls_use import reuse_cure, tls_of
from scache.admin.configuration import Configuration, Effective, Service, Setting

__all__ = ["KINDS", "find"]

_PORT = Kind(
    "tls-port-without-wrappermode",
    Severity.STOPS_MAIL,
    "A next hop has port 465, but TLS from the first byte is off.",
    "At port 465 (`smtps`, `submissions`) the server says nothing until TLS has begun. Without "
    "`smtp_tls_wrappermode = yes` smtp(8) waits for its greeting, for `smtp_helo_timeout` (5 minutes), and "
    "defers the mail: `timed out while receiving the initial server greeting`.",
    "Set `smtp_tls_wrappermode = yes` and `smtp_tls_security_level = encrypt`, for the transport that sends "
    "there alone if others send elsewhere; or use port 587.",
)
KINDS = (_PORT,)

_TLS_FIRST = re.compile(r":(465|smtps|submissions)$")


def find(
    configuration: Configuration, service: Service, effective: Effective, files: Files
) -> Iterator[Finding]:
    """The finding about an agent, if there is one."""
    name = "smtp_tls_wrappermode"
    if service.agent != "smtp" or effective.is_yes(name):
        return
    hops = list(_hops(configuration, service, files))
    wrong = [(parameter, hop) for parameter, hop in hops if _TLS_FIRST.search(hop)]
    if wrong:
        parameter, hop = wrong[0]
        said = f"{hop} is sent to by {service.id}, which has {name} = no"
        only = len(wrong) == len(hops)
        cure = _cure(configuration, service, effective, files) if only else [_by_hand(hop)]
        main = configuration.main()
        yield _PORT.found(parameter, main.text(parameter), said, main.place(parameter), cure)


def _hops(configuration: Configuration, service: Service, files: Files) -> Iterator[tuple[str, str]]:
    """The next hops that this transport is known to have, each with the parameter that gives it."""
    main = configuration.main()
    relay = main.text("relayhost")
    for parameter, value in transports(main, files):
        name, _colon, hop = value.partition(":")
        if name == service.name and (hop or relay):
            yield (parameter, hop) if hop else ("relayhost", relay)


def _cure(configuration: Configuration, service: Service, effective: Effective, files: Files) -> list[str]:
    """Commands that switch it on for this transport, with a level and the reuse that go with it."""
    settings = {"smtp_tls_wrappermode": "yes"}
    if tls_of(service, effective, files).level in ("none", "may"):
        settings["smtp_tls_security_level"] = "encrypt"
    cure = [
        command
        for name, value in settings.items()
        for command in configuration.own_commands(service.id, name, value)
    ]
    overrides = {name: Setting(value, service.place) for name, value in settings.items()}
    mended = replace(service, overrides={**service.overrides, **overrides})
    tls = tls_of(mended, Effective(configuration, mended), files)
    if not tls.reuse or not tls_of(service, effective, files).is_possible:
        others = [each for each in configuration.effective_services() if each.id != service.id]
        following = replace(configuration, services=[*others, mended])
        cure += reuse_cure(following, mended, Effective(following, mended), "smtp_tls_wrappermode")
    return cure


def _by_hand(hop: str) -> str:
    return (
        f"# give {hop} a transport of its own, with -o smtp_tls_wrappermode=yes "
        "-o smtp_tls_security_level=encrypt"
    )
