"""find_dest: request, reply with two properties; on a hit the descriptor's steps as with find_endp."""

from __future__ import annotations

from conformance.catalogue.language.dialogue import case

__all__ = ["CASES"]

_BAD = "log warning: scache_find_dest_service: bad or missing request parameter"

CASES = (
    case(
        "find_dest/hit/1",
        "A hit is answered by status 0, the destination's property, the endpoint's property.",
        "wire.find_dest wire.status dialect.write-wait dialect.read-wait",
        """
        save_dest D of-destination E
        save_endp E of-endpoint A
        >> request=find_dest label=D .
        << status=0 property=of-destination property=of-endpoint .
        << nothing
        >> dummy
        << [A]
        >> dummy
        << nothing
        """,
    ),
    case(
        "find_dest/hit/2",
        "The binding stays: a second session of the endpoint is found through it as well.",
        "cache.find_dest",
        """
        save_dest D DP E
        save_endp E P1 A
        save_endp E P2 B
        find_dest D = DP P1 A
        find_dest D = DP P2 B
        find_dest D = miss
        """,
    ),
    case(
        "find_dest/hit/3",
        "The session is removed: find_endp no longer sees it.",
        "cache.find_dest",
        """
        save_dest D DP E
        save_endp E P A
        find_dest D = DP P A
        find_endp E = miss
        free A
        """,
    ),
    case(
        "find_dest/hit/4",
        "The binding may be saved after the session.",
        "cache.independent",
        """
        save_endp E P A
        save_dest D DP E
        find_dest D = DP P A
        """,
    ),
    case(
        "find_dest/hit/5",
        "Empty properties come back empty.",
        "cache.names",
        """
        save_dest D "" E
        save_endp E "" A
        find_dest D = "" "" A
        """,
    ),
    case(
        "find_dest/order/1",
        "Bindings are walked oldest first.",
        "cache.find_dest",
        """
        save_dest D DP1 E1
        save_dest D DP2 E2
        save_endp E2 P2 B
        save_endp E1 P1 A
        find_dest D = DP1 P1 A
        find_dest D = DP2 P2 B
        """,
    ),
    case(
        "find_dest/order/2",
        "Bindings whose endpoint has no session are passed over.",
        "cache.find_dest cache.independent",
        """
        save_dest D DP1 E1
        save_dest D DP2 E2
        save_dest D DP3 E3
        save_endp E3 P3 A
        find_dest D = DP3 P3 A
        find_dest D = miss
        """,
    ),
    case(
        "find_dest/order/3",
        "A binding that was passed over wins as soon as its endpoint has a session.",
        "cache.find_dest cache.independent",
        """
        save_dest D DP1 E1
        save_dest D DP2 E2
        save_endp E2 P2 A
        save_endp E2 P3 B
        find_dest D = DP2 P2 A
        save_endp E1 P1 C
        find_dest D = DP1 P1 C
        find_dest D = DP2 P3 B
        """,
    ),
    case(
        "find_dest/order/4",
        "Of one endpoint's sessions the oldest comes first, through the binding too.",
        "cache.find_dest cache.find_endp",
        """
        save_endp E P1 A
        save_dest D DP E
        save_endp E P2 B
        find_dest D = DP P1 A
        find_endp E = P2 B
        """,
    ),
    case(
        "find_dest/miss/1",
        "An unknown destination: status 2 and two empty properties.",
        "wire.find_dest wire.status wire.empty dialect.steps",
        """
        >> request=find_dest label=D .
        << status=2 property= property= .
        << nothing
        """,
    ),
    case(
        "find_dest/miss/2",
        "A destination whose endpoints have no session: status 2 and two empty properties.",
        "wire.find_dest wire.empty cache.independent",
        """
        save_dest D DP E
        >> request=find_dest label=D .
        << status=2 property= property= .
        """,
    ),
    case(
        "find_dest/miss/3",
        "An endpoint's label is not a destination's label.",
        "cache.names",
        """
        save_endp E P A
        find_dest E = miss
        """,
    ),
    case(
        "find_dest/bad/1",
        "Without label: status 1 and two empty properties.",
        "wire.find_dest wire.empty scanner.missing log.bad",
        f"""
        >> request=find_dest .
        << status=1 property= property= .
        log warning: missing attribute label in input from scache socket
        {_BAD}
        find_dest D = miss
        """,
    ),
    case(
        "find_dest/bad/2",
        "A wrong attribute before the label: status 1 and two empty properties.",
        "wire.find_dest wire.empty scanner.unexpected log.bad",
        f"""
        >> request=find_dest property=D label=D .
        << status=1 property= property= .
        log warning: unexpected attribute property from scache socket (expecting: label)
        {_BAD}
        """,
        whole="the bytes after the unexpected name are thrown away only if they were read before the reply",
    ),
    case(
        "find_dest/extra/1",
        "A second label is warned of, and the first one is looked up.",
        "scanner.extra",
        """
        save_dest D DP E
        save_endp E P A
        >> request=find_dest label=D label=F .
        << status=0 property=DP property=P .
        >> dummy
        << [A]
        >> dummy
        log warning: unexpected attribute label from scache socket (expecting: (list terminator))
        """,
        whole="the bytes after the unexpected name are thrown away only if they were read before the reply",
    ),
)
