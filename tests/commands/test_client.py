"""The client library against scripted answers: what a server may do wrong."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scache.client import Client
from scache.errors import ProtocolError
from scache.protocol.dialect import ANNOUNCEMENT, POSTFIX_2

Serve = Callable[[bytes], str]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """A server that sends these bytes to its one client, then no more; the value is its path."""
    threads = []
    listening = socket.socket(socket.AF_UNIX)

    def serve(data: bytes) -> str:
        path = str(tmp_path / "s")
        listening.bind(path)
        listening.listen()

        def answer() -> None:
            connection, _address = listening.accept()
            with connection, contextlib.suppress(ConnectionError):  # a client may leave at any time
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(4096):
                    pass

        threads.append(threading.Thread(target=answer))
        threads[-1].start()
        return path

    yield serve
    for thread in threads:
        thread.join()
    listening.close()


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", "the server closed the connection"),
        (ANNOUNCEMENT[:-3], "the server closed the connection"),
        (b"protocol\0smtp\0\0", "the server sent protocol = b'smtp'"),
        (b"status\x000\0\0", "unexpected attribute status"),
    ],
)
def test_a_server_that_does_not_announce_itself_is_refused(serve: Serve, data: bytes, error: str) -> None:
    with pytest.raises(ProtocolError, match=error):
        Client(serve(data))


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"status\x001\0property\0\0\0", "refused the request with status 1"),
        (b"status\x009\0property\0\0\0", "refused the request with status 9"),
        (b"status\x000\0\0", "missing attribute property"),
        (b"status\x000\0property\0P\0\0", "no descriptor"),
        (b"status\x000\0property\0P\0\0x", "no descriptor"),
    ],
)
def test_an_answer_that_is_not_the_protocol_is_an_error(serve: Serve, data: bytes, error: str) -> None:
    with Client(serve(data), dialect=POSTFIX_2) as client, pytest.raises(ProtocolError, match=error):
        client.find_endp(b"E")


def test_a_save_that_the_server_does_not_take_is_false(serve: Serve) -> None:
    reading, writing = os.pipe()
    with Client(serve(b"dummy\0\0\0status\x002\0\0"), dialect=POSTFIX_2) as client:
        assert client.save_endp(2, b"E", b"P", reading) is False
    os.close(reading)
    os.close(writing)


def test_a_label_can_hold_no_nul(serve: Serve) -> None:
    with Client(serve(b""), dialect=POSTFIX_2) as client, pytest.raises(ValueError, match="NUL"):
        client.find_endp(b"a\0b")
