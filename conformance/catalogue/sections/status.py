"""Status: what this project's daemon tells of itself where its parameter says so."""

from __future__ import annotations

import json
from typing import Any

from conformance.catalogue.language.dialogue import case

__all__ = ["CASES", "TITLE"]

TITLE = "Status"

_TELLS = {"scache_status_request": "yes"}


def _miss(label: str, why: str, since: int | None, ago: int = 0, **further: Any) -> dict[str, Any]:
    return {"ago": ago, "label": label, "why": why, "since": since, **further}


def _destination(miss: dict[str, Any] | None, hits: int = 0, expires: int | None = None, *bound: str) -> str:
    """What is told of the destination D."""
    misses = [] if miss is None else [miss]
    known = {"label": "D", "hits": hits, "misses": len(misses), "bindings": len(bound), "expires": expires}
    told = {**known, "endpoints": list(bound), "missed": miss}
    return _told([told], [], {"destination": misses, "endpoint": []})


def _endpoint(label: str, miss: dict[str, Any]) -> str:
    """What is told of an endpoint without a session."""
    known = {"label": label, "hits": 0, "misses": 1, "sessions": 0, "oldest": None, "expires": None}
    return _told([], [{**known, "missed": miss}], {"destination": [], "endpoint": [miss]})


def _told(destinations: list[Any], endpoints: list[Any], misses: dict[str, Any]) -> str:
    """The answer to a `request=status`, as a dialogue writes it."""
    document = {"destinations": destinations, "endpoints": endpoints, "misses": misses}
    text = json.dumps(document, separators=(",", ":")).replace("\\", "\\\\")
    return f"<< status=0 property='{text}' ."


_PLAIN, _TLS = "smtp\n192.0.2.1\n25\n0\n", "smtp\n192.0.2.1\n25\n1\n"
_NEAR = _endpoint(_TLS, _miss(_TLS, "unknown", None, near={"label": _PLAIN, "field": "tls_level"}))

CASES = (
    case(
        "beyond/status/1",
        "Unless it is asked for, status is an unknown request like any other.",
        "beyond.status",
        """
        >> request=status label=D .
        << status=1 .
        log warning: unrecognized request: "status", ignored
        find_dest D = miss
        """,
        whole="what follows the name in the same read is thrown away",
    ),
    case(
        "beyond/status/2",
        "Of a destination that nobody has saved it is told that nobody has, and how long ago that was asked.",
        "beyond.status",
        f"""
        find_dest D = miss
        advance 3
        >> request=status label=D .
        {_destination(_miss("D", "unknown", None, 3))}
        """,
        options=_TELLS,
    ),
    case(
        "beyond/status/3",
        "A binding that leads to no session is told as such, and what it leads to.",
        "beyond.status",
        f"""
        save_dest D P E
        find_dest D = miss
        >> request=status label=D .
        {_destination(_miss("D", "unsaved", None, endpoint="E"), 0, 2, "E")}
        """,
        options=_TELLS,
    ),
    case(
        "beyond/status/4",
        "Where the session has expired, it is told how long before the lookup.",
        "beyond.status",
        f"""
        save_dest D P E ttl=9
        save_endp E EP A ttl=2
        advance 2
        advance 3
        find_dest D = miss
        advance 1
        >> request=status label=D .
        {_destination(_miss("D", "expired", 3, 1, endpoint="E"), 0, 3, "E")}
        """,
        options={**_TELLS, "connection_cache_ttl_limit": "100"},
    ),
    case(
        "beyond/status/5",
        "Where another client has taken the session, it is told how long before the lookup.",
        "beyond.status",
        f"""
        save_dest D P E ttl=9
        save_endp E EP A ttl=9
        b: find_dest D = P EP A
        advance 2
        find_dest D = miss
        >> request=status label=D .
        {_destination(_miss("D", "taken", 2, endpoint="E"), 1, 7, "E")}
        """,
        options={**_TELLS, "connection_cache_ttl_limit": "100"},
    ),
    case(
        "beyond/status/6",
        "Where all bindings have expired, it is told how long before the lookup.",
        "beyond.status",
        f"""
        save_dest D P E
        advance 2
        advance 4
        find_dest D = miss
        >> request=status label=D .
        {_destination(_miss("D", "unbound", 4))}
        """,
        options=_TELLS,
    ),
    case(
        "beyond/status/7",
        "Where an endpoint is known under a label that differs in one field only, label and field are named.",
        "beyond.status",
        f"""
        save_endp 'smtp\\n192.0.2.1\\n25\\n0\\n' EP A
        find_endp 'smtp\\n192.0.2.1\\n25\\n1\\n' = miss
        >> request=status label='1\\n25\\n1\\n' .
        {_NEAR}
        """,
        options=_TELLS,
    ),
    case(
        "beyond/status/8",
        "Who asks for a status without saying of what is told BAD, and the answer takes no session away.",
        "beyond.status",
        f"""
        save_dest D P E
        save_endp E EP A
        >> request=status .
        << status=1 property= .
        log warning: missing attribute label in input from scache socket
        log warning: scache_status_service: bad or missing request parameter
        >> request=status label=D .
        {_destination(None, 0, 2, "E")}
        find_dest D = P EP A
        """,
        options=_TELLS,
    ),
)
