"""Robustness: where Postfix's daemon fails, and no daemon should.

Known differences of Postfix: conformance/expectations/postfix.toml.
"""

from __future__ import annotations

from conformance.catalogue.language.dialogue import case

__all__ = ["CASES"]

_NOT_RECEIVED = "log warning: scache_save_endp_service: unable to receive file descriptor: REASON"
_NOT_SENT = "log warning: scache_find_endp_service: cannot send file descriptor: REASON"
_IN_VALUE = "log warning: unexpected end-of-input from scache socket while reading input attribute value"
_LIMIT = {"ipc_timeout": "1s"}
_TIMED = "each byte starts the time limit anew"
_HUGE = "a write of this length byte by byte tells nothing that the shorter ones don't"

CASES = (
    case(
        "robustness/leak/1",
        "Two descriptors in one message are both closed.",
        "failure.leak fd.several",
        f"""
        >> request=save_endp ttl=2 label=E property=P .
        << dummy
        >> [A B]
        << status=2 .
        {_NOT_RECEIVED}
        free A
        free B
        """,
    ),
    case(
        "robustness/leak/2",
        "Three descriptors in one message are all closed.",
        "failure.leak fd.several",
        f"""
        >> request=save_endp ttl=2 label=E property=P .
        << dummy
        >> [A B C]
        << status=2 .
        {_NOT_RECEIVED}
        free A
        free B
        free C
        """,
    ),
    case(
        "robustness/stall/1",
        "While one client stops inside a message, another is served.",
        "failure.stall",
        """
        a: >> 'request\\0find'
        b: find_endp E = miss
        b: save_endp E P A
        b: find_endp E = P A
        a: >> '_endp\\0' label=E .
        a: << status=2 property= .
        """,
    ),
    case(
        "robustness/stall/2",
        "While one client owes its descriptor, another is served.",
        "failure.stall",
        """
        a: >> request=save_endp ttl=2 label=E property=P .
        a: << dummy
        b: find_endp E = miss
        a: >> [A]
        a: << status=0 .
        b: find_endp E = P A
        """,
    ),
    case(
        "robustness/stall/3",
        "While one client owes its first dummy, another is served.",
        "failure.stall",
        """
        a: save_endp E P A
        a: >> request=find_endp label=E .
        a: << status=0 property=P .
        b: find_endp E = miss
        a: >> dummy
        a: << [A]
        a: >> dummy
        """,
    ),
    case(
        "robustness/stall/4",
        "While one client owes its last dummy, another is served.",
        "failure.stall",
        """
        a: save_endp E P A
        a: >> request=find_endp label=E .
        a: << status=0 property=P .
        a: >> dummy
        a: << [A]
        b: find_endp E = miss
        a: >> dummy
        """,
    ),
    case(
        "robustness/stall/5",
        "Sessions expire while a client stops inside a message.",
        "failure.stall expiry.close",
        """
        a: save_endp E P A
        a: >> 'request\\0find'
        advance 2
        free A
        """,
    ),
    case(
        "robustness/timeout/1",
        "A client that exceeds ipc_timeout inside a message is closed.",
        "failure.timeout config.ipc-timeout",
        f"""
        >> 'request\\0find'
        advance 1
        {_IN_VALUE}
        << end
        """,
        options=_LIMIT,
        whole=_TIMED,
    ),
    case(
        "robustness/timeout/2",
        "A byte that comes after ipc_timeout does no harm: others are served.",
        "failure.timeout failure.spin",
        f"""
        >> 'request\\0find'
        advance 1
        {_IN_VALUE}
        >> 'x'
        b: find_endp E = miss
        """,
        options=_LIMIT,
        whole=_TIMED,
    ),
    case(
        "robustness/timeout/3",
        "A client that owes its descriptor for longer than ipc_timeout is closed, and others are served.",
        "failure.timeout config.ipc-timeout",
        f"""
        >> request=save_endp ttl=2 label=E property=P .
        << dummy
        advance 1
        {_NOT_RECEIVED}
        << status=2 . end
        b: find_endp E = miss
        """,
        options=_LIMIT,
        whole=_TIMED,
    ),
    case(
        "robustness/timeout/4",
        "A client that says nothing between its requests is not timed out.",
        "config.ipc-timeout",
        """
        find_endp E = miss
        advance 100
        find_endp E = miss
        log nothing
        """,
        options=_LIMIT,
    ),
    case(
        "robustness/accept/1",
        "When descriptors are used up, the cache lives on, and newcomers wait until there is room.",
        "failure.accept",
        """
        a: save_endp E P A ttl=100
        process no more descriptors
        b: connect silent
        b: << nothing
        running
        a: find_endp Q = miss
        held A
        b: close
        a: close
        log warning: accept connection: Too many open files
        advance 1
        c: find_endp Q = miss
        held A
        """,
        options={"connection_cache_ttl_limit": "100"},
    ),
    case(
        "robustness/memory/1",
        "A message of two megabytes is refused, not read into memory.",
        "failure.memory",
        """
        >> 'request\\0find_endp\\0label\\0' 'L'*2000000
        << status=1 property= . end
        b: find_endp E = miss
        log warning: message on scache socket exceeds 1048576 bytes
        log warning: unexpected end-of-input from scache socket while reading input attribute value
        log warning: scache_find_endp_service: bad or missing request parameter
        """,
        whole=_HUGE,
    ),
    case(
        "robustness/vanished/1",
        "Where it is told to, a session whose client vanished before its dummy stays in the cache.",
        "failure.vanished log.not-sent",
        f"""
        a: save_endp E P A
        a: >> request=find_endp label=E .
        a: << status=0 property=P .
        a: close
        log nothing
        or {_NOT_SENT}
        b: find_endp E = P A
        """,
        options={"scache_keep_unclaimed": "yes"},
    ),
    case(
        "robustness/vanished/2",
        "A session that was put back keeps its place and its due second.",
        "failure.vanished expiry.seconds",
        f"""
        a: save_endp E P1 A
        b: save_endp E P2 B
        a: >> request=find_endp label=E .
        a: << status=0 property=P1 .
        a: shutdown
        a: << end
        log nothing
        or {_NOT_SENT}
        b: find_endp E = P1 A
        c: save_endp E P3 C
        c: >> request=find_endp label=E .
        c: << status=0 property=P2 .
        c: close
        log nothing
        or {_NOT_SENT}
        advance 2
        free B
        free C
        """,
        options={"scache_keep_unclaimed": "yes"},
    ),
    case(
        "robustness/vanished/3",
        "A session whose client sends a wrong dummy is closed all the same.",
        "failure.vanished fd.no-dummy",
        f"""
        save_endp E P A
        >> request=find_endp label=E .
        << status=0 property=P .
        >> .
        log warning: missing attribute dummy in input from scache socket
        {_NOT_SENT}
        free A
        find_endp E = miss
        """,
        options={"scache_keep_unclaimed": "yes"},
    ),
    case(
        "robustness/goodbye/1",
        "Where it is told to, an expired session is closed with its protocol's good-bye.",
        "failure.good-bye expiry.close",
        r"""
        save_endp E P A
        advance 2
        free A
        heard A 'QUIT\r\n'
        """,
        options={"scache_goodbye": "QUIT"},
    ),
    case(
        "robustness/goodbye/2",
        "A session that is found hears nothing of the daemon.",
        "failure.good-bye cache.find_endp",
        """
        save_endp E P A
        find_endp E = P A
        heard A nothing
        """,
        options={"scache_goodbye": "QUIT"},
    ),
    case(
        "robustness/dead/1",
        "Where it is told to, a session that its remote side has ended is closed, not handed out.",
        "failure.dead",
        """
        save_endp E P A
        hang up A
        find_endp E = miss
        free A
        """,
        options={"scache_skip_closed": "yes"},
    ),
    case(
        "robustness/dead/2",
        "Behind an ended session the next living one is found.",
        "failure.dead cache.find_dest",
        """
        save_dest D DP E
        save_endp E P1 A
        save_endp E P2 B
        hang up A
        find_dest D = DP P2 B
        """,
        options={"scache_skip_closed": "yes"},
    ),
    case(
        "robustness/unread/1",
        "A client that connects, asks and closes before it is served does no harm.",
        "failure.unread",
        """
        a: connect
        process freeze
        b: connect silent
        b: >> request=find_endp label=E .
        b: close
        process thaw
        a: find_endp E = miss
        """,
        whole="while the daemon is stopped it can't come to rest after each byte",
    ),
)
