"""The daemon as master(8)'s child: status channel, end, descriptors, privileges, chroot."""

from __future__ import annotations

import os
import pwd
import resource
import shutil
import signal
import socket
import struct
import subprocess
from pathlib import Path

import pytest

from conformance.postfix.directories import mail_owner
from conformance.postfix.installations import installed_postfix
from tests.support.started import CLOCKED, OURS, SERVE, Started

ANNOUNCEMENT = b"protocol\0connection_cache_protocol\0\0"
MISS = b"request\0find_endp\0label\0nobody\0\0"
MISSED = b"status\x002\0property\0\0\0"
STATISTICS = [
    "statistics: start interval Jan 15 08:00:00",
    "statistics: address lookup hits=0 miss=1 success=0%",
]
IN_CHROOT = (*SERVE, "-c")


def ask(client: socket.socket, request: bytes, reply: bytes) -> None:
    client.send(request)
    assert client.recv(4096) == reply


def serve_one_miss(daemon: Started) -> None:
    with daemon.connect() as client:
        assert client.recv(4096) == ANNOUNCEMENT
        ask(client, MISS, MISSED)


def process_status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _colon, value in (line.partition(":") for line in lines)}


def test_it_tells_master_once_that_it_is_available() -> None:
    with Started(environment={"GENERATION": "17"}) as daemon:
        serve_one_miss(daemon)
        serve_one_miss(daemon)
        said = daemon.child.drain()
    assert list(struct.iter_unpack("=iIi", said)) == [
        (daemon.child.pid, 0o17, 0),
        (daemon.child.pid, 0o17, 1),
    ]


def test_the_end_of_the_status_channel_ends_it_with_statistics() -> None:
    with Started(CLOCKED) as daemon:
        serve_one_miss(daemon)
        daemon.child.close_status()
        assert daemon.exit_status() == 0
        assert daemon.log() == STATISTICS


def test_a_master_that_is_gone_at_the_start_ends_it_quietly() -> None:
    with Started() as daemon:
        daemon.child.close_status()
        assert daemon.exit_status() == 0
        assert daemon.log() == []


def test_sigterm_ends_it_with_statistics() -> None:
    with Started(CLOCKED) as daemon:
        serve_one_miss(daemon)
        daemon.send_signal(signal.SIGTERM)
        assert daemon.exit_status() == 0
        assert daemon.log() == STATISTICS


def test_a_verbose_daemon_closes_sessions_when_they_are_due_as_any_other() -> None:
    near, far = socket.socketpair()
    with Started(CLOCKED, (*SERVE, "-v")) as daemon, daemon.connect() as client:
        assert client.recv(4096) == ANNOUNCEMENT
        ask(client, b"request\0save_endp\0ttl\x002\0label\0E\0property\0P\0\0", b"dummy\0\0\0")
        socket.send_fds(client, [b"\0"], [far.fileno()])
        assert client.recv(4096) == b"status\x000\0\0"
        far.close()
        daemon.clock.advance(2)
        ask(client, MISS.replace(b"nobody", b"E"), MISSED)
        near.settimeout(20)
        assert near.recv(1) == b""
    near.close()


def test_many_alarms_from_outside_do_no_harm() -> None:
    with Started() as daemon, daemon.connect() as client:
        assert client.recv(4096) == ANNOUNCEMENT
        for _ in range(10):
            daemon.send_signal(signal.SIGALRM)
            ask(client, MISS, MISSED)


@pytest.mark.parametrize(
    "words", [SERVE, pytest.param(IN_CHROOT, marks=pytest.mark.needs("root"))], ids=["", "in a chroot"]
)
def test_it_ends_by_itself_when_idle_for_max_idle(words: tuple[str, ...]) -> None:
    with Started(CLOCKED, (*words, "-i", "30")) as daemon:
        serve_one_miss(daemon)
        while daemon.child.exit_status() is None:  # it idles from when it has seen the client go
            daemon.clock.advance(31)
            daemon.poke()  # moving that clock wakes nobody
        assert daemon.exit_status() == 0
        assert daemon.log() == STATISTICS


def test_its_descriptors_are_close_on_exec_and_its_file_limit_is_the_hard_one() -> None:
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with Started() as daemon:
        serve_one_miss(daemon)
        daemon.settle()  # it closes that client's descriptor
        information = Path(f"/proc/{daemon.child.pid}/fdinfo")
        open_ones = {int(entry.name): entry.read_text() for entry in information.iterdir()}
        limits = Path(f"/proc/{daemon.child.pid}/limits").read_text()
    kept = {number for number, text in open_ones.items() if not int(text.split()[3], 8) & os.O_CLOEXEC}
    assert kept == {0, 1, 2}
    (line,) = [line for line in limits.splitlines() if line.startswith("Max open files")]
    assert line.split()[3:5] == [str(hard), str(hard)]


@pytest.mark.needs("root")
def test_it_leaves_no_core_file_and_nobody_else_can_look_into_it() -> None:
    with Started() as daemon:
        serve_one_miss(daemon)
        limits = Path(f"/proc/{daemon.child.pid}/limits").read_text()
        assert Path(f"/proc/{daemon.child.pid}/environ").stat().st_uid == 0
    (line,) = [line for line in limits.splitlines() if line.startswith("Max core file size")]
    assert line.split()[4:6] == ["0", "0"]


@pytest.mark.needs("root", "watching")
def test_u_makes_it_the_mail_owner_for_good() -> None:
    with Started() as daemon:
        serve_one_miss(daemon)
        status = process_status(daemon.child.pid)
    owner = pwd.getpwnam(mail_owner())
    assert set(status["Uid"].split()) == {str(owner.pw_uid)}
    assert set(status["Gid"].split()) == {str(owner.pw_gid)}
    assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0


def test_without_u_it_stays_who_it_is() -> None:
    with Started(words=("-l", "-t", "unix")) as daemon:
        serve_one_miss(daemon)
        assert set(process_status(daemon.child.pid)["Uid"].split()) == {str(os.getuid())}


@pytest.mark.needs("root", "watching")
def test_c_makes_the_queue_directory_its_root() -> None:
    with Started(words=IN_CHROOT) as daemon:
        serve_one_miss(daemon)
        assert os.readlink(f"/proc/{daemon.child.pid}/root") == str(daemon.instance.queue)
        assert os.readlink(f"/proc/{daemon.child.pid}/cwd") == str(daemon.instance.queue)


def a_whole_session(daemon: Started) -> None:
    """Everything that a daemon does: saves, finds, errors, expiry, statistics."""
    ours, theirs = socket.socketpair()
    with daemon.connect() as client, ours, theirs:
        assert client.recv(4096) == ANNOUNCEMENT
        save = b"request\0save_endp\0ttl\x001\0label\0e\0property\0p\0\0"
        ask(client, b"request\0save_dest\0ttl\x001\0label\0d\0property\0q\0label\0e\0\0", b"status\x000\0\0")
        for _ in range(2):
            ask(client, save, b"dummy\0\0\0")
            socket.send_fds(client, [b"\0"], [theirs.fileno()])
            assert client.recv(4096) == b"status\x000\0\0"
        ask(client, b"request\0find_dest\0label\0d\0\0", b"status\x000\0property\0q\0property\0p\0\0")
        client.send(b"dummy\0\0\0")
        _data, descriptors, _flags, _address = socket.recv_fds(client, 1, 1)
        os.close(descriptors[0])
        client.send(b"dummy\0\0\0")
        ask(client, save, b"dummy\0\0\0")
        ask(client, b"\0", b"status\x002\0\0")  # no descriptor
        ask(client, b"request\0find_dest\0ttl\x001\0\0", b"status\x001\0property\0\0property\0\0\0")
        ask(client, b"request\0save_dest\0ttl\x001x\0\0", b"status\x001\0\0")
        ask(client, b"request\0\xe4\xff\0\0", b"status\x001\0\0")
        with daemon.connect() as other:  # goes in the middle of a request
            other.send(b"request\0save_endp\0ttl")
        theirs.close()
        ours.settimeout(20)
        assert ours.recv(1) == b""  # the session has expired
        daemon.wait_for_log("statistics: max simultaneous")
    daemon.child.close_status()
    assert daemon.exit_status() == 0
    assert not [line for line in daemon.log() if line.startswith("panic")]


@pytest.mark.needs("root", "strace")
@pytest.mark.parametrize("zone", ["UTC", None])
def test_nothing_is_opened_after_the_chroot(zone: str | None, tmp_path: Path) -> None:
    """strace shows each file that it asks the kernel for; the jail holds nothing that Python could load."""
    strace = shutil.which("strace")
    assert strace is not None
    trace = tmp_path / "trace"
    watched = type(OURS)(Path(strace), (strace, "-f", "-e", "trace=file", "-o", str(trace), *OURS.prefix))
    words = (*IN_CHROOT, "-o", "connection_cache_status_update_time=1", "-o", "connection_cache_ttl_limit=1")
    with Started(watched, words, environment={"TZ": zone}) as daemon:
        a_whole_session(daemon)
    _before, chroot, after = trace.read_text().partition("chroot(")
    assert chroot
    calls = [line.split(None, 1)[1] for line in after.splitlines()[1:]]
    named = [
        call.partition(" ")[0] for call in calls if '"' in call and '""' not in call
    ]  # "": of a descriptor
    assert named == ['chdir("/")']


def test_v_logs_what_happens_in_the_cache() -> None:
    with Started(words=(*SERVE, "-v"), environment={"GENERATION": "17"}) as daemon:
        serve_one_miss(daemon)
        assert daemon.log() == [
            "process generation: 17 (17)",
            "scache_multi_find_endp: no endpoint cache: endp_label=nobody",
        ]


@pytest.mark.parametrize(
    ("request_bytes", "reply", "log"),
    [
        (b"", b"", []),
        (MISS, MISSED, ["address lookup hits=0 miss=1 success=0%"]),
        (MISS + MISS, MISSED + MISSED, ["address lookup hits=0 miss=2 success=0%"]),
        (b"request\0save_endp\0ttl\x001\0label\0e\0property\0p\0\0", b"dummy\0\0\0status\x002\0\0", []),
    ],
)
def test_on_standard_streams_it_serves_what_is_there(
    request_bytes: bytes, reply: bytes, log: list[str]
) -> None:
    with Started() as bystander:  # for its main.cf
        done = subprocess.run(
            [*OURS.prefix, "-S", "-V"],
            input=request_bytes,
            capture_output=True,
            env={"MAIL_CONFIG": str(bystander.instance.config)},
            check=False,
            timeout=20,
        )
    assert (done.returncode, done.stdout) == (0, reply)
    said = done.stderr.decode().splitlines()
    assert [line.partition("statistics: ")[2] for line in said if "lookup" in line] == log


@pytest.mark.parametrize("which", ["ours", pytest.param("the real one", marks=pytest.mark.postfix)])
def test_on_standard_streams_it_tells_with_v_what_happens_in_the_cache(which: str) -> None:
    ours = which == "ours"
    program = list(OURS.prefix) if ours else [str(installed_postfix().scache.executable)]
    save_dest = b"request\0save_dest\0ttl\x002\0label\0D\0property\0P\0label\0E\0\0"
    find_dest = b"request\0find_dest\0label\0D\0\0"
    near, far = socket.socketpair()
    with Started() as bystander, near, far:  # for its main.cf
        near.send(save_dest + find_dest)
        done = subprocess.run(
            [*program, "-S", "-v", "-V"],
            stdin=far,
            stdout=far,
            stderr=subprocess.PIPE,
            # The real one would wait for somebody to read its many lines from the instance's log.
            env={"MAIL_CONFIG": str(bystander.instance.config)} if ours else {},
            check=False,
            timeout=20,
        )
    said = [line.partition(": ")[2] for line in done.stderr.decode().splitlines()]
    assert [line for line in said if line.startswith("scache_multi_")] == [
        "scache_multi_save_dest: dest_label=D -> dest_prop=P endp_label=E",
        "scache_multi_find_endp: no endpoint cache: endp_label=E",
        "scache_multi_find_dest: not found: dest_label=D",
    ]
