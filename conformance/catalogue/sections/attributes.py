"""Attributes: how a list is read, byte by byte."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.catalogue.language.dialogue import case
from conformance.catalogue.language.model import Case

__all__ = ["CASES"]

_FIND_BAD = "log warning: scache_find_endp_service: bad or missing request parameter"
_UNEXPECTED = "log warning: unexpected attribute"
_LONG_WRITE = "a write of this length byte by byte tells nothing that the shorter ones don't"
_CUT = "the bytes after the unexpected name are thrown away only if they were read before the reply"
_OVERHEAD = 26  # bytes of a find_endp request beside its label


def _borders() -> Iterator[Case]:
    """Requests whose last byte stands just before, at and just behind the end of a 4,096-byte buffer."""
    for number, size in enumerate((4095, 4096, 4097, 8191, 8192, 8193), 1):
        label = f'"L"*{size - _OVERHEAD}'
        yield case(
            f"attributes/border/{number}",
            f"A request of {size} bytes is served.",
            "wire.no-limit scanner.read",
            f"""
            >> request=find_endp label={label} .
            << status=2 property= .
            save_endp {label} P A
            find_endp {label} = P A
            """,
            whole=_LONG_WRITE,
        )


CASES = (
    case(
        "attributes/first/1",
        "An attribute before `request` is skipped, with two warnings, and the request is served.",
        "scanner.unexpected after.resync log.unexpected",
        f"""
        >> foo=bar request=find_endp label=E .
        << status=2 property= .
        {_UNEXPECTED} foo from scache socket (expecting: request)
        {_UNEXPECTED} bar from scache socket (expecting: request)
        """,
    ),
    case(
        "attributes/first/2",
        "Two attributes before `request` are four strings to skip.",
        "after.resync log.unexpected",
        f"""
        >> a=b c=d request=find_endp label=E .
        << status=2 property= .
        {_UNEXPECTED} a from scache socket (expecting: request)
        {_UNEXPECTED} b from scache socket (expecting: request)
        {_UNEXPECTED} c from scache socket (expecting: request)
        {_UNEXPECTED} d from scache socket (expecting: request)
        """,
    ),
    case(
        "attributes/first/3",
        "A list that holds no request gets no reply.",
        "after.resync scanner.missing",
        f"""
        >> foo=bar .
        << nothing
        {_UNEXPECTED} foo from scache socket (expecting: request)
        {_UNEXPECTED} bar from scache socket (expecting: request)
        log warning: missing attribute request in input from scache socket
        find_endp E = miss
        """,
    ),
    case(
        "attributes/first/4",
        "A list end alone is a missing request: a warning, no reply.",
        "scanner.missing after.lone-nul log.missing",
        r"""
        >> .
        << nothing
        log warning: missing attribute request in input from scache socket
        find_endp E = miss
        """,
    ),
    case(
        "attributes/first/5",
        "Three list ends are three missing requests.",
        "after.lone-nul log.missing",
        r"""
        >> '\0\0\0'
        << nothing
        log warning: missing attribute request in input from scache socket
        log warning: missing attribute request in input from scache socket
        log warning: missing attribute request in input from scache socket
        """,
    ),
    case(
        "attributes/first/6",
        "A list end before a request is warned of, and the request is served.",
        "after.lone-nul after.resync",
        r"""
        >> . request=find_endp label=E .
        << status=2 property= .
        log warning: missing attribute request in input from scache socket
        """,
    ),
    case(
        "attributes/first/7",
        "The string `request` as a value opens a request like a name.",
        "after.resync scanner.unexpected",
        f"""
        >> foo=request 'find_endp\\0' label=E .
        << status=2 property= .
        {_UNEXPECTED} foo from scache socket (expecting: request)
        """,
    ),
    case(
        "attributes/first/8",
        "Names are compared with case.",
        "scanner.unexpected after.resync",
        f"""
        >> Request=find_endp .
        << nothing
        {_UNEXPECTED} Request from scache socket (expecting: request)
        {_UNEXPECTED} find_endp from scache socket (expecting: request)
        log warning: missing attribute request in input from scache socket
        """,
    ),
    case(
        "attributes/first/9",
        "A late dummy glued to the next request is skipped, and the request is served.",
        "after.late-dummy",
        f"""
        >> dummy request=find_endp label=E .
        << status=2 property= .
        {_UNEXPECTED} dummy from scache socket (expecting: request)
        log warning: missing attribute request in input from scache socket
        log warning: missing attribute request in input from scache socket
        """,
    ),
    case(
        "attributes/request/1",
        "An unknown request gets status 1 alone.",
        "wire.unknown log.unknown",
        """
        >> request=frobnicate .
        << status=1 .
        log warning: unrecognized request: "frobnicate", ignored
        """,
        whole="the list end is thrown away only if it was read before the reply",
    ),
    case(
        "attributes/request/2",
        "An empty request name is an unknown request.",
        "wire.unknown log.unknown",
        """
        >> request= .
        << status=1 .
        log warning: unrecognized request: "", ignored
        """,
        whole="the list end is thrown away only if it was read before the reply",
    ),
    case(
        "attributes/request/3",
        "Request names are compared with case.",
        "wire.unknown",
        """
        >> request=FIND_ENDP label=E .
        << status=1 .
        log warning: unrecognized request: "FIND_ENDP", ignored
        """,
        whole="the parameters are thrown away only if they were read before the reply",
    ),
    case(
        "attributes/request/4",
        "A request name with something behind it is unknown.",
        "wire.unknown",
        """
        >> request="find_endp " label=E .
        << status=1 .
        log warning: unrecognized request: "find_endp ", ignored
        """,
        whole="the parameters are thrown away only if they were read before the reply",
    ),
    case(
        "attributes/request/5",
        "The parameters of an unknown request are thrown away with it, and the connection is usable.",
        "wire.unknown after.discard after.open",
        """
        >> request=frobnicate label=E property=P .
        << status=1 .
        log warning: unrecognized request: "frobnicate", ignored
        find_endp E = miss
        """,
        whole="the parameters are thrown away only if they were read before the reply",
    ),
    case(
        "attributes/request/6",
        "An unknown request is answered when its name is there; what comes later is a new message.",
        "wire.unknown after.resync",
        f"""
        >> request=frobnicate
        << status=1 .
        >> label=E .
        << nothing
        log warning: unrecognized request: "frobnicate", ignored
        {_UNEXPECTED} label from scache socket (expecting: request)
        {_UNEXPECTED} E from scache socket (expecting: request)
        log warning: missing attribute request in input from scache socket
        """,
    ),
    case(
        "attributes/order/1",
        "A request named twice: the second is an unexpected attribute.",
        "scanner.unexpected",
        f"""
        >> request=find_endp request=find_endp label=E .
        << status=1 property= .
        {_UNEXPECTED} request from scache socket (expecting: label)
        {_FIND_BAD}
        """,
        whole=_CUT,
    ),
    case(
        "attributes/order/2",
        "After an unexpected name its value is still there: it is scanned as the next message's first name.",
        "scanner.unexpected scanner.consumed",
        f"""
        >> request=find_endp 'foo\\0'
        << status=1 property= .
        >> 'request\\0' 'find_endp\\0' label=E .
        << status=2 property= .
        {_UNEXPECTED} foo from scache socket (expecting: label)
        {_FIND_BAD}
        """,
    ),
    case(
        "attributes/order/3",
        "After a list end that came too early nothing more is consumed.",
        "scanner.missing scanner.consumed",
        f"""
        >> request=find_endp .
        << status=1 property= .
        >> request=find_endp label=E .
        << status=2 property= .
        log warning: missing attribute label in input from scache socket
        {_FIND_BAD}
        """,
    ),
    case(
        "attributes/order/4",
        "An extra attribute's name is consumed; a value that comes later is scanned as a new message.",
        "scanner.extra scanner.consumed",
        f"""
        >> request=find_endp label=E 'foo\\0'
        << status=2 property= .
        >> 'bar\\0' .
        << nothing
        {_UNEXPECTED} foo from scache socket (expecting: (list terminator))
        {_UNEXPECTED} bar from scache socket (expecting: request)
        log warning: missing attribute request in input from scache socket
        """,
    ),
    case(
        "attributes/order/5",
        "An unexpected name is answered as soon as it is complete.",
        "scanner.unexpected",
        f"""
        >> request=save_dest ttl=2 'property\\0'
        << status=1 .
        {_UNEXPECTED} property from scache socket (expecting: label)
        log warning: scache_save_dest_service: bad or missing request parameter
        """,
    ),
    case(
        "attributes/incomplete/1",
        "Without the list end a request waits.",
        "scanner.read",
        """
        >> request=find_endp label=E
        << nothing
        >> .
        << status=2 property= .
        """,
    ),
    case(
        "attributes/incomplete/2",
        "A request may come in pieces cut anywhere.",
        "scanner.read",
        r"""
        >> 'req'
        >> 'uest\0find'
        >> '_endp\0'
        >> 'label'
        >> '\0'
        >> 'E'
        >> '\0'
        << nothing
        >> '\0'
        << status=2 property= .
        """,
    ),
    case(
        "attributes/incomplete/3",
        "A save_endp in pieces asks for the descriptor when its list end has come, not before.",
        "scanner.read wire.save_endp",
        r"""
        >> request=save_endp ttl=2
        << nothing
        >> label=E property=P
        << nothing
        >> .
        << dummy
        >> [A]
        << status=0 .
        """,
    ),
    case(
        "attributes/incomplete/4",
        "The client's dummy may come in pieces.",
        "scanner.read dialect.write-wait",
        r"""
        save_endp E P A
        >> request=find_endp label=E .
        << status=0 property=P .
        >> 'dum'
        << nothing
        >> 'my\0\0'
        << nothing
        >> '\0'
        << [A]
        >> 'dummy\0'
        >> '\0\0'
        find_endp E = miss
        """,
    ),
    case(
        "attributes/empty/1",
        "Empty values are values.",
        "cache.names scanner.read",
        """
        save_endp "" "" A
        save_dest "" "" ""
        find_dest "" = "" "" A
        """,
    ),
    case(
        "attributes/empty/2",
        "An empty label is looked up like any other.",
        "cache.names",
        """
        >> request=find_endp label= .
        << status=2 property= .
        """,
    ),
    case(
        "attributes/binary/1",
        "Every byte from 1 to 255 passes through a label and a property.",
        "cache.names wire.list",
        f"""
        save_endp {"".join(chr(34))}{"".join(f"{chr(92)}x{byte:02x}" for byte in range(1, 256))}" P A
        save_dest D "{"".join(f"{chr(92)}x{byte:02x}" for byte in range(255, 0, -1))}" E
        save_endp E "{"".join(f"{chr(92)}x{byte:02x}" for byte in range(1, 256))}" B
        find_endp "{"".join(f"{chr(92)}x{byte:02x}" for byte in range(1, 256))}" = P A
        find_dest D = "{"".join(f"{chr(92)}x{byte:02x}" for byte in range(255, 0, -1))}" "{
            "".join(f"{chr(92)}x{byte:02x}" for byte in range(1, 256))
        }" B
        """,
        whole=_LONG_WRITE,
    ),
    case(
        "attributes/smtp/1",
        "Labels and properties as smtp(8) makes them, lines of text, come back as they were.",
        "cache.names wire.list",
        r"""
        save_dest "smtp\n[127.0.0.3]:2503\n" "destination=example.com\nhost_name=\n\n" "smtp\n127.0.0.3\n"
        save_endp "smtp\n127.0.0.3\n" "tls_level=0\n\n" A
        >> request=find_dest label="smtp\n[127.0.0.3]:2503\n" .
        << status=0 property="destination=example.com\nhost_name=\n\n" property="tls_level=0\n\n" .
        >> dummy
        << [A]
        >> dummy
        """,
    ),
    case(
        "attributes/long/1",
        "Values of 10,000 bytes are kept whole.",
        "wire.no-limit cache.names",
        """
        save_endp "L"*10000 "P"*10000 A
        find_endp "L"*10000 = "P"*10000 A
        """,
        whole=_LONG_WRITE,
    ),
    case(
        "attributes/long/2",
        "Values of 100,000 bytes are kept whole.",
        "wire.no-limit cache.names",
        """
        save_dest D "Q"*100000 "L"*100000
        save_endp "L"*100000 "P"*100000 A
        find_dest D = "Q"*100000 "P"*100000 A
        """,
        whole=_LONG_WRITE,
    ),
    case(
        "attributes/long/3",
        "Long labels that differ in the last byte only are different.",
        "wire.no-limit cache.names",
        """
        save_endp 'L'*5000 P A
        find_endp 'L'*5001 = miss
        find_endp 'L'*4999 = miss
        find_endp 'L'*5000 = P A
        """,
        whole=_LONG_WRITE,
    ),
    case(
        "attributes/long/4",
        "A long unknown request is answered like a short one.",
        "wire.unknown wire.no-limit",
        """
        >> request="r"*1000 .
        << status=1 .
        log warning: unrecognized request: "'r'*1000", ignored
        """,
        whole=_LONG_WRITE,
    ),
    *_borders(),
)
