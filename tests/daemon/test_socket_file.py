"""A listening socket at a path: one wins, and nobody else's file is touched."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from scache.daemon import socket_file
from scache.daemon.socket_file import Access, SocketFile, put_back
from scache.errors import UsageError

PRIVATE = Access()


def listen(path: Path) -> socket.socket:
    stream = socket.socket(socket.AF_UNIX)
    stream.bind(str(path))
    stream.listen()
    return stream


@contextmanager
def served(path: Path | str, access: Access = PRIVATE, aside: str | None = None) -> Iterator[socket.socket]:
    with SocketFile(str(path), access, aside) as listener, socket.socket(fileno=listener) as stream:
        yield stream


def stale(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))


def connects(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as stream:
        return stream.connect_ex(str(path)) == 0


STARTED_TOGETHER = """
import os, sys
from scache.daemon.socket_file import Access, SocketFile
from scache.errors import UsageError
os.read(0, 1)  # all wait for one moment
try:
    with SocketFile(sys.argv[1], Access()):
        print("won", flush=True)
        os.read(int(sys.argv[2]), 1)
except UsageError as error:
    print(error, flush=True)
"""


@pytest.mark.lasting
@pytest.mark.parametrize("before", [None, stale], ids=["nothing there", "a stale socket there"])
def test_of_many_that_are_started_together_one_wins_and_the_others_say_so(
    tmp_path: Path, before: object
) -> None:
    path = tmp_path / "s"
    if callable(before):
        before(path)
    start, starting = os.pipe()
    end, ending = os.pipe()
    command = [sys.executable, "-c", STARTED_TOGETHER, str(path), str(end)]
    processes = [
        subprocess.Popen(command, stdin=start, stdout=subprocess.PIPE, text=True, pass_fds=[end])
        for _ in range(24)
    ]
    os.close(starting)
    said = [process.stdout.readline().strip() for process in processes if process.stdout]
    assert sorted(said) == [*[f"{path}: in use by a living server"] * 23, "won"]
    assert connects(path)
    os.close(ending)
    for process in processes:
        assert process.wait(30) == 0
        process.communicate()
    os.close(start)
    os.close(end)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("moment", ["_make_way", "_take_the_name"])
def test_whoever_looks_first_acts_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    stale(tmp_path / "s")
    act, said = getattr(SocketFile, moment), []

    def late(self: SocketFile, *arguments: object) -> None:
        monkeypatch.undo()
        with pytest.raises(UsageError) as refusal:
            SocketFile(str(tmp_path / "s"), PRIVATE).__enter__()
        said.append(str(refusal.value))
        act(self, *arguments)

    monkeypatch.setattr(SocketFile, moment, late)
    with served(tmp_path / "s"):
        assert said == [f"{tmp_path}/s: in use by a living server"]


def test_a_socket_has_its_owner_and_mode_and_listens_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    link = os.link

    def look(name: str, *words: str, src_dir_fd: int, dst_dir_fd: int) -> None:
        found = os.stat(name, dir_fd=src_dir_fd)
        seen.append((stat.S_IMODE(found.st_mode), connects(Path(f"/proc/self/fd/{src_dir_fd}/{name}"))))
        seen.append((stat.S_IMODE(os.fstat(src_dir_fd).st_mode), os.fstat(src_dir_fd).st_uid == os.getuid()))
        link(name, *words, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

    monkeypatch.setattr(os, "link", look)
    with served(tmp_path / "s", Access(0o640)):
        assert seen == [(0o640, True), (0o700, True)]
        assert sorted(os.listdir(tmp_path)) == ["s", "s.lock"]
    assert os.listdir(tmp_path) == []


def test_what_is_swapped_in_at_the_path_is_neither_followed_nor_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The owner of the directory puts a link to somebody's file where the socket is about to come."""
    precious = tmp_path / "precious"
    precious.write_text("mail")
    precious.chmod(0o600)
    taken = socket_file.SocketFile._take_the_name

    def meddle(self: SocketFile, private: int, bound: str) -> None:
        (tmp_path / "s").symlink_to(precious)
        taken(self, private, bound)

    monkeypatch.setattr(SocketFile, "_take_the_name", meddle)
    with pytest.raises(UsageError, match=r"/s: File exists"):
        SocketFile(str(tmp_path / "s"), Access(0o666)).__enter__()
    assert (precious.read_text(), precious.stat().st_mode & 0o777) == ("mail", 0o600)
    assert sorted(os.listdir(tmp_path)) == ["precious", "s"]


@pytest.mark.parametrize("name", ["s", "s.lock"])
def test_a_symbolic_link_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError):
        SocketFile(str(tmp_path / "s"), Access()).__enter__()
    assert os.listdir(tmp_path) == [name]


def test_a_private_directory_that_is_another_s_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(UsageError, match="meddles"):
        SocketFile(str(tmp_path / "s"), Access()).__enter__()
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("a\0b", r"a\?b: no path has a NUL in it"),
        ("nowhere/s", "nowhere/s: No such file or directory"),
        ("x" * 108, "AF_UNIX path too long"),
        ("..", r"\.\.: names no file"),
    ],
)
def test_a_path_that_can_not_be_listened_on_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=said):
        SocketFile(path, Access()).__enter__()
    assert os.listdir(tmp_path) == []


def test_a_path_as_long_as_a_client_can_connect_to_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    name = "x" * 107
    with served(name):
        assert connects(Path(name))


def test_a_path_that_another_has_taken_over_is_left_to_it(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with ExitStack() as stack:
        with served(path):
            path.unlink()
            stack.enter_context(listen(path))
        assert connects(path)


def test_a_living_server_is_reached_under_its_second_name_and_then_gets_its_own_back(tmp_path: Path) -> None:
    path, second = tmp_path / "s", tmp_path / "second"
    with listen(path) as server:
        with served(path, aside="second") as ours:
            assert connects(second)
            server.accept()[0].close()
            assert connects(path)
            ours.accept()[0].close()
        assert os.listdir(tmp_path) == ["s"]
        assert connects(path)
        server.accept()[0].close()


def test_nobody_can_stand_in_front_of_a_server_that_is_gone(tmp_path: Path) -> None:
    stale(tmp_path / "s")
    with pytest.raises(UsageError, match="nobody listens there"):
        SocketFile(str(tmp_path / "s"), Access(), "second").__enter__()
    assert os.listdir(tmp_path) == ["s"]


def test_what_a_killed_process_left_is_undone_once(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with listen(tmp_path / "second"):
        stale(path)
        assert put_back(str(path), "second")
        assert connects(path)
        assert os.listdir(tmp_path) == ["s"]
        assert not put_back(str(path), "second")


def test_what_a_killed_process_left_is_removed_where_the_server_has_its_name_anew(tmp_path: Path) -> None:
    stale(tmp_path / "second")
    with listen(tmp_path / "s"):
        assert put_back(str(tmp_path / "s"), "second")
        assert os.listdir(tmp_path) == ["s"]
        assert connects(tmp_path / "s")
