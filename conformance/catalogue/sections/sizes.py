"""Sizes: every field of every request, as key and as value, at each border of a buffer up to one MiB."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from conformance.catalogue.language.dialogue import case
from conformance.catalogue.language.model import Case

__all__ = ["CASES"]

_WHOLE = "a write of this length byte by byte tells nothing that the shorter ones don't"
_LONG = {"connection_cache_ttl_limit": "10"}

#: Bytes of a text above which it has fewer twins: they would fill the memory and tell nothing new.
_FEW_TWINS = 70_000


def _around(*numbers: int) -> tuple[int, ...]:
    """Each number, one less and one more, in ascending order."""
    return tuple(sorted({number + step for number in numbers for step in (-1, 0, 1)} - {0}))


#: Ranges of sizes. A message of ours has at most one MiB, so that the largest field is a little shorter.
_RANGES: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("up to 130 bytes", _around(2, 4, 8, 10, 16, 32, 64, 100, 128)),
    ("up to 5,000 bytes", (*_around(256, 512, 1000, 1024, 2000, 2048, 4000, 4096), 3000, 5000)),
    ("up to 70,000 bytes", _around(8192, 10_000, 16_384, 32_768, 65_536)),
    ("up to one MiB", (100_000, 131_072, 262_144, 524_289, 800_000, 2**20 - 200)),
)


def _twins(size: int) -> list[str]:
    """Texts that are nearly `x` so many times: another first, middle or last byte, one byte less or more."""
    middle = size // 2
    if size > _FEW_TWINS:
        return [f"x*{size - 1}~y", f"x*{size - 1}"]
    near = [f"y~x*{size - 1}", f"x*{middle}~y~x*{size - middle - 1}", f"x*{size - 1}~y", f"x*{size}~y"]
    return [*dict.fromkeys(near), f"x*{size - 1}"]


def _endpoint_key(size: int) -> Iterator[str]:
    yield f"save_endp x*{size} P A"
    for twin in _twins(size):
        yield f"find_endp {twin} = miss"
    yield f"save_endp x*{size - 1}~y Q B"
    yield f"find_endp x*{size - 1}~y = Q B"
    yield f"find_endp x*{size} = P A"


def _destination_key(size: int) -> Iterator[str]:
    yield f"save_endp E{size} P A"
    yield f"save_dest x*{size} Q E{size}"
    for twin in _twins(size):
        yield f"find_dest {twin} = miss"
    yield f"save_dest x*{size - 1}~y R E{size}"
    yield f"find_dest x*{size - 1}~y = R P A"
    yield f"save_endp E{size} P A"
    yield f"find_dest x*{size} = Q P A"
    yield "advance 2"


def _bound_endpoint(size: int) -> Iterator[str]:
    for twin in _twins(size):
        yield f"save_dest D{size} Q {twin}"
    yield f"save_endp x*{size} P A"
    yield f"find_dest D{size} = miss"
    yield f"save_dest D{size} Q x*{size}"
    yield f"find_dest D{size} = Q P A"
    yield "advance 2"


def _bound_property(size: int) -> Iterator[str]:
    for number, twin in enumerate(_twins(size)):
        yield f"save_dest D{size}.{number} {twin} E ttl=1"
        yield f"save_dest D{size}.{number} x*{size} E ttl=9"
    yield "advance 1"
    for number in range(len(_twins(size))):
        yield "save_endp E P A"
        yield f"find_dest D{size}.{number} = x*{size} P A"
    yield "advance 9"


def _endpoint_value(size: int) -> Iterator[str]:
    yield f"save_endp E x*{size - 1}~y A"
    yield f"save_endp E y~x*{size - 1} A"
    yield f"find_endp E = x*{size - 1}~y A"
    yield f"find_endp E = y~x*{size - 1} A"


def _both_values(size: int) -> Iterator[str]:
    """The two properties of a reply together, the one short, the other long, or both half as long."""
    half = max(size // 2, 1)
    for number, (dest, endp) in enumerate(((size, 1), (1, size), (half, size - half + 1))):
        yield f"save_dest D{size}.{number} x*{dest - 1}~y E"
        yield f"save_endp E z~x*{endp - 1} A"
        yield f"find_dest D{size}.{number} = x*{dest - 1}~y z~x*{endp - 1} A"
    yield "advance 2"


def _whole_answer(size: int) -> Iterator[str]:
    """Replies and requests that have this many bytes in all."""
    for overhead in (len("request..find_endp.label...") - 1, len("status.0.property...")):
        if size > overhead:
            filled = f"x*{size - overhead - 1}~y" if size > overhead + 1 else "y"
            yield f"save_endp {filled} {filled} A"
            yield f"find_endp {filled} = {filled} A"
    overhead = len("status.0.property..property...")
    if size > overhead + 2:
        half = (size - overhead) // 2
        yield f"save_dest D{size} x*{half} E"
        yield f"save_endp E z*{size - overhead - half} A"
        yield f"find_dest D{size} = x*{half} z*{size - overhead - half} A"


def _all_long(size: int) -> Iterator[str]:
    """Destination, property and endpoint of a binding together, saved, refreshed and found."""
    yield f"save_dest x*{size} y*{size} z*{size} ttl=1"
    yield f"save_dest x*{size} y*{size} z*{size} ttl=9"
    yield "advance 1"
    yield f"save_endp z*{size} w*{size} A"
    yield f"find_dest x*{size} = y*{size} w*{size} A"
    yield "advance 8"
    yield f"save_endp z*{size} w*{size} A ttl=1"
    yield f"find_dest x*{size} = miss"
    yield f"find_endp z*{size} = w*{size} A"


def _number(size: int) -> Iterator[str]:
    for padding in ("0", '" "', '"\\n"'):
        yield f"save_endp E P A ttl={padding}*{size - 1}~2"
        yield "advance 1\nheld A\nadvance 1\nfree A\n"


def _malformed(size: int) -> Iterator[str]:
    yield f">> request=save_dest ttl=1*{size}~x label=D property=P label=E ."
    yield "<< status=1 ."
    shown = f"'1'*{size}x" if size < 100 else "'1'*100"
    yield (
        "log warning: malformed numerical data from scache socket while reading input attribute value: "
        + shown
    )
    yield "log warning: scache_save_dest_service: bad or missing request parameter"
    yield "find_dest D = miss"


def _unknown(size: int) -> Iterator[str]:
    """A request whose name begins like one of the four."""
    yield f">> request=find_endp~x*{size} label=E ."
    yield "<< status=1 ."
    yield from _cut('unrecognized request: "find_endp', size, '", ignored')


def _unexpected(size: int) -> Iterator[str]:
    yield f">> request=find_endp label~x*{size}=E ."
    yield "<< status=1 property= ."
    yield from _cut("unexpected attribute label", size, " from scache socket (expecting: label)")
    yield "log warning: scache_find_endp_service: bad or missing request parameter"


def _cut(before: str, size: int, behind: str) -> Iterator[str]:
    yield f"log warning: {before}'x'*{size}{behind}"


def _wrong_dummy(size: int) -> Iterator[str]:
    """The value of a dummy doesn't matter, its name does."""
    yield f"save_endp E P{size} A"
    yield ">> request=find_endp label=E ."
    yield f"<< status=0 property=P{size} ."
    yield f">> dummy=x*{size} ."
    yield "<< [A]"
    yield f">> dummy=x*{size} ."
    yield "find_endp E = miss"


Lines = Callable[[int], Iterator[str]]

#: Field, what is true of it, requirements, a size's part of the dialogue, and in which ranges it is of use.
_FIELDS: tuple[tuple[str, str, str, Lines, int], ...] = (
    ("endpoint", "An endpoint's label is found whole,", "wire.no-limit cache.names", _endpoint_key, 4),
    (
        "destination",
        "A destination's label is found whole,",
        "wire.no-limit cache.names",
        _destination_key,
        4,
    ),
    (
        "binding",
        "A binding leads to its endpoint's whole label,",
        "wire.no-limit cache.names",
        _bound_endpoint,
        4,
    ),
    ("refresh", "A binding's property is compared whole,", "wire.no-limit cache.refresh", _bound_property, 4),
    ("property", "An endpoint's property comes back whole,", "wire.no-limit cache.names", _endpoint_value, 4),
    ("properties", "Two properties come back whole,", "wire.no-limit cache.names", _both_values, 4),
    ("message", "Requests and replies are whole,", "wire.find_endp wire.find_dest", _whole_answer, 3),
    ("refreshed", "A binding is refreshed and found,", "cache.refresh wire.no-limit", _all_long, 3),
    ("number", "A ttl may be written in", "scanner.number", _number, 3),
    ("malformed", "A malformed ttl is shown up to its first 100 bytes, of", "log.malformed", _malformed, 3),
    ("dummy", "A dummy may have a value of", "dialect.read-wait", _wrong_dummy, 4),
    ("unknown", "An unknown request is named whole,", "wire.unknown log.unknown", _unknown, 1),
    ("unexpected", "An unexpected attribute is named whole,", "scanner.unexpected", _unexpected, 1),
)


def _cases() -> Iterator[Case]:
    for field, sentence, requirements, lines, ranges in _FIELDS:
        for number, (limit, sizes) in enumerate(_RANGES[:ranges], 1):
            yield case(
                f"size/{field}/{number}",
                f"{sentence} {limit}.",
                requirements,
                _dialogue(lines, sizes),
                options=_LONG,
                whole=_WHOLE,
            )


def _dialogue(lines: Lines, sizes: Sequence[int]) -> str:
    return "\n".join(line for size in sizes for line in lines(size))


CASES = tuple(_cases())
