"""ttl: which numbers are good, which are malformed, and which are well-formed but not positive."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.catalogue.language.dialogue import case
from conformance.catalogue.language.model import Case

__all__ = ["CASES"]

_MALFORMED = "log warning: malformed numerical data from scache socket while reading input attribute value:"
_LIMIT = 100

#: Text of a number, the ttl that it stands for, why.
_GOOD = (
    ("1", 1, "the smallest"),
    ("7", 7, "plain"),
    ("+5", 5, "one sign is allowed"),
    (" 7", 7, "a blank before it is allowed"),
    ("\\t7", 7, "a tab before it is allowed"),
    ("\\n7", 7, "a newline before it is allowed"),
    ("\\v7", 7, "a vertical tab before it is allowed"),
    ("\\f7", 7, "a form feed before it is allowed"),
    ("\\r7", 7, "a carriage return before it is allowed"),
    (" \\t +7", 7, "white space, then a sign"),
    ("010", 10, "leading zeros are decimal, not octal"),
    ("4294967297", 1, "modulo 2^32"),
    ("-4294967295", 1, "a negative number modulo 2^32"),
    ("-4294967290", 6, "a negative number modulo 2^32"),
    ("8589934599", 7, "twice round 2^32"),
    ("-18446744073709551615", 1, "the smallest that doesn't saturate, modulo 2^32"),
    ("2147483647", _LIMIT, "the largest, cut to the limit"),
    ("99999999999", _LIMIT, "modulo 2^32 it is 1215752191, cut to the limit"),
)

#: Well-formed, but not positive: BAD without a warning of the number.
_NOT_POSITIVE = (
    ("0", "zero"),
    ("-0", "zero"),
    ("000", "zero"),
    ("-1", "negative"),
    ("-2147483648", "the most negative"),
    ("2147483648", "negative as a signed 32-bit number"),
    ("4294967295", "-1 as a signed 32-bit number"),
    ("4294967296", "0 modulo 2^32"),
    ("18446744073709551615", "2^64 - 1: -1 modulo 2^32"),
    ("99999999999999999999", "saturates at 2^64 - 1"),
    ("-99999999999999999999", "saturates at 2^64 - 1"),
)

_NOT_NUMBERS = (
    ("", "empty"),
    (" ", "white space alone"),
    ("abc", "letters"),
    ("5 ", "a blank behind it"),
    ("5x", "a letter behind it"),
    ("5\\n", "a newline behind it"),
    ("5.0", "a decimal point"),
    ("0x10", "hexadecimal"),
    ("1e1", "an exponent"),
    ("+", "a sign alone"),
    ("-", "a sign alone"),
    ("++5", "two signs"),
    ("+-5", "two signs"),
    ("- 1", "a blank behind the sign"),
    ("5 5", "two numbers"),
    ("1,000", "a thousands separator"),
)


def _good() -> Iterator[Case]:
    for number, (text, ttl, why) in enumerate(_GOOD, 1):
        yield case(
            f"ttl/good/{number}",
            f'"{text}" is the time to live {ttl}: {why}.',
            "scanner.number",
            rf"""
            save_endp E P A ttl="{text}"
            save_dest D DP F ttl="{text}"
            log nothing
            {f"advance {ttl - 1}" if ttl > 1 else ""}
            held A
            save_endp F Q B
            find_dest D = DP Q B
            save_endp F Q C ttl=3
            advance 1
            free A
            find_dest D = miss
            find_endp F = Q C
            """,
            options={"connection_cache_ttl_limit": str(_LIMIT)},
        )


def _not_positive() -> Iterator[Case]:
    for number, (text, why) in enumerate(_NOT_POSITIVE, 1):
        yield case(
            f"ttl/not-positive/{number}",
            f'"{text}" is a number, but not positive ({why}): status 1, and no warning of the number.',
            "scanner.not-positive scanner.bad",
            f"""
            >> request=save_endp ttl={text} label=E property=P .
            << status=1 .
            log warning: scache_save_endp_service: bad or missing request parameter
            >> request=save_dest ttl={text} label=D property=DP label=E .
            << status=1 .
            log warning: scache_save_dest_service: bad or missing request parameter
            """,
        )


def _malformed() -> Iterator[Case]:
    for number, (text, why) in enumerate(_NOT_NUMBERS, 1):
        logged = text.replace("\\n", "?")
        yield case(
            f"ttl/malformed/{number}",
            f'"{text}" is no number ({why}): a warning that shows it, and status 1.',
            "scanner.number scanner.bad log.malformed",
            rf"""
            >> request=save_endp ttl="{text}" label=E property=P .
            << status=1 .
            {_MALFORMED} '{logged}'
            log warning: scache_save_endp_service: bad or missing request parameter
            >> request=save_dest ttl="{text}" label=D property=DP label=E .
            << status=1 .
            {_MALFORMED} '{logged}'
            log warning: scache_save_dest_service: bad or missing request parameter
            """,
            whole="the bytes after the number are thrown away only if they were read before the reply",
        )


CASES = (*_good(), *_not_positive(), *_malformed())
