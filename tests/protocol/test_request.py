"""The four requests as bytes, against what the bench writes down by itself."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.contract.wire import request_bytes
from scache.protocol.attributes import number
from scache.protocol.request import (
    FIND_DEST,
    FIND_ENDP,
    REQUESTS,
    SAVE_DEST,
    SAVE_ENDP,
    Request,
    whole_request,
)

texts = st.binary().map(lambda data: data.replace(b"\0", b"\1"))


@given(st.integers(1, 2**31 - 1), texts, texts, texts)
def test_each_request_is_the_one_on_the_wire(ttl: int, first: bytes, second: bytes, third: bytes) -> None:
    assert SAVE_ENDP.message(ttl, first, second) == request_bytes("save_endp", ttl, first, second)
    assert FIND_ENDP.message(first) == request_bytes("find_endp", first)
    assert SAVE_DEST.message(ttl, first, second, third) == request_bytes(
        "save_dest", ttl, first, second, third
    )
    assert FIND_DEST.message(first) == request_bytes("find_dest", first)


@given(st.integers(1, 9**9), texts, texts, texts)
def test_a_request_is_read_as_it_was_made(ttl: int, first: bytes, second: bytes, third: bytes) -> None:
    for request, parameters in (
        (SAVE_ENDP, [ttl, first, second]),
        (FIND_ENDP, [first]),
        (SAVE_DEST, [ttl, first, second, third]),
        (FIND_DEST, [first]),
    ):
        assert whole_request(request.message(*parameters)) == (request, parameters)


@pytest.mark.parametrize("parameters", [(), (b"a", b"b"), (b"a\0b",)])
def test_a_request_that_cannot_be_is_refused(parameters: tuple[bytes, ...]) -> None:
    with pytest.raises(ValueError, match=r"NUL|shorter|longer"):
        FIND_ENDP.message(*parameters)


def test_every_request_goes_by_its_name() -> None:
    assert {name.decode(): request.name for name, request in REQUESTS.items()} == {
        name: name for name in ("save_endp", "find_endp", "save_dest", "find_dest")
    }


LABEL_AND_PROPERTY = (b"label", b"property")
REPLIES: list[tuple[str, tuple[bytes, ...], int, bytes, bytes, bytes]] = [
    (
        "save_endp",
        (b"ttl", *LABEL_AND_PROPERTY),
        0,
        b"status\x001\0\0",
        b"status\x002\0\0",
        b"status\x000\0\0",
    ),
    (
        "find_endp",
        (b"label",),
        1,
        b"status\x001\0property\0\0\0",
        b"status\x002\0property\0\0\0",
        b"status\x000\0property\0%b\0\0",
    ),
    (
        "save_dest",
        (b"ttl", *LABEL_AND_PROPERTY, b"label"),
        0,
        b"status\x001\0\0",
        b"status\x002\0\0",
        b"status\x000\0\0",
    ),
    (
        "find_dest",
        (b"label",),
        2,
        b"status\x001\0property\0\0property\0\0\0",
        b"status\x002\0property\0\0property\0\0\0",
        b"status\x000\0property\0%b\0property\0%b\0\0",
    ),
]


@pytest.mark.parametrize(("name", "parameters", "properties", "bad", "fail", "ok"), REPLIES)
def test_what_each_request_looks_like(
    name: str, parameters: tuple[bytes, ...], properties: int, bad: bytes, fail: bytes, ok: bytes
) -> None:
    for request in (REQUESTS[name.encode()], Request(name, parameters, properties)):
        assert (request.name, request.service) == (name, f"scache_{name}_service")
        assert request.wanted == (*parameters, b"")
        assert request.names == [b"request", *parameters, b""]
        assert request.timed == name.startswith("save")
        assert (request.bad, request.fail, request.ok) == (bad, fail, ok)


MESSAGES: list[tuple[bytes, list[Any], bytes]] = [
    (b"find_endp", [b"E"], b"request\0find_endp\0label\0E\0\0"),
    (b"find_dest", [b""], b"request\0find_dest\0label\0\0\0"),
    (b"save_endp", [2, b"E", b"P"], b"request\0save_endp\0ttl\x002\0label\0E\0property\0P\0\0"),
    (
        b"save_dest",
        [-1, b"D", b"P", b"E"],
        b"request\0save_dest\0ttl\0-1\0label\0D\0property\0P\0label\0E\0\0",
    ),
]


@pytest.mark.parametrize(("name", "parameters", "message"), MESSAGES)
def test_a_request_is_read_back_whole(name: bytes, parameters: list[Any], message: bytes) -> None:
    request = REQUESTS[name]
    assert request.message(*parameters) == message
    anew = Request(request.name, request.wanted[:-1], 0)
    assert anew.message(*parameters) == message
    assert len(message.split(b"\0")) == anew.strings
    assert whole_request(message) == (request, parameters)


def test_a_nul_byte_is_refused_with_its_reason() -> None:
    with pytest.raises(ValueError, match=r"^a label or property can't hold a NUL byte$"):
        REQUESTS[b"save_endp"].message(2, b"E", b"\0")


NOT_WHOLE = [
    b"",
    b"\0",
    b"request",
    b"request\0find_endp",
    b"request\0find_endp\0",
    b"request\0find_endp\0label\0E\0",
    b"request\0find_endp\0label\0E\0\0x",
    b"request\0find_endp\0label\0E\0\0\0",
    b"request\0find_endp\0label\0E\0label\0E\0\0",
    b"request\0find_endp\0name\0E\0\0",
    b"request\0find_endp\0label\0E\0x\0",
    b"name\0find_endp\0label\0E\0\0",
    b"request\0find\0label\0E\0\0",
    b"request\0save_endp\0ttl\x002x\0label\0E\0property\0P\0\0",
]


@pytest.mark.parametrize("data", NOT_WHOLE)
def test_what_is_not_one_good_request_is_left_to_the_scanner(data: bytes) -> None:
    assert whole_request(data) is None


def test_the_ttl_of_a_whole_request_is_a_number_as_the_scanner_reads_it() -> None:
    whole = whole_request(b"request\0save_endp\0ttl\0 +4294967297\0label\x001\0property\x002\0\0")
    assert whole is not None
    assert whole[1] == [number(b" +4294967297"), b"1", b"2"] == [1, b"1", b"2"]


@given(
    st.binary(max_size=22).filter(lambda text: b"\0" not in text)
    | st.from_regex(rb"[ \t]?[+-]?[0-9]{0,21}", fullmatch=True)
)
def test_any_ttl_of_a_whole_request_is_what_the_scanner_makes_of_it(ttl: bytes) -> None:
    whole = whole_request(b"request\0save_endp\0ttl\0%b\0label\x001\0property\x002\0\0" % ttl)
    assert (whole and whole[1][0]) == number(ttl)


@pytest.mark.parametrize(
    ("text", "ttl"), [(b"999999999", 999999999), (b"4294967298", 2), (b"2147483648", -(2**31))]
)
def test_a_ttl_is_cut_to_an_int_as_c_does_it(text: bytes, ttl: int) -> None:
    message = REQUESTS[b"save_endp"].message(0, b"E", b"P").replace(b"ttl\x000", b"ttl\0" + text)
    assert whole_request(message) == (REQUESTS[b"save_endp"], [ttl, b"E", b"P"])
