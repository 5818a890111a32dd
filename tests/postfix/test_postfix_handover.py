"""At a reload a daemon passes what it has cached to the next one, through real processes and sockets."""

from __future__ import annotations

import os
import socket
from contextlib import ExitStack, suppress

import pytest

from scache.client import Client
from scache.protocol.dialect import POSTFIX_2, POSTFIX_3_6, Dialect
from tests.support.started import SERVE, Started

HANDOVER = ("-v", "-o", "scache_handover=yes", "-o", "connection_cache_ttl_limit=100")


def save(client: Client, label: bytes, number: int) -> socket.socket:
    """Save a session; its remote side."""
    near, remote = socket.socketpair()
    with near:
        assert client.save_endp(100, label, b"p%d" % number, near.fileno())
    return remote


def speaks_to(descriptor: int, remote: socket.socket) -> bool:
    os.write(descriptor, b"?")
    os.close(descriptor)
    remote.settimeout(20)
    with remote:
        return remote.recv(2) == b"?"


def saved_lines(daemon: Started) -> int:
    return sum("scache_multi_save_" in line for line in daemon.log())


@pytest.mark.parametrize(
    ("words", "dialect"),
    [
        ((), POSTFIX_3_6),
        (("-o", "scache_announce=no"), POSTFIX_2),
        (("-o", "scache_write_wait=no"), Dialect(write_wait=False)),
    ],
)
def test_what_is_cached_outlives_a_reload_in_its_order(words: tuple[str, ...], dialect: Dialect) -> None:
    with Started(words=(*SERVE, *HANDOVER, *words)) as daemon:
        with Client(str(daemon.instance.path), dialect=dialect) as client:
            assert client.save_dest(100, b"D", b"dp", b"E")
            assert client.save_dest(100, b"D", b"dp", b"F")
            remotes = [save(client, label, number) for number, label in enumerate((b"E", b"E", b"F"))]
        daemon.child.close_status()
        assert daemon.exit_status() == 0
        before = saved_lines(daemon)
        daemon.start_successor()
        while saved_lines(daemon) < before + 5:
            daemon.wait_for_more_log()
        with Client(str(daemon.instance.path), dialect=dialect) as client:
            for number, remote in enumerate(remotes):
                found = client.find_dest(b"D")
                assert found is not None
                assert found[:2] == (b"dp", b"p%d" % number)
                assert speaks_to(found[2], remote)
            assert client.find_dest(b"D") is None


def test_without_the_parameter_a_reload_closes_everything_as_in_postfix() -> None:
    with Started(words=(*SERVE, "-o", "connection_cache_ttl_limit=100")) as daemon:
        with Client(str(daemon.instance.path)) as client:
            remote = save(client, b"E", 0)
        daemon.child.close_status()
        assert daemon.exit_status() == 0
        with remote:
            remote.settimeout(20)
            assert remote.recv(1) == b""


def test_what_nobody_takes_over_is_closed() -> None:
    """As at `postfix stop`: there is no next daemon, and nobody listens any more."""
    with Started(words=(*SERVE, *HANDOVER)) as daemon:
        with Client(str(daemon.instance.path)) as client:
            remote = save(client, b"E", 0)
        daemon.instance.listener.close()
        daemon.child.close_status()
        assert daemon.exit_status() == 0
        with remote:
            remote.settimeout(20)
            assert remote.recv(1) == b""


def fill_queue(stack: ExitStack, path: str) -> None:
    """Connect until there is no room in the listening socket's queue."""
    with suppress(BlockingIOError):
        while True:
            waiting = stack.enter_context(socket.socket(socket.AF_UNIX))
            waiting.setblocking(False)
            waiting.connect(path)


@pytest.mark.parametrize("many_wait", [False, True])
def test_a_full_house_at_the_reload_hinders_no_handover(many_wait: bool) -> None:
    """Newcomers waited for a client to leave; by then nobody listens here any more."""
    with (
        Started(words=(*SERVE, *HANDOVER, "-o", "scache_client_limit=1")) as daemon,
        Client(str(daemon.instance.path)) as client,
        save(client, b"E", 0),
        ExitStack() as stack,
    ):
        if many_wait:
            fill_queue(stack, str(daemon.instance.path))
        daemon.child.close_status()
        assert daemon.exit_status() == 0
        before = saved_lines(daemon)
        daemon.start_successor()
        while saved_lines(daemon) < before + 1:
            daemon.wait_for_more_log()
