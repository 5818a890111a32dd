"""What is fatal at start: the text in the log and the exit status, ours and the real one's from one table."""

from __future__ import annotations

import os
import pty
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from conformance.postfix.directories import mail_owner
from conformance.postfix.installations import installed_postfix
from conformance.postfix.master import Command
from tests.support.started import OURS, SERVE, Started

TIME = "fatal: parameter max_idle: bad time value or unit"


OWNER = mail_owner()


@dataclass(frozen=True)
class Start:
    """A command line, lines for main.cf, variables to set or (None) remove; the log texts that follow."""

    words: tuple[str, ...]
    log: tuple[str, ...]
    main_cf: str = ""
    environment: tuple[tuple[str, str | None], ...] = ()


def option(*words: str) -> tuple[str, ...]:
    return (*SERVE, *words)


STARTS = {
    "no -l": Start(("-t", "unix"), ("fatal: service scache requires a process limit of 1",)),
    "no -l, another name": Start(
        ("-t", "unix", "-n", "other"), ("fatal: service other requires a process limit of 1",)
    ),
    "no -t": Start(("-l",), ("fatal: no transport type specified",)),
    "unknown transport": Start(("-l", "-t", "tcp\tü"), ("fatal: unsupported transport type: tcp?ü",)),
    "long transport": Start(
        ("-l", "-t", "x" * 3000), ("fatal: unsupported transport type: " + "x" * (2000 - 28),)
    ),
    "unknown option": Start(option("-Q"), ("fatal: invalid option: Q",)),
    "unknown option in a cluster": Start(("-luQ",), ("fatal: invalid option: Q",)),
    "option without value": Start(option("-o"), ("fatal: invalid option: o",)),
    "operand ends the options": Start(
        ("junk", "-l"), ("fatal: service scache requires a process limit of 1",)
    ),
    "-o without =": Start(
        option("-o", "foo"),
        ("fatal: invalid \"-o foo\" option value: missing '=' after attribute name",),
    ),
    "-o without a name": Start(
        option("-o", "=x"), ('fatal: invalid "-o =x" option value: missing attribute name',)
    ),
    "-o with braces": Start(
        option("-o", "{ a = b }"),
        ("fatal: invalid \"-o { a = b }\" option value: missing '=' after attribute name",),
    ),
    "-s no number": Start(option("-s", "x"), ("fatal: invalid socket_count: x",)),
    "-s 0": Start(option("-s", "0"), ("fatal: invalid socket_count: 0",)),
    "-i": Start(option("-i", "x"), (f"{TIME}: x",)),
    "-m": Start(option("-m", "x"), ("fatal: bad numerical configuration: max_use = x",)),
    "-o wins": Start(option("-o", "max_idle=0"), ("fatal: invalid max_idle: 0 (min 1)",), "max_idle = 5\n"),
    "time: empty": Start(SERVE, (f"{TIME}: ",), "max_idle =\n"),
    "time: unit": Start(SERVE, (f"{TIME}: 5x",), "max_idle = 5x\n"),
    "time: blank": Start(SERVE, (f"{TIME}: 5 s",), "max_idle = 5 s\n"),
    "time: negative": Start(SERVE, (f"{TIME}: -1",), "max_idle = -1\n"),
    "time: large": Start(SERVE, (f"{TIME}: 3550w",), "max_idle = 3550w\n"),
    "time: larger": Start(SERVE, (f"{TIME}: 2147483648",), "max_idle = 2147483648\n"),
    "time: not ASCII": Start(SERVE, (f"{TIME}: ٣",), "max_idle = ٣\n"),
    "time: not ASCII, by old rules": Start(SERVE, (f"{TIME}: ??",), "smtputf8_enable = no\nmax_idle = ٣\n"),
    "not UTF-8": Start(SERVE, (f"{TIME}: ?a?",), "max_idle = \udce9a\udcff\n"),
    "time: undefined": Start(SERVE, (f"{TIME}: ",), "max_idle = $nothing\n"),
    "time: zero": Start(
        SERVE,
        ("fatal: invalid connection_cache_ttl_limit: 0 (min 1)",),
        "connection_cache_ttl_limit = 0h\n",
    ),
    "update time": Start(
        SERVE,
        ("fatal: invalid connection_cache_status_update_time: 0 (min 1)",),
        "connection_cache_status_update_time = 0\n",
    ),
    "ipc_timeout": Start(SERVE, ("fatal: invalid ipc_timeout: 0 (min 1)",), "ipc_timeout = 0\n"),
    "daemon_timeout": Start(SERVE, ("fatal: invalid daemon_timeout: 0 (min 1)",), "daemon_timeout = 0\n"),
    "max_use": Start(SERVE, ("fatal: invalid max_use parameter value 0 < 1",), "max_use = 0\n"),
    "no =": Start(
        SERVE, ("fatal: @main.cf@, line 5: missing '=' after attribute name: \"foo bar\"",), "foo\n bar\n"
    ),
    "macro syntax": Start(
        SERVE,
        (
            'warning: attribute name syntax error at: "...a>>>-b"',
            "fatal: dictionary mail_dict: macro processing error",
        ),
        "max_idle = ${a-b}\n",
    ),
    "set twice": Start(
        ("-l",),
        (
            "warning: @main.cf@, line 6: overriding earlier entry: max_idle=4",
            "fatal: no transport type specified",
        ),
        "max_idle = 4\nmax_idle = 5\n",
    ),
    "unknown owner": Start(
        SERVE,
        (
            f"warning: @main.cf@, line 5: overriding earlier entry: mail_owner={OWNER}",
            "fatal: file @main.cf@: parameter mail_owner: unknown user name value: nosuch",
        ),
        "mail_owner = nosuch\n",
    ),
    "root as owner": Start(
        SERVE,
        (
            f"warning: @main.cf@, line 5: overriding earlier entry: mail_owner={OWNER}",
            "fatal: file @main.cf@: parameter mail_owner: user root has privileged user ID",
        ),
        "mail_owner = root\n",
    ),
    "owner of others' mail": Start(
        SERVE,
        (f"fatal: file @main.cf@: parameters default_privs and mail_owner specify the same user {OWNER}",),
        f"default_privs = {OWNER}\n",
    ),
    "empty name of the log": Start(
        SERVE, ("fatal: bad string length 0 < 1: syslog_name = ",), "syslog_name =\n"
    ),
    "unknown facility": Start(
        SERVE,
        ("fatal: file @main.cf@: parameter syslog_facility: unrecognized value: kernel",),
        "syslog_facility = kernel\n",
    ),
    "log file elsewhere": Start(
        option("-o", "maillog_file=/tmp/x"),
        ("fatal: maillog_file value '/tmp/x' does not match any prefix in maillog_file_prefixes",),
    ),
    "generation": Start(SERVE, ("fatal: bad generation: 8x",), environment=(("GENERATION", "8x"),)),
    "no main.cf": Start(
        SERVE,
        ("fatal: open /nonexistent/main.cf: No such file or directory",),
        environment=(("MAIL_CONFIG", "/nonexistent"),),
    ),
}
#: Parameters that only this project's daemon has.
OURS_ONLY = {
    "dialect": Start(
        SERVE, ("fatal: bad boolean configuration: scache_announce = perhaps",), "scache_announce = perhaps\n"
    ),
    "message limit": Start(
        SERVE,
        ("fatal: invalid scache_message_limit parameter value 4095 < 4096",),
        "scache_message_limit = 4095\n",
    ),
}


def begin(command: Command, start: Start) -> Started:
    return Started(command, start.words, main_cf=start.main_cf, environment=dict(start.environment))


def outcome(daemon: Started) -> tuple[int | None, list[str]]:
    """Exit status and log, with `@main.cf@` for the path of the file."""
    path = str(daemon.instance.config / "main.cf")
    return daemon.exit_status(), [line.replace(path, "@main.cf@") for line in daemon.log()]


@pytest.mark.parametrize("start", [*STARTS.values(), *OURS_ONLY.values()], ids=[*STARTS, *OURS_ONLY])
def test_what_is_fatal_at_start_is_logged_in_postfix_s_words(start: Start) -> None:
    with begin(OURS, start) as daemon:
        assert outcome(daemon) == (1, list(start.log))


@pytest.fixture(scope="module")
def real_ones() -> Iterator[dict[str, Started]]:
    """All at once, because the real one sleeps for a second before it ends."""
    daemons = {name: begin(installed_postfix().scache, start) for name, start in STARTS.items()}
    yield daemons
    for daemon in daemons.values():
        daemon.__exit__()


@pytest.mark.postfix
@pytest.mark.parametrize("name", STARTS)
def test_the_real_one_says_the_same(name: str, real_ones: dict[str, Started]) -> None:
    assert outcome(real_ones[name]) == (1, list(STARTS[name].log))


def test_an_operand_is_fatal_when_the_first_request_is_served() -> None:
    with Started(words=(*SERVE, "junk")) as daemon, daemon.connect() as client:
        assert client.recv(100) == b"protocol\0connection_cache_protocol\0\0"
        assert daemon.log() == []
        client.send(b"request\0find_endp\0label\0x\0\0")
        assert daemon.exit_status() == 1
        assert daemon.log() == ["fatal: unexpected command-line argument: junk"]


def test_a_terminal_at_standard_input_means_started_by_hand(tmp_path: Path) -> None:
    (tmp_path / "main.cf").touch()
    terminal, standard_input = pty.openpty()
    done = subprocess.run(
        [*OURS.prefix, "-l"],
        stdin=standard_input,
        stderr=subprocess.PIPE,
        env={"POSTLOG_SERVICE": "/nonexistent", "MAIL_CONFIG": str(tmp_path)},
        check=False,
    )
    os.close(terminal)
    os.close(standard_input)
    assert done.stderr == b"scache: fatal: do not run this command by hand\n"
    assert done.returncode == 1


def test_without_master_s_descriptors_it_does_not_start() -> None:
    with Started(words=(*SERVE, "-s", "2")) as daemon:  # there is one listening socket only
        assert daemon.exit_status() == 1
        assert daemon.log() == ["fatal: event_enable_read: epoll_ctl EPOLL_CTL_ADD: Bad file descriptor"]
