"""save_dest: request, status; no descriptor moves."""

from __future__ import annotations

from conformance.catalogue.language.dialogue import case

__all__ = ["CASES"]

_BAD = "log warning: scache_save_dest_service: bad or missing request parameter"
_CUT = "the bytes after the unexpected name are thrown away only if they were read before the reply"

CASES = (
    case(
        "save_dest/reply/1",
        "A binding is saved with status 0, and no descriptor is asked for.",
        "wire.save_dest wire.status dialect.steps",
        """
        >> request=save_dest ttl=2 label=D property=DP label=E .
        << status=0 .
        << nothing
        """,
    ),
    case(
        "save_dest/reply/2",
        "A binding to an endpoint that nobody has saved is accepted.",
        "wire.save_dest cache.independent",
        """
        save_dest D DP nowhere
        find_dest D = miss
        """,
    ),
    case(
        "save_dest/reply/3",
        "The first label is the destination's, the second the endpoint's.",
        "wire.save_dest",
        """
        save_dest D DP E
        save_endp E P A
        find_dest E = miss
        find_dest D = DP P A
        """,
    ),
    case(
        "save_dest/reply/4",
        "Empty labels and an empty property are good.",
        "cache.names",
        """
        save_dest "" "" ""
        save_endp "" P A
        find_dest "" = "" P A
        """,
    ),
    case(
        "save_dest/bad/1",
        "Without ttl: status 1.",
        "wire.save_dest scanner.unexpected log.bad",
        f"""
        >> request=save_dest label=D property=DP label=E .
        << status=1 .
        log warning: unexpected attribute label from scache socket (expecting: ttl)
        {_BAD}
        """,
        whole=_CUT,
    ),
    case(
        "save_dest/bad/2",
        "Without the destination's label: status 1.",
        "wire.save_dest scanner.unexpected log.bad",
        f"""
        >> request=save_dest ttl=2 property=DP label=E .
        << status=1 .
        log warning: unexpected attribute property from scache socket (expecting: label)
        {_BAD}
        """,
        whole=_CUT,
    ),
    case(
        "save_dest/bad/3",
        "Without property: status 1.",
        "wire.save_dest scanner.unexpected log.bad",
        f"""
        >> request=save_dest ttl=2 label=D label=E .
        << status=1 .
        log warning: unexpected attribute label from scache socket (expecting: property)
        {_BAD}
        """,
        whole=_CUT,
    ),
    case(
        "save_dest/bad/4",
        "Without the endpoint's label: status 1, and nothing is bound.",
        "wire.save_dest scanner.missing scanner.bad log.bad",
        f"""
        save_endp E P A
        >> request=save_dest ttl=2 label=D property=DP .
        << status=1 .
        log warning: missing attribute label in input from scache socket
        {_BAD}
        find_dest D = miss
        """,
    ),
    case(
        "save_dest/bad/5",
        "A ttl of 0 binds nothing.",
        "wire.save_dest scanner.bad log.bad",
        f"""
        save_endp E P A
        >> request=save_dest ttl=0 label=D property=DP label=E .
        << status=1 .
        {_BAD}
        find_dest D = miss
        """,
    ),
    case(
        "save_dest/bad/6",
        "A bad save_dest leaves the connection usable.",
        "after.open",
        f"""
        >> request=save_dest .
        << status=1 .
        log warning: missing attribute ttl in input from scache socket
        {_BAD}
        save_dest D DP E
        """,
    ),
    case(
        "save_dest/extra/1",
        "An attribute behind the last one is warned of, and the binding is saved.",
        "scanner.extra",
        """
        >> request=save_dest ttl=2 label=D property=DP label=E foo=bar .
        << status=0 .
        log warning: unexpected attribute foo from scache socket (expecting: (list terminator))
        save_endp E P A
        find_dest D = DP P A
        """,
        whole=_CUT,
    ),
)
