"""The four requests as bytes, against what the bench writes down by itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.contract.wire import request_bytes
from scache.protocol.request import FIND_DEST, FIND_ENDP, REQUESTS, SAVE_DEST, SAVE_ENDP, whole_request

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
