from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scache.protocol.attributes import LIST_END, Scan, Scanner, encode, number, printed

NUMBERS = [
    (b"0", 0),
    (b"2", 2),
    (b"+5", 5),
    (b" 7", 7),
    (b"\t\n\v\f\r7", 7),
    (b"010", 10),
    (b"2147483647", 2147483647),
    (b"2147483648", -2147483648),
    (b"4294967295", -1),
    (b"4294967296", 0),
    (b"4294967297", 1),
    (b"-1", -1),
    (b"-0", 0),
    (b"0" * 12, 0),
    (b"-4294967295", 1),
    (b"18446744073709551615", -1),
    (b"18446744073709551616", -1),
    (b"-18446744073709551615", 1),
    (b"9" * 20, -1),
    (b"-" + b"9" * 20, -1),
    (b"0" * 5000 + b"3", 3),
    (b"9" * 5000, -1),
    *[
        (text, None)
        for text in (b"", b" ", b"+", b"5 ", b"5x", b"5.0", b"0x10", b"++5", b"+-5", b"- 1", b"abc")
    ],
    (b"\xa05", None),
    ("٣".encode(), None),
]


@pytest.mark.parametrize(("text", "value"), NUMBERS)
def test_a_number_is_what_sscanf_makes_of_it(text: bytes, value: int | None) -> None:
    assert number(text) == value


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"plain", "plain"),
        (b"a\nb\x7f\x01", "a?b??"),
        ("é€".encode(), "é€"),
        ("é".encode()[:1] + b"x\xff\xfe", "?x??"),
        ("€".encode()[:2], "\udce2\udc82"),
        (b"\xed\xa0\x80", "\udced\udca0\udc80"),
        (b"\xc3\xa9\x80\x80", "é\udc80\udc80"),
        (b"\x80\xbf\xc1\x80\xff\x80", "??????"),
        (b"\xc3(\xfe\x80", "?(\udcfe\udc80"),
        (b"\xc2\x80\xc3\xbf\xc3\xc0\n", "\x80ÿ???"),
        ("é\n".encode(), "é?"),
        (b"a b~\n", "a b~?"),
    ],
)
def test_what_does_not_print_becomes_a_question_mark_in_the_log(data: bytes, text: str) -> None:
    assert printed(data) == text


WANTED = (b"ttl", b"label", LIST_END)
SCANS = [
    (b"ttl\x002\0label\0E\0\0", [2, b"E"], []),
    (b"ttl\x002\0label\0\0\0", [2, b""], []),
    (b"\0", [], ["missing attribute ttl in input from scache socket"]),
    (b"ttl\x002\0\0", [2], ["missing attribute label in input from scache socket"]),
    (b"label\0E\0", [], ["unexpected attribute label from scache socket (expecting: ttl)"]),
    (
        b"ttl\x002\0label\0E\0foo\0bar\0\0",
        [2, b"E"],
        ["unexpected attribute foo from scache socket (expecting: (list terminator))"],
    ),
    (
        b"ttl\x002x\0label\0E\0\0",
        [],
        ["malformed numerical data from scache socket while reading input attribute value: 2x"],
    ),
    (
        b"ttl\0" + b"x" * 101 + b"\0",
        [],
        ["malformed numerical data from scache socket while reading input attribute value: " + "x" * 100],
    ),
]


def outcome(scan: Scan | None) -> tuple[list[bytes | int], list[str]] | None:
    return scan and (scan.values, [text.removeprefix("warning: ") for text in scan.warnings])


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 4096])
@pytest.mark.parametrize(("data", "values", "warnings"), SCANS)
def test_a_scan_ends_the_same_however_its_bytes_arrive(
    data: bytes, values: list[bytes | int], warnings: list[str], piece: int
) -> None:
    scanner = Scanner("scache socket")
    for start in range(0, len(data), piece):
        scanner.feed(data[start : start + piece])
        scan = scanner.scan(WANTED)
        if scan is not None:
            break
    assert outcome(scan) == (values, warnings)


def test_an_unexpected_name_is_consumed_and_its_value_is_not() -> None:
    scanner = Scanner("scache socket")
    scanner.feed(b"foo\0bar\0request\0find_endp\0")
    assert [outcome(scanner.scan((b"request",))) for _ in range(3)] == [
        ([], ["unexpected attribute foo from scache socket (expecting: request)"]),
        ([], ["unexpected attribute bar from scache socket (expecting: request)"]),
        ([b"find_endp"], []),
    ]
    assert scanner.idle


ENDS = [
    (b"", []),
    (b"tt", ["unexpected end-of-input from scache socket while reading input attribute name"]),
    (b"ttl\0", ["premature end-of-input on scache socket while reading input attribute value"]),
    (b"ttl\x002", ["unexpected end-of-input from scache socket while reading input attribute value"]),
    (b"ttl\x002\0", ["premature end-of-input on scache socket while reading input attribute name"]),
    (b"ttl\xff", ["premature end-of-input on scache socket while reading input attribute name"]),
    (b"ttl\x002\xff", ["premature end-of-input on scache socket while reading input attribute value"]),
    (b"ttl\x00\xff\xfe", ["unexpected end-of-input from scache socket while reading input attribute value"]),
    (b"ttl\x002\0label\0E\0", ["premature end-of-input on scache socket while reading input attribute name"]),
]


@pytest.mark.parametrize(("data", "warnings"), ENDS)
def test_a_scan_that_the_end_of_input_cuts_off_fails(data: bytes, warnings: list[str]) -> None:
    scanner = Scanner("scache socket")
    scanner.feed(data)
    assert scanner.scan(WANTED) is None
    assert outcome(scanner.end(timed_out=False)) == ([], warnings)
    assert scanner.idle


def test_a_scan_that_runs_out_of_time_says_timeout() -> None:
    scanner = Scanner("scache socket")
    scanner.feed(b"ttl\0")
    scanner.scan(WANTED)
    expected = ["timeout on scache socket while reading input attribute value"]
    assert outcome(scanner.end(timed_out=True)) == ([], expected)


def test_a_scan_that_needs_more_bytes_has_taken_in_all_that_came() -> None:
    scanner = Scanner("scache socket")
    sizes = []
    for piece in (b"tt", b"l\x002\0la", b"bel\0"):
        scanner.feed(piece)
        assert scanner.scan(WANTED) is None
        assert scanner.idle is False
        sizes.append(scanner.size)
    assert sizes == [2, 8, 12]


def test_what_is_discarded_is_never_scanned() -> None:
    scanner = Scanner("scache socket")
    scanner.feed(b"request\0find_endp\0request\0save_endp\0")
    scanner.scan((b"request",))
    scanner.discard()
    assert scanner.idle
    assert scanner.scan((b"request",)) is None


strings = st.binary(max_size=20).map(lambda data: data.replace(b"\0", b""))
names = strings.filter(bool).filter(lambda name: name != b"ttl")


@given(st.lists(st.tuples(names, strings), min_size=1, max_size=5))
def test_a_list_that_was_written_is_read_back(attributes: list[tuple[bytes, bytes]]) -> None:
    scanner = Scanner("scache socket")
    scanner.feed(encode(*attributes))
    wanted, values = zip(*attributes, strict=True)
    assert outcome(scanner.scan((*wanted, LIST_END))) == (list(values), [])
    assert scanner.idle
