"""Descriptor: none, one or several, on the right byte or another, and clients that vanish in between."""

from __future__ import annotations

from conformance.catalogue.language.dialogue import case

__all__ = ["CASES"]

_NOT_RECEIVED = "log warning: scache_save_endp_service: unable to receive file descriptor: REASON"
_NOT_SENT = "log warning: scache_find_endp_service: cannot send file descriptor: REASON"
_NOT_SENT_DEST = "log warning: scache_find_dest_service: cannot send file descriptor: REASON"
_STOPPED = "while the daemon is stopped it can't come to rest after each byte"

CASES = (
    case(
        "descriptor/count/1",
        "A data byte without a descriptor: status 2, and the connection is usable.",
        "fd.none wire.status after.open log.not-received",
        f"""
        >> request=save_endp ttl=2 label=E property=P .
        << dummy
        >> []
        << status=2 .
        {_NOT_RECEIVED}
        find_endp E = miss
        save_endp E P A
        """,
    ),
    case(
        "descriptor/count/2",
        "Two descriptors with the data byte: status 2, and nothing is saved.",
        "fd.several wire.status log.not-received",
        f"""
        >> request=save_endp ttl=2 label=E property=P .
        << dummy
        >> [A B]
        << status=2 .
        {_NOT_RECEIVED}
        find_endp E = miss
        """,
    ),
    case(
        "descriptor/count/3",
        "Three descriptors with the data byte: status 2, and the connection is usable.",
        "fd.several after.open log.not-received",
        f"""
        >> request=save_endp ttl=2 label=E property=P .
        << dummy
        >> [A B C]
        << status=2 .
        {_NOT_RECEIVED}
        save_endp E P D
        find_endp E = P D
        """,
    ),
    case(
        "descriptor/place/1",
        "A descriptor on the request's own bytes is dropped, and the request is served.",
        "fd.misplaced",
        f"""
        >> request=save_endp ttl=2 label=E property=P . @A
        << dummy
        free A
        >> []
        << status=2 .
        {_NOT_RECEIVED}
        """,
    ),
    case(
        "descriptor/place/2",
        "A descriptor on a find's bytes is dropped, and the find is answered.",
        "fd.misplaced",
        """
        >> request=find_endp label=E . @A
        << status=2 property= .
        free A
        """,
    ),
    case(
        "descriptor/place/3",
        "A descriptor on the client's dummy is dropped, and the session is handed out.",
        "fd.misplaced",
        """
        save_endp E P A
        >> request=find_endp label=E .
        << status=0 property=P .
        >> dummy @B
        << [A]
        free B
        >> dummy
        """,
    ),
    case(
        "descriptor/place/4",
        "A descriptor glued to its request comes before the server asks: it is lost, another one is awaited.",
        "fd.misplaced after.discard dialect.write-wait",
        """
        >> request=save_endp ttl=2 label=E property=P . '\\0' @A
        << dummy
        free A
        >> [B]
        << status=0 .
        find_endp E = P B
        """,
    ),
    case(
        "descriptor/data/1",
        "Without a descriptor one data byte is consumed; the bytes behind it are the next message.",
        "fd.one-byte log.not-received after.resync",
        f"""
        >> request=save_endp ttl=2 label=E property=P .
        << dummy
        >> 'xyz'
        << status=2 .
        >> '\\0\\0'
        << nothing
        {_NOT_RECEIVED}
        log warning: unexpected attribute yz from scache socket (expecting: request)
        log warning: missing attribute request in input from scache socket
        """,
    ),
    case(
        "descriptor/data/2",
        "A request in place of the descriptor loses its first byte.",
        "fd.one-byte fd.none after.resync log.not-received",
        f"""
        >> request=save_endp ttl=2 label=E property=P .
        << dummy
        >> request=find_endp label=Q .
        << status=2 .
        {_NOT_RECEIVED}
        log warning: unexpected attribute equest from scache socket (expecting: request)
        log warning: unexpected attribute find_endp from scache socket (expecting: request)
        log warning: unexpected attribute label from scache socket (expecting: request)
        log warning: unexpected attribute Q from scache socket (expecting: request)
        log warning: missing attribute request in input from scache socket
        find_endp Q = miss
        """,
    ),
    case(
        "descriptor/data/3",
        "A request glued behind the descriptor's byte is served after the save.",
        "fd.one-byte",
        r"""
        >> request=save_endp ttl=2 label=E property=P .
        << dummy
        >> '\0' request=find_endp label=Q . @A
        << status=0 . status=2 property= .
        find_endp E = P A
        """,
    ),
    case(
        "descriptor/data/4",
        "The reply to a hit carries no descriptor: it comes with one data byte of its own, a NUL.",
        "wire.find_endp dialect.steps",
        """
        save_endp E P A
        >> request=find_endp label=E .
        << status=0 property=P .
        >> dummy
        << [A]
        >> dummy
        """,
    ),
    case(
        "descriptor/same/1",
        "What comes back is the same socket: what is written into it arrives at the remote side.",
        "fd.same cache.save_endp",
        """
        save_endp E P A
        find_endp E = P A
        save_dest D DP F
        save_endp F Q B
        find_dest D = DP Q B
        """,
    ),
    case(
        "descriptor/same/2",
        "Nobody holds a session but the client that got it, and when that one closes it, it is closed.",
        "fd.same cache.find_endp",
        """
        save_endp E P A
        held A
        a: close
        held A
        b: find_endp E = P A
        free A
        """,
    ),
    case(
        "descriptor/exec/1",
        "A session's descriptor closes on exec.",
        "fd.close-on-exec",
        """
        save_endp E P A
        process newest descriptor closes on exec
        """,
    ),
    case(
        "descriptor/gone/1",
        "A client that closes in place of sending its descriptor: a warning, nothing saved.",
        "fd.none after.close log.not-received",
        f"""
        >> request=save_endp ttl=2 label=E property=P .
        << dummy
        close
        {_NOT_RECEIVED}
        b: find_endp E = miss
        """,
    ),
    case(
        "descriptor/gone/2",
        "A client that half-closes in place of sending its descriptor gets status 2.",
        "fd.none half-close.reply log.not-received",
        f"""
        >> request=save_endp ttl=2 label=E property=P .
        << dummy
        shutdown
        << status=2 . end
        {_NOT_RECEIVED}
        """,
    ),
    case(
        "descriptor/gone/3",
        "A client that half-closes after the reply to its hit gets no descriptor; the session is closed.",
        "fd.no-dummy log.not-sent log.premature",
        f"""
        save_endp E P A
        >> request=find_endp label=E .
        << status=0 property=P .
        shutdown
        << end
        {_NOT_SENT}
        free A
        """,
    ),
    case(
        "descriptor/gone/4",
        "A client that closes without the last dummy: a warning, and the session is its own.",
        "fd.no-dummy log.not-sent",
        f"""
        save_endp E P A
        >> request=find_endp label=E .
        << status=0 property=P .
        >> dummy
        << [A]
        close
        {_NOT_SENT}
        b: find_endp E = miss
        """,
    ),
    case(
        "descriptor/gone/5",
        "A client that closes before it reads the reply to its hit: a warning.",
        "fd.no-dummy log.not-sent",
        f"""
        save_endp E P A
        b: connect
        b: >> request=find_endp label=E .
        b: << status=0 property=P .
        b: close
        {_NOT_SENT}
        """,
    ),
    case(
        "descriptor/gone/6",
        "A client that closes before it reads the status of its save has saved.",
        "after.close cache.save_endp",
        """
        a: >> request=save_endp ttl=2 label=E property=P .
        a: << dummy
        a: >> [A]
        a: close
        b: find_endp E = P A
        """,
    ),
    case(
        "descriptor/gone/7",
        "A client that asks and closes before it is served: a warning, and the session is closed.",
        "fd.no-dummy after.close log.not-sent",
        f"""
        a: save_endp E P A
        process freeze
        a: >> request=find_endp label=E .
        a: close
        process thaw
        {_NOT_SENT}
        free A
        b: find_endp E = miss
        """,
        whole=_STOPPED,
    ),
    case(
        "descriptor/gone/8",
        "A client that asks to save and closes before it is served: a warning, and nothing is saved.",
        "fd.none after.close log.not-received",
        f"""
        connect
        process freeze
        >> request=save_endp ttl=2 label=E property=P .
        close
        process thaw
        {_NOT_RECEIVED}
        b: find_endp E = miss
        """,
        whole=_STOPPED,
    ),
    case(
        "descriptor/gone/9",
        "A client that sends request and descriptor and closes before it is served: nothing is held.",
        "fd.misplaced after.close log.not-received",
        f"""
        connect
        process freeze
        >> request=save_endp ttl=2 label=E property=P .
        >> [A]
        close
        process thaw
        {_NOT_RECEIVED}
        free A
        b: find_endp E = miss
        """,
        whole=_STOPPED,
    ),
    case(
        "descriptor/untouched/1",
        "The daemon never looks at a session: one that its remote side has ended is handed out.",
        "fd.same",
        """
        save_endp E P A
        hang up A
        find_endp E = P A
        """,
    ),
    case(
        "descriptor/untouched/2",
        "The daemon never writes to a session, not when it expires either.",
        "fd.same expiry.close",
        """
        save_endp E P A
        advance 2
        free A
        heard A nothing
        """,
    ),
    case(
        "descriptor/dummy/1",
        "A list end in place of the first dummy: two warnings, no descriptor, the session is closed.",
        "fd.no-dummy log.missing log.not-sent",
        f"""
        save_endp E P A
        >> request=find_endp label=E .
        << status=0 property=P .
        >> .
        << nothing
        log warning: missing attribute dummy in input from scache socket
        {_NOT_SENT}
        free A
        find_endp E = miss
        """,
    ),
    case(
        "descriptor/dummy/2",
        "A request in place of the first dummy is skipped string by string; the next one is served.",
        "fd.no-dummy after.resync log.not-sent",
        f"""
        save_endp E P A
        >> request=find_endp label=E .
        << status=0 property=P .
        >> request=find_endp label=Q .
        << nothing
        log warning: unexpected attribute request from scache socket (expecting: dummy)
        {_NOT_SENT}
        log warning: unexpected attribute find_endp from scache socket (expecting: request)
        log warning: unexpected attribute label from scache socket (expecting: request)
        log warning: unexpected attribute Q from scache socket (expecting: request)
        log warning: missing attribute request in input from scache socket
        find_endp E = miss
        """,
    ),
    case(
        "descriptor/dummy/3",
        "A request in place of the last dummy is skipped string by string; the next one is served.",
        "fd.no-dummy after.resync log.not-sent",
        f"""
        save_endp E P A
        >> request=find_endp label=E .
        << status=0 property=P .
        >> dummy
        << [A]
        >> request=find_endp label=Q .
        << nothing
        log warning: unexpected attribute request from scache socket (expecting: dummy)
        {_NOT_SENT}
        log warning: unexpected attribute find_endp from scache socket (expecting: request)
        log warning: unexpected attribute label from scache socket (expecting: request)
        log warning: unexpected attribute Q from scache socket (expecting: request)
        log warning: missing attribute request in input from scache socket
        find_endp Q = miss
        """,
    ),
    case(
        "descriptor/dummy/4",
        "A dummy with a value is a dummy.",
        "fd.no-dummy dialect.write-wait",
        """
        save_endp E P A
        >> request=find_endp label=E .
        << status=0 property=P .
        >> dummy=x .
        << [A]
        >> dummy=y .
        find_endp E = miss
        """,
    ),
    case(
        "descriptor/dummy/5",
        "An attribute behind the first dummy is warned of; its value is no last dummy.",
        "scanner.extra scanner.consumed fd.no-dummy",
        f"""
        save_endp E P A
        >> request=find_endp label=E .
        << status=0 property=P .
        >> dummy= foo=bar .
        << [A]
        log warning: unexpected attribute foo from scache socket (expecting: (list terminator))
        log warning: unexpected attribute bar from scache socket (expecting: dummy)
        {_NOT_SENT}
        log warning: missing attribute request in input from scache socket
        find_endp E = miss
        """,
    ),
    case(
        "descriptor/dummy/6",
        "With find_dest the same warning names the other service.",
        "fd.no-dummy log.not-sent",
        f"""
        save_dest D DP E
        save_endp E P A
        >> request=find_dest label=D .
        << status=0 property=DP property=P .
        >> .
        << nothing
        log warning: missing attribute dummy in input from scache socket
        {_NOT_SENT_DEST}
        free A
        """,
    ),
    case(
        "descriptor/dummy/7",
        "A hit whose dummy was wrong counts as a hit.",
        "fd.no-dummy statistics.hits",
        f"""
        save_endp E P A
        >> request=find_endp label=E .
        << status=0 property=P .
        >> .
        log warning: missing attribute dummy in input from scache socket
        {_NOT_SENT}
        advance 600
        log statistics: start interval Jan 15 08:00:00
        log statistics: address lookup hits=1 miss=0 success=100%
        log statistics: max simultaneous domains=0 addresses=1 connection=1
        """,
    ),
)
