"""Announce: what the server says before the client has said anything."""

from __future__ import annotations

from conformance.catalogue.language.dialogue import case
from scache.protocol.dialect import POSTFIX_2, POSTFIX_3_6

__all__ = ["CASES"]

CASES = (
    case(
        "announce/list/1",
        "On accept the server sends the list `protocol = connection_cache_protocol`.",
        "dialect.announcement",
        """
        connect silent
        << protocol=connection_cache_protocol .
        """,
        dialect=POSTFIX_3_6,
    ),
    case(
        "announce/list/2",
        "The announcement comes once; after it the server waits for a request.",
        "dialect.announcement",
        """
        connect silent
        << protocol=connection_cache_protocol .
        << nothing
        find_endp E = miss
        << nothing
        """,
        dialect=POSTFIX_3_6,
    ),
    case(
        "announce/list/3",
        "Every client gets its own announcement.",
        "dialect.announcement",
        """
        a: connect silent
        b: connect silent
        b: << protocol=connection_cache_protocol .
        a: << protocol=connection_cache_protocol .
        """,
        dialect=POSTFIX_3_6,
    ),
    case(
        "announce/list/4",
        "A request that is sent before the announcement is read is served after it.",
        "dialect.announcement",
        """
        connect silent
        >> request=find_endp label=E .
        << protocol=connection_cache_protocol . status=2 property= .
        """,
        dialect=POSTFIX_3_6,
    ),
    case(
        "announce/none/1",
        "Without the announcement the server says nothing until it is asked.",
        "dialect.announcement dialect.steps",
        """
        connect silent
        << nothing
        >> request=find_endp label=E .
        << status=2 property= .
        """,
        dialect=POSTFIX_2,
    ),
    case(
        "announce/idle/1",
        "A client that connects and closes without a word leaves no trace.",
        "dialect.announcement after.close",
        """
        connect
        close
        log nothing
        b: find_endp E = miss
        """,
    ),
)
