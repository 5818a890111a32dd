"""Why a lookup found nothing, in words, and what to set."""

from __future__ import annotations

from typing import Any

__all__ = ["cure", "label_text", "reason", "span"]

_FIELDS = {
    "tls_level": (
        "the TLS level",
        "Connections of different TLS levels aren't shared: look for what gives the same place two levels "
        "(smtp_tls_policy_maps, smtp_tls_security_level, -o options of transports).",
    ),
    "sender": (
        "the sender, and with it the login (SASL user)",
        "With smtp_sender_dependent_authentication each sender has connections of its own; where all log in "
        "alike, switch it off.",
    ),
    "login": (
        "the login: only one of the two is made for passwords, or for those of senders",
        "Only mails that log in alike share connections (smtp_sasl_password_maps, "
        "smtp_sender_dependent_authentication).",
    ),
    "port": ("the port", "Give the place one port in all routes to it."),
    "nexthop": (
        "the next hop",
        "With logins, and where a certificate must match it, connections belong to a next hop: give the "
        "place one name in all routes.",
    ),
    "host": ("the host name", "With logins, connections belong to a host name: give the place one name."),
    "service": (
        "the transport",
        "Each transport has connections of its own: route the destination through one.",
    ),
}


def reason(miss: dict[str, Any]) -> str:
    """Why, in half a sentence, such as `its last session expired 3 s before`."""
    since = f"{span(miss['since'])} before" if miss["since"] is not None else ""
    endpoint = f" of {label_text(miss['endpoint'])}" if "endpoint" in miss else ""
    said: str = {
        "unknown": "nobody has saved anything under this label lately",
        "unbound": f"the destination's bindings expired {since}",
        "unsaved": f"it leads to{endpoint.removeprefix(' of')}, for which nobody has saved a session lately",
        "expired": f"the last session{endpoint} expired {since}",
        "taken": f"another client took the last session{endpoint} {since}",
        "closed": f"the last session{endpoint} was closed {since}, by its remote side or to make room",
    }[miss["why"]]
    if "near" in miss:
        near = miss["near"]
        said += f"; {label_text(near['label'])} is cached, which differs only in {_FIELDS[near['field']][0]}"
    return said


def cure(miss: dict[str, Any], *, cached: bool = False) -> str:
    """What to set, or that nothing is wrong. cached: there is a session now."""
    if cached and miss["why"] == "unknown" and "near" not in miss:
        return "That was a first delivery; now there is a connection to reuse."
    if "near" in miss:
        return _FIELDS[miss["near"]["field"]][1]
    if miss["why"] in ("expired", "unbound"):
        longer = miss["since"] + 1
        return (
            f"To reuse it then, keep connections {longer} s longer: raise connection_cache_ttl_limit and "
            "smtp_connection_cache_time_limit, both."
        )
    return {
        "unknown": "smtp(8) caches a destination under load (smtp_connection_cache_on_demand) or where "
        "smtp_connection_cache_destinations names it: `scache check` with the destination says what holds.",
        "unsaved": "An agent has bound the destination and not yet saved its connection, which is usual now "
        "and then; or it kept or closed it: look for `descriptor save failed` in the log, and at "
        "smtp_connection_reuse_time_limit.",
        "taken": "All its connections were in use, so another one was opened: that is as it should be. Fewer "
        "are opened with a lower smtp_destination_concurrency_limit.",
        "closed": "If the remote side is impatient, keep connections for less long "
        "(connection_cache_ttl_limit); if the daemon warns of too many sessions, raise that limit.",
    }[miss["why"]]


def label_text(label: str) -> str:
    """A label in one word, its lines with slashes between."""
    text = label.removesuffix("\n").replace("\n", "/")
    return text if text.isprintable() and " " not in text and text else ascii(text)


def span(seconds: int) -> str:
    """`3 s`, `5 min`, `3 h 20 min`, `12 days`."""
    if seconds < 120:
        return f"{seconds} s"
    if seconds < 7200:
        return f"{seconds // 60} min"
    if seconds < 172_800:
        return f"{seconds // 3600} h {seconds // 60 % 60} min"
    return f"{seconds // 86_400} days"
