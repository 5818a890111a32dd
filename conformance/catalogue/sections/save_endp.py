"""save_endp: request, the server's dummy, the descriptor, status."""

from __future__ import annotations

from conformance.catalogue.language.dialogue import case

__all__ = ["CASES"]

_BAD = "log warning: scache_save_endp_service: bad or missing request parameter"

CASES = (
    case(
        "save_endp/reply/1",
        "The server asks for the descriptor with an empty dummy, takes it and answers status 0.",
        "wire.save_endp wire.status dialect.write-wait",
        """
        >> request=save_endp ttl=2 label=E property=P .
        << dummy
        >> [A]
        << status=0 .
        held A
        """,
    ),
    case(
        "save_endp/reply/2",
        "The value of the data byte that carries the descriptor doesn't matter.",
        "wire.save_endp",
        """
        >> request=save_endp ttl=2 label=E property=P .
        << dummy
        >> 'x' @A
        << status=0 .
        find_endp E = P A
        """,
    ),
    case(
        "save_endp/reply/3",
        "One client saves several sessions, one after another, on the same connection.",
        "wire.save_endp cache.save_endp",
        """
        save_endp E P A
        save_endp F Q B
        find_endp F = Q B
        find_endp E = P A
        """,
    ),
    case(
        "save_endp/reply/4",
        "A session saved by one client is found by another, also after the first has closed.",
        "cache.names cache.find_endp",
        """
        a: save_endp E P A
        a: close
        b: find_endp E = P A
        """,
    ),
    case(
        "save_endp/bad/1",
        "Without ttl: status 1 and no dummy.",
        "wire.save_endp scanner.unexpected scanner.bad log.bad",
        f"""
        >> request=save_endp label=E property=P .
        << status=1 .
        log warning: unexpected attribute label from scache socket (expecting: ttl)
        {_BAD}
        """,
        whole="the bytes after the unexpected name are thrown away only if they were read before the reply",
    ),
    case(
        "save_endp/bad/2",
        "Without label: status 1 and no dummy.",
        "wire.save_endp scanner.unexpected scanner.bad log.bad",
        f"""
        >> request=save_endp ttl=2 property=P .
        << status=1 .
        log warning: unexpected attribute property from scache socket (expecting: label)
        {_BAD}
        """,
        whole="the bytes after the unexpected name are thrown away only if they were read before the reply",
    ),
    case(
        "save_endp/bad/3",
        "Without property: status 1 and no dummy.",
        "wire.save_endp scanner.missing scanner.bad log.bad",
        f"""
        >> request=save_endp ttl=2 label=E .
        << status=1 .
        log warning: missing attribute property in input from scache socket
        {_BAD}
        """,
    ),
    case(
        "save_endp/bad/4",
        "Without any parameter: status 1, and the connection stays usable.",
        "wire.save_endp scanner.missing after.open log.bad",
        f"""
        >> request=save_endp .
        << status=1 .
        log warning: missing attribute ttl in input from scache socket
        {_BAD}
        save_endp E P A
        """,
    ),
    case(
        "save_endp/bad/5",
        "A bad save_endp saves nothing.",
        "scanner.bad wire.status",
        f"""
        >> request=save_endp ttl=0 label=E property=P .
        << status=1 .
        {_BAD}
        find_endp E = miss
        """,
    ),
    case(
        "save_endp/bad/6",
        "label and ttl exchanged: status 1, for the order is fixed.",
        "wire.save_endp scanner.unexpected log.bad",
        f"""
        >> request=save_endp label=E ttl=2 property=P .
        << status=1 .
        log warning: unexpected attribute label from scache socket (expecting: ttl)
        {_BAD}
        """,
        whole="the bytes after the unexpected name are thrown away only if they were read before the reply",
    ),
    case(
        "save_endp/extra/1",
        "An attribute behind the last one is warned of, and the session is saved.",
        "scanner.extra",
        """
        >> request=save_endp ttl=2 label=E property=P foo=bar .
        << dummy
        >> [A]
        << status=0 .
        log warning: unexpected attribute foo from scache socket (expecting: (list terminator))
        find_endp E = P A
        """,
        whole="the bytes after the unexpected name are thrown away only if they were read before the reply",
    ),
)
