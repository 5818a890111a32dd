"""A local user that has as many descriptors under way as the kernel lets it."""

from __future__ import annotations

import os
import pwd
import socket
from pathlib import Path

import pytest

from conformance.postfix.directories import mail_owner
from conformance.postfix.master import Command
from scache.client import Client
from scache.errors import ProtocolError
from tests.support.started import OURS, Started

UNDER_WAY = 250
#: The daemon with so few descriptors that its user may have no more than a hundred under way.
FEW = Command(Path("/bin/sh"), ("sh", "-c", 'ulimit -n 100; exec "$@"', "sh", *OURS.prefix))
REFUSED = "warning: scache_find_endp_service: cannot send file descriptor: Too many references"


def put_under_way(count: int) -> list[socket.socket]:
    """As the daemon's user, send so many descriptors to where nobody receives them."""
    holding = []
    with open(os.devnull) as nothing:
        for _ in range(0, count, 10):
            sender, receiver = socket.socketpair()
            holding += [sender, receiver]
            socket.send_fds(sender, [b"\0"], [nothing.fileno()] * 10)
    return holding


@pytest.mark.needs("root")
def test_a_session_that_the_kernel_does_not_let_through_stays_and_its_finder_is_told() -> None:
    owner = pwd.getpwnam(mail_owner())
    with Started(FEW, main_cf="connection_cache_ttl_limit = 1000s\n") as daemon, socket.socket() as session:
        path = str(daemon.instance.path)
        with Client(path) as client, socket.create_server(("127.0.0.1", 0)) as server:
            session.connect(server.getsockname())
            assert client.save_endp(999, b"E", b"EP", session.fileno())
            told, go = os.pipe(), os.pipe()
            child = os.fork()
            if child == 0:
                os.setresuid(owner.pw_uid, owner.pw_uid, owner.pw_uid)
                holding = put_under_way(UNDER_WAY)
                os.write(told[1], b"%d" % len(holding))
                os.close(go[1])
                os.read(go[0], 1)
                os._exit(0)
            os.close(told[1])
            try:
                assert os.read(told[0], 10) == b"%d" % (2 * UNDER_WAY // 10)
                with pytest.raises(ProtocolError, match="no descriptor"):
                    client.find_endp(b"E")
            finally:
                os.close(go[1])
                os.waitpid(child, 0)
                os.close(told[0])
                os.close(go[0])
        with Client(path) as another:
            found = another.find_endp(b"E")
            assert found is not None
            assert found[0] == b"EP"
            assert os.fstat(found[1]).st_ino == os.fstat(session.fileno()).st_ino
            os.close(found[1])
        daemon.wait_for_log(REFUSED)
