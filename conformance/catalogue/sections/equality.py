"""Equality: labels and properties are the same text, byte for byte, or they are two."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.catalogue.language.dialogue import case
from conformance.catalogue.language.model import Case

__all__ = ["CASES", "quoted"]

#: Bytes at which a label might be cut: white space, controls, and what separates in other notations.
_SIGNS = tuple(bytes([byte]) for byte in b"\t\n\r \x01\x7f:;,=/@#%[]\\\"'.+-_|<>()")

#: What makes two texts nearly the same, and such pairs.
_TWINS: tuple[tuple[str, tuple[tuple[bytes, bytes], ...]], ...] = (
    (
        "in upper and lower case",
        ((b"a", b"A"), (b"example.com", b"eXample.com"), (b"z", b"Z"), (b"EX", b"ex")),
    ),
    ("in the top bit of a byte", ((b"a", b"\xe1"), (b"\x01", b"\x81"), (b"ab\x7f", b"ab\xff"))),
    ("in white space at the end", ((b"e", b"e "), (b"e", b"e\t"), (b"e ", b"e  "), (b"e", b"e\v"))),
    ("in a newline at the end", ((b"e", b"e\n"), (b"e\n", b"e\n\n"), (b"e\n", b"e\r\n"), (b"e", b"e\r"))),
    ("in white space at the start", ((b"e", b" e"), (b"e", b"\te"), (b"e", b"\ne"), (b" e", b"  e"))),
    (
        "in the kind of white space",
        ((b"a b", b"a\tb"), (b"a\nb", b"a b"), (b"a b", b"a  b"), (b"a b", b"ab")),
    ),
    ("in that one begins like the other", ((b"a", b"ab"), (b"smtp:mx", b"smtp:mx1"), (b"\x01", b"\x01\x01"))),
    ("in that one ends like the other", ((b"b", b"ab"), (b"mx.test", b"a.mx.test"), (b"\xff", b"\xfe\xff"))),
    ("in their first byte", ((b"amtp:mx", b"bmtp:mx"), (b"\x01" + b"x" * 40, b"\x02" + b"x" * 40))),
    (
        "in their middle byte",
        ((b"smtp:mx", b"smtq:mx"), (b"x" * 20 + b"a" + b"x" * 20, b"x" * 20 + b"b" + b"x" * 20)),
    ),
    ("in their last byte", ((b"smtp:mx1", b"smtp:mx2"), (b"x" * 40 + b"a", b"x" * 40 + b"b"))),
    ("in the order of their bytes", ((b"ab", b"ba"), (b"\x01\xff", b"\xff\x01"), (b"abcd", b"acbd"))),
    ("in one bit", ((b"\x10", b"\x11"), (b"\x80\x80", b"\x80\xc0"), (b"`", b"@"), (b"[", b"{"))),
    (
        "in how a letter is encoded",
        ((b"\xc3\xa9", b"\xe9"), (b"\xc3\xa9", b"e\xcc\x81"), (b"\xff", b"\xef\xbf\xbd")),
    ),
    (
        "as text, not as numbers",
        ((b"1", b"01"), (b"1", b"+1"), (b"0", b"-0"), (b"25", b"25.0"), (b"16", b"0x10")),
    ),
    (
        "as text, not as names of hosts",
        (
            *((b"mx.test", b"mx.test."), (b"[mx]", b"mx"), (b"a.b", b"a-b"), (b"::1", b"0::1")),
            *((b"mx:25", b"mx"), (b"mx.test", b"www.mx.test"), (b"a@b", b"b")),
        ),
    ),
    (
        "as text, not as patterns",
        ((b"*", b"a"), (b"a", b"a*"), (b"?", b"a"), (b".", b"a"), (b"%s", b"%d"), (b"a", b"%61")),
    ),
    (
        "as text, not as formats",
        ((b"%%", b"%"), (b"a%sb", b"ab"), (b"%n", b"%d"), (b"\\n", b"\n"), (b"\\\\", b"\\"), (b"&", b"\\&")),
    ),
    (
        "as text, not as words of the protocol",
        ((b"request", b"label"), (b"save_endp", b"find_dest"), (b"status", b"property"), (b"dummy", b"ttl")),
    ),
    (
        "behind a space, a colon or a sign",
        tuple((b"a" + sign + b"b", b"a" + sign + b"c") for sign in (*_SIGNS, b"\xff", b"\x80", b"\xc3\xa9")),
    ),
    (
        "as smtp(8)'s do",
        (
            (b"smtp\n[127.0.0.3]:2503\n", b"smtp\n[127.0.0.3]:2504\n"),
            (b"smtp\n127.0.0.3\n2503\n0\n", b"smtp\n127.0.0.3\n2503\n1\n"),
            (b"smtp\n127.0.0.3\n2503\n0\n", b"lmtp\n127.0.0.3\n2503\n0\n"),
            (b"smtp\n127.0.0.3\n25\n0\n", b"smtp\n127.0.0.32\n5\n0\n"),
        ),
    ),
    ("in that one is empty", ((b"", b" "), (b"", b"\n"), (b"", b"a"), (b"", b"\x01"), (b"", b"*"))),
)

_WHOLE = "a dialogue of this length byte by byte tells nothing that shorter ones don't"
_LONG = {"connection_cache_ttl_limit": "10"}


def quoted(text: bytes) -> str:
    """The text as a dialogue writes it."""
    return '"' + "".join(f"\\x{byte:02x}" for byte in text) + '"'


def _endpoints(pairs: tuple[tuple[bytes, bytes], ...]) -> Iterator[str]:
    """Each of the two is looked for while only the other is there, and while both are."""
    for one, other in pairs:
        for here, away in ((quoted(one), quoted(other)), (quoted(other), quoted(one))):
            yield f"""
                save_endp {here} H A
                find_endp {away} = miss
                save_endp {away} W B
                find_endp {away} = W B
                find_endp {away} = miss
                find_endp {here} = H A
                """


def _destinations(pairs: tuple[tuple[bytes, bytes], ...]) -> Iterator[str]:
    for number, (one, other) in enumerate(pairs):
        for here, away in ((quoted(one), quoted(other)), (quoted(other), quoted(one))):
            yield f"""
                save_dest {here} H E{number} ttl=1
                save_endp E{number} P A ttl=9
                find_dest {away} = miss
                save_dest {away} W E{number} ttl=1
                find_dest {away} = W P A
                save_endp E{number} P B ttl=9
                find_dest {here} = H P B
                advance 1
                """


def _bindings(pairs: tuple[tuple[bytes, bytes], ...]) -> Iterator[str]:
    """Two bindings that differ in the endpoint's label, and two in the destination's property: the second is
    no refresh of the first.
    """
    for number, (one, other) in enumerate(
        (first, second) for pair in pairs for first, second in (pair, pair[::-1])
    ):
        here, away = quoted(one), quoted(other)
        yield f"""
            save_dest L{number} P {here} ttl=9
            save_dest L{number} P {away} ttl=9
            save_endp {away} Q A ttl=9
            find_dest L{number} = P Q A
            save_endp {here} R B ttl=9
            find_dest L{number} = P R B
            save_dest P{number} {here} E ttl=1
            save_dest P{number} {away} E ttl=9
            save_endp E Q A ttl=9
            find_dest P{number} = {here} Q A
            advance 1
            save_endp E Q A ttl=9
            find_dest P{number} = {away} Q A
            """


#: A text without a sign, and with each of them before or behind it.
_SIGNED = (b"e", *(text for sign in _SIGNS for text in (sign + b"e", b"e" + sign)))


def _signed() -> Iterator[str]:
    """Each as an endpoint's label, as a destination's, as that of a binding's endpoint, and as a property."""
    texts = [quoted(text) for text in _SIGNED]
    yield from (f"save_endp {text} {text} A ttl=9" for text in texts)
    yield from (f"save_dest D Q {text} ttl=9" for text in texts)
    yield from (f"save_dest {text} {text} F ttl=9" for text in texts)
    yield from (f"find_endp {text} = {text} A" for text in reversed(texts))
    for text in texts:
        yield "save_endp F P B ttl=9"
        yield f"find_dest {text} = {text} P B"
        yield f"save_endp {text} P B ttl=9"
        yield "find_dest D = Q P B"
    for number, text in enumerate(texts):
        yield f"save_dest P{number} {texts[0]} E ttl=1"
        yield f"save_dest P{number} {text} E ttl=9"
    yield "advance 1"
    for number, text in enumerate(texts):
        yield f"save_endp E P A ttl=9\nfind_dest P{number} = {text} P A"


def _cases() -> Iterator[Case]:
    for number, (how, pairs) in enumerate(_TWINS, 1):
        yield case(
            f"equality/twins/{number}",
            f"Two labels, or two properties, that differ {how}, are two.",
            "cache.names cache.refresh cache.find_endp cache.find_dest",
            "".join((*_endpoints(pairs), *_destinations(pairs), *_bindings(pairs))),
            options=_LONG,
            whole=_WHOLE,
        )


CASES = (
    *_cases(),
    case(
        "equality/spaces/1",
        "The same text as destination, endpoint and property is three things.",
        "cache.names",
        """
        save_dest T T T
        find_endp T = miss
        find_dest T = miss
        save_endp T T A
        find_dest U = miss
        find_dest T = T T A
        find_endp T = miss
        save_endp T T B
        find_endp T = T B
        find_dest T = miss
        """,
    ),
    case(
        "equality/spaces/2",
        "A destination isn't found under its endpoint's label, nor an endpoint under its destination's.",
        "cache.names",
        """
        save_dest D P E
        save_endp E Q A
        find_dest E = miss
        find_endp D = miss
        find_dest P = miss
        find_endp Q = miss
        find_dest D = P Q A
        """,
    ),
    case(
        "equality/spaces/3",
        "Labels that are equal when they are put one behind the other are different bindings.",
        "cache.names cache.refresh",
        r"""
        save_dest D ab c
        save_dest D a bc
        save_endp bc Q A
        find_dest D = a Q A
        save_endp c R B
        find_dest D = ab R B
        save_dest D1 "a\n" b
        save_dest D1 a "\nb"
        save_endp "\nb" Q A
        find_dest D1 = a Q A
        """,
    ),
    case(
        "equality/signs/1",
        "A label or a property with a sign before or behind it is another one.",
        "cache.names cache.refresh cache.find_endp cache.find_dest",
        "\n".join(_signed()),
        options=_LONG,
        whole=_WHOLE,
    ),
    case(
        "equality/many/1",
        "Three hundred endpoints with one letter more each are three hundred.",
        "cache.names cache.find_endp",
        "\n".join(
            [f"save_endp x*{size}~y P{size} A ttl=9" for size in range(300)]
            + [
                f"find_endp x*{size} = miss\nfind_endp x*{size}~y = P{size} A"
                for size in reversed(range(300))
            ]
        ),
        options=_LONG,
        whole=_WHOLE,
    ),
    case(
        "equality/bytes/1",
        "Each of the 255 bytes but NUL is a label, a property and a destination of its own.",
        "cache.names",
        "\n".join(
            [f"save_endp {quoted(bytes([byte]))} {quoted(bytes([byte]))} A ttl=9" for byte in range(1, 256)]
            + [
                f"save_dest {quoted(bytes([byte]))} {quoted(bytes([byte]))} {quoted(bytes([byte]))} ttl=9"
                for byte in range(1, 256)
            ]
            + [
                f"find_dest {quoted(bytes([byte]))} = {quoted(bytes([byte]))} {quoted(bytes([byte]))} A\n"
                f"find_endp {quoted(bytes([byte]))} = miss"
                for byte in reversed(range(1, 256))
            ]
        ),
        options=_LONG,
        whole=_WHOLE,
    ),
)
