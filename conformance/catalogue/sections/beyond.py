"""Beyond: what this project's daemon bounds or does better, each where its parameter says so."""

from __future__ import annotations

from conformance.catalogue.language.dialogue import case

__all__ = ["CASES", "TITLE"]

TITLE = "Beyond"

_FULL = "4096"  # bytes: the smallest limit that the parameters of sizes take
_LONG = "x" * 2000
_LONG_WRITE = "a write of this length byte by byte tells nothing that the shorter ones don't"

_TOO_MANY = "log warning: too many sessions: see scache_session_limit, scache_endpoint_session_limit"
_NO_BINDING = (
    "log warning: no room for a binding: see scache_binding_limit, scache_destination_binding_limit, "
    "scache_cache_size_limit"
)
_UNREAD = "client closed: too many bytes of answers that aren't read: see scache_unread_limit"
_UNFINISHED = "log warning: client closed: too many bytes of unfinished messages: see scache_unfinished_limit"
_NO_SESSION = "log warning: no room for a session: see scache_cache_size_limit"

CASES = (
    case(
        "beyond/sessions/1",
        "Of too many sessions of one endpoint the oldest is closed.",
        "beyond.sessions",
        f"""
        save_endp E P1 A
        save_endp E P2 B
        save_endp F P3 C
        held A
        save_endp E P4 D
        {_TOO_MANY}
        free A
        find_endp E = P2 B
        find_endp E = P4 D
        find_endp F = P3 C
        """,
        options={"scache_endpoint_session_limit": "2"},
    ),
    case(
        "beyond/sessions/2",
        "Of too many sessions in all the oldest of the endpoint that has most is closed.",
        "beyond.sessions",
        f"""
        save_endp E P1 A
        save_endp F P2 B
        save_endp F P3 C
        held B
        save_endp G P4 D
        {_TOO_MANY}
        free B
        find_endp E = P1 A
        find_endp F = P3 C
        find_endp G = P4 D
        """,
        options={"scache_session_limit": "3"},
    ),
    case(
        "beyond/sessions/3",
        "Where each endpoint has one session, the endpoint that is there for longest loses its own.",
        "beyond.sessions",
        f"""
        save_endp E P1 A
        save_endp F P2 B
        held A
        save_endp G P3 C
        {_TOO_MANY}
        free A
        find_endp E = miss
        find_endp F = P2 B
        find_endp G = P3 C
        """,
        options={"scache_session_limit": "2"},
    ),
    case(
        "beyond/sessions/4",
        "A session whose client goes away without it is closed where others have taken its place.",
        "beyond.sessions",
        """
        a: save_endp E P1 A
        b: >> request=find_endp label=E .
        b: << status=0 property=P1 .
        a: save_endp E P2 B
        b: close
        log warning: scache_find_endp_service: cannot send file descriptor: no dummy came
        free A
        a: find_endp E = P2 B
        """,
        options={"scache_endpoint_session_limit": "1", "scache_keep_unclaimed": "yes"},
    ),
    case(
        "beyond/bindings/1",
        "One binding too many of a destination fails; refreshing one of them doesn't, nor does another "
        "destination's.",
        "beyond.bindings",
        f"""
        save_dest D P E
        save_dest D P F
        >> request=save_dest ttl=2 label=D property=P label=G .
        << status=2 .
        {_NO_BINDING}
        save_dest D P E
        save_dest D2 P G
        save_endp G GP A
        find_dest D = miss
        find_dest D2 = P GP A
        """,
        options={"scache_destination_binding_limit": "2"},
    ),
    case(
        "beyond/bindings/2",
        "One binding too many in all fails, until one expires.",
        "beyond.bindings",
        f"""
        save_dest D P E
        save_dest D2 P E
        >> request=save_dest ttl=2 label=D3 property=P label=E .
        << status=2 .
        {_NO_BINDING}
        advance 2
        save_dest D3 P E
        save_endp E EP A
        find_dest D3 = P EP A
        """,
        options={"scache_binding_limit": "2"},
    ),
    case(
        "beyond/size/1",
        "A session whose label and property have no room is closed: FAIL; what was cached stays.",
        "beyond.size",
        f"""
        save_endp E {_LONG} A
        save_endp F {_LONG} B
        >> request=save_endp ttl=2 label=G property={_LONG} .
        << dummy= .
        >> [C]
        << status=2 .
        {_NO_SESSION}
        free C
        find_endp G = miss
        find_endp E = {_LONG} A
        save_endp G {_LONG} D
        find_endp G = {_LONG} D
        """,
        options={"scache_cache_size_limit": _FULL},
    ),
    case(
        "beyond/size/2",
        "A binding that has no room is FAIL, and room is there again when another has expired.",
        "beyond.size expiry.seconds",
        f"""
        save_dest D {_LONG} E
        save_dest D2 {_LONG} E
        >> request=save_dest ttl=2 label=D3 property={_LONG} label=E .
        << status=2 .
        {_NO_BINDING}
        advance 2
        save_dest D3 {_LONG} E
        """,
        options={"scache_cache_size_limit": _FULL},
    ),
    case(
        "beyond/clients/1",
        "Beyond the limit newcomers wait, others are served, and who waits is served when one leaves.",
        "beyond.clients",
        """
        a: connect
        b: connect
        c: connect silent
        log warning: clients wait: see scache_client_limit
        a: find_endp E = miss
        b: find_endp E = miss
        c: << nothing
        b: close
        c: << protocol=connection_cache_protocol .
        c: find_endp E = miss
        """,
        options={"scache_client_limit": "2"},
    ),
    case(
        "beyond/clients/2",
        "Of clients that hold too much of unfinished messages the one with more than its share is closed.",
        "beyond.clients",
        f"""
        a: >> request=save_dest ttl=2 label=D property={_LONG}
        b: >> request=save_dest ttl=2 label=D property={_LONG}{_LONG}
        b: << end
        {_UNFINISHED}
        a: >> label=E .
        a: << status=0 .
        """,
        options={"scache_unfinished_limit": _FULL},
    ),
    case(
        "beyond/accept/1",
        "Where only connections are accepted, another descriptor is FAIL, and a connection is saved.",
        "beyond.accept",
        """
        >> request=save_endp ttl=2 label=E property=P1 .
        << dummy= .
        >> [~A]
        << status=2 .
        log warning: a descriptor is no connected stream socket: see scache_accept
        find_endp E = miss
        save_endp E P2 B
        find_endp E = P2 B
        """,
        options={"scache_accept": "stream"},
    ),
    case(
        "beyond/clients/3",
        "A client that makes the daemon hold too much of an answer that it doesn't read is closed, and the "
        "session that it has found with it; others are served.",
        "beyond.clients",
        f"""
        a: save_endp E x*900000 A
        b: save_endp F P B
        a: >> request=find_endp label=E .
        log warning: {_UNREAD}
        free A
        a: close
        b: find_endp E = miss
        b: find_endp F = P B
        """,
        options={"scache_unread_limit": _FULL},
        whole=_LONG_WRITE,
    ),
    case(
        "beyond/clients/4",
        "Where it is to be kept, the session that such a client has found is in its place again.",
        "beyond.clients",
        f"""
        a: save_endp E x*900000 A
        a: save_endp E P B
        a: >> request=find_endp label=E .
        log warning: {_UNREAD}
        a: close
        b: >> request=save_dest ttl=2 label=D property=P label=E .
        b: << status=0 .
        held A
        held B
        """,
        options={"scache_unread_limit": _FULL, "scache_keep_unclaimed": "yes"},
        whole=_LONG_WRITE,
    ),
    case(
        "beyond/clients/5",
        "Who waits while many clients are there is served before whoever comes later.",
        "beyond.clients",
        """
        a: connect
        b: connect silent
        c: connect silent
        log warning: clients wait: see scache_client_limit
        a: close
        b: << protocol=connection_cache_protocol .
        c: << nothing
        b: close
        c: << protocol=connection_cache_protocol .
        """,
        options={"scache_client_limit": "1"},
    ),
    case(
        "beyond/clients/6",
        "What a client has found counts until it takes it: who holds more than its share of labels and "
        "properties is closed, and the session with it.",
        "beyond.clients",
        f"""
        a: save_endp E x*5000 A
        b: save_endp F x*5000 B
        a: >> request=find_endp label=E .
        a: << status=0 property=x*5000 .
        b: >> request=find_endp label=F .
        b: << status=0 property=x*5000 . end
        {_UNFINISHED}
        free B
        a: >> dummy= .
        a: << [A]
        a: >> dummy= .
        a: save_endp E P C
        """,
        options={"scache_unfinished_limit": "9500"},
        whole=_LONG_WRITE,
    ),
    case(
        "beyond/clients/7",
        "What a client saves counts until its descriptor comes, and no longer.",
        "beyond.clients",
        f"""
        a: >> request=save_endp ttl=2 label=E property=x*5000 .
        a: << dummy= .
        b: >> request=save_endp ttl=2 label=F property=x*5000 .
        b: << dummy= . end
        {_UNFINISHED}
        a: >> [A]
        a: << status=0 .
        c: save_endp F x*5000 B
        a: find_endp F = x*5000 B
        """,
        options={"scache_unfinished_limit": "9500"},
        whole=_LONG_WRITE,
    ),
    case(
        "beyond/warnings/1",
        "Of a flood of warnings of one kind so many are logged as are allowed, and another kind after it.",
        "beyond.warnings",
        """
        >> .
        log warning: missing attribute request in input from scache socket
        >> .
        log warning: missing attribute request in input from scache socket
        >> .
        log nothing
        >> request=foo .
        << status=1 .
        log warning: unrecognized request: "foo", ignored
        """,
        options={"scache_warning_limit": "2"},
    ),
    case(
        "beyond/watch/1",
        "A cached session that its remote side ends is closed at once, and the next one is found.",
        "beyond.watch",
        """
        save_endp E P1 A
        save_endp E P2 B
        advance 1
        held A
        hang up A
        free A
        find_endp E = P2 B
        """,
        options={"scache_watch": "yes"},
    ),
    case(
        "beyond/watch/2",
        "A session that was found is no longer watched.",
        "beyond.watch",
        """
        save_endp E P1 A
        advance 1
        >> request=find_endp label=E .
        << status=0 property=P1 .
        hang up A
        >> dummy= .
        << [A]
        >> dummy= .
        find_endp E = miss
        """,
        options={"scache_watch": "yes"},
    ),
    case(
        "beyond/watch/3",
        "One whose remote side closes while the session after it is found doesn't take that with it.",
        "beyond.watch",
        """
        save_endp E P1 A
        save_endp F P2 B
        advance 1
        hang up A
        find_endp F = P2 B
        free A
        find_endp E = miss
        """,
        options={"scache_watch": "yes"},
    ),
    case(
        "beyond/watch/4",
        "A session that nobody claimed is watched again.",
        "beyond.watch",
        """
        save_endp E P1 A
        save_endp E P2 B
        b: >> request=find_endp label=E .
        b: << status=0 property=P1 .
        b: close
        advance 1
        held A
        hang up A
        free A
        find_endp E = P2 B
        """,
        options={"scache_watch": "yes", "scache_keep_unclaimed": "yes"},
    ),
    case(
        "beyond/watch/5",
        "Sessions that their remote sides have ended are counted in the statistics.",
        "beyond.watch",
        """
        save_endp E P1 A
        advance 1
        hang up A
        free A
        advance 599
        log statistics: start interval Jan 15 08:00:00
        log statistics: max simultaneous domains=0 addresses=1 connection=1
        log statistics: sessions ended by peer closed=1 spoke=0
        """,
        options={"scache_watch": "yes"},
    ),
    case(
        "beyond/watch/6",
        "A session that its remote side ends in its first moment, before it is watched, isn't found.",
        "beyond.watch",
        """
        save_endp E P1 A
        hang up A
        find_endp E = miss
        free A
        save_endp E P2 B
        save_endp E P3 C
        save_dest D Q E
        hang up B
        find_dest D = Q P3 C
        free B
        advance 600
        log statistics: start interval Jan 15 08:00:00
        log statistics: domain lookup hits=1 miss=0 success=100%
        log statistics: address lookup hits=0 miss=1 success=0%
        log statistics: max simultaneous domains=1 addresses=1 connection=2
        log statistics: sessions ended by peer closed=2 spoke=0
        """,
        options={"scache_watch": "yes"},
    ),
    case(
        "beyond/watch/7",
        "A session that ends in its first moment without being found leaves the cache a moment later.",
        "beyond.watch",
        """
        save_endp E P1 A
        hang up A
        held A
        advance 1
        free A
        """,
        options={"scache_watch": "yes"},
    ),
    case(
        "beyond/order/1",
        "The newest session of an endpoint is found first.",
        "beyond.order",
        """
        save_endp E P1 A
        save_endp E P2 B
        save_dest D DP E
        find_dest D = DP P2 B
        find_endp E = P1 A
        """,
        options={"scache_order": "lifo"},
    ),
    case(
        "beyond/order/2",
        "Where the newest is found first, the others fall due.",
        "beyond.order",
        """
        save_endp E P1 A
        advance 1
        save_endp E P2 B
        find_endp E = P2 B
        save_endp E P3 B
        advance 1
        free A
        find_endp E = P3 B
        """,
        options={"scache_order": "lifo"},
    ),
)
