"""find_endp: request, reply; on a hit the client's dummy, the descriptor, the client's dummy."""

from __future__ import annotations

from conformance.catalogue.language.dialogue import case

__all__ = ["CASES"]

_BAD = "log warning: scache_find_endp_service: bad or missing request parameter"

CASES = (
    case(
        "find_endp/hit/1",
        "A hit is answered by status 0 and the property; after the client's dummy the descriptor follows.",
        "wire.find_endp wire.status dialect.write-wait dialect.read-wait",
        """
        save_endp E P A
        >> request=find_endp label=E .
        << status=0 property=P .
        << nothing
        >> dummy
        << [A]
        >> dummy
        << nothing
        """,
    ),
    case(
        "find_endp/hit/2",
        "The server lets go of a session that it has handed out.",
        "cache.find_endp",
        """
        save_endp E P A
        held A
        find_endp E = P A
        free A
        """,
    ),
    case(
        "find_endp/hit/3",
        "A session is handed out once: the second find misses.",
        "cache.find_endp",
        """
        save_endp E P A
        find_endp E = P A
        find_endp E = miss
        """,
    ),
    case(
        "find_endp/hit/4",
        "An empty property comes back empty.",
        "cache.names wire.find_endp",
        """
        save_endp E "" A
        find_endp E = "" A
        """,
    ),
    case(
        "find_endp/hit/5",
        "A session saved again after it was found is found again.",
        "cache.find_endp cache.save_endp",
        """
        save_endp E P A
        find_endp E = P A
        save_endp E P2 A
        find_endp E = P2 A
        """,
    ),
    case(
        "find_endp/miss/1",
        "A miss is answered by status 2 and an empty property, and nothing follows.",
        "wire.find_endp wire.status wire.empty dialect.steps",
        """
        >> request=find_endp label=E .
        << status=2 property= .
        << nothing
        """,
    ),
    case(
        "find_endp/miss/2",
        "Labels are compared whole: a prefix, a longer one or another case misses.",
        "cache.names",
        """
        save_endp Endpoint P A
        find_endp Endpoin = miss
        find_endp Endpoint2 = miss
        find_endp endpoint = miss
        find_endp Endpoint = P A
        """,
    ),
    case(
        "find_endp/miss/3",
        "A destination's label is not an endpoint's label.",
        "cache.names",
        """
        save_dest X DP E
        save_endp E P A
        find_endp X = miss
        find_endp E = P A
        """,
    ),
    case(
        "find_endp/miss/4",
        "A miss leaves the connection usable.",
        "after.open wire.find_endp",
        """
        find_endp E = miss
        find_endp E = miss
        save_endp E P A
        find_endp E = P A
        """,
    ),
    case(
        "find_endp/bad/1",
        "Without label: status 1 and an empty property.",
        "wire.find_endp wire.empty scanner.missing log.bad",
        f"""
        >> request=find_endp .
        << status=1 property= .
        log warning: missing attribute label in input from scache socket
        {_BAD}
        """,
    ),
    case(
        "find_endp/bad/2",
        "A wrong attribute before the label: status 1 and an empty property.",
        "wire.find_endp wire.empty scanner.unexpected log.bad",
        f"""
        >> request=find_endp foo=bar label=E .
        << status=1 property= .
        log warning: unexpected attribute foo from scache socket (expecting: label)
        {_BAD}
        find_endp E = miss
        """,
        whole="the bytes after the unexpected name are thrown away only if they were read before the reply",
    ),
    case(
        "find_endp/extra/1",
        "A second label is warned of, and the first one is looked up.",
        "scanner.extra",
        """
        save_endp E P A
        >> request=find_endp label=E label=F .
        << status=0 property=P .
        >> dummy
        << [A]
        >> dummy
        log warning: unexpected attribute label from scache socket (expecting: (list terminator))
        """,
        whole="the bytes after the unexpected name are thrown away only if they were read before the reply",
    ),
)
