"""The mail log: what goes to syslogd and to postlogd, and what Debian's log watcher makes of it."""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from freezegun import freeze_time

from scache.daemon.log_outlet import MOST_HELD
from scache.postfix.mail_log import Console, MailLog, PostlogService, Syslog
from tests.support.needs import LOGCHECK_RULES
from tests.support.started import CLOCKED, Started

PID = os.getpid()
NOVEMBER = "2026-11-03 04:05:06"


class Service:
    """A logging service's socket."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.open()

    def open(self) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.path))
        self.socket.settimeout(20)

    def close(self) -> None:
        self.socket.close()
        self.path.unlink()

    def line(self) -> str:
        return self.socket.recv(65536).decode("utf-8", "surrogateescape")


@contextmanager
def mail_log(tag: str, *places: Syslog | PostlogService | Console) -> Iterator[MailLog]:
    """A log that goes there, all of which is closed in the end."""
    log = MailLog(tag, *places)
    yield log
    log.close()
    for place in places:
        if not isinstance(place, Console):
            place.destination.close()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    service = Service(tmp_path / "log")
    yield service
    service.close()


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("statistics: x", "<22>Nov  3 04:05:06 postfix/scache[PID]: statistics: x"),
        ("warning: x", "<20>Nov  3 04:05:06 postfix/scache[PID]: warning: x"),
        ("error: x", "<19>Nov  3 04:05:06 postfix/scache[PID]: error: x"),
        ("fatal: x", "<18>Nov  3 04:05:06 postfix/scache[PID]: fatal: x"),
        ("panic: x", "<18>Nov  3 04:05:06 postfix/scache[PID]: panic: x"),
        ("fatal", "<22>Nov  3 04:05:06 postfix/scache[PID]: fatal"),
    ],
)
def test_a_line_to_syslog_has_facility_level_time_and_tag(service: Service, text: str, sent: str) -> None:
    with freeze_time(NOVEMBER), mail_log("postfix/scache", Syslog(2, str(service.path))) as log:
        log(text)
    assert service.line() == sent.replace("PID", str(PID))


def test_a_line_to_postlogd_has_time_host_and_tag(service: Service) -> None:
    destination = PostlogService(str(service.path), "mx.example.com")
    with freeze_time(NOVEMBER), mail_log("postfix/scache", destination) as log:
        log("warning: x")
    assert service.line() == f"Nov 03 04:05:06 mx postfix/scache[{PID}]: warning: x"


@pytest.mark.parametrize(
    ("text", "plain", "utf8"),
    [
        ("a\tb\nc\x7f", "a?b?c?", "a?b?c?"),
        ("é€", "?????", "é€"),
        ("\udcff\udcc3x", "??x", "??x"),
        ("%s %m", "%s %m", "%s %m"),
        ("x" * 2500, "x" * 2000, "x" * 2000),
        ("warning: " + "x" * 2500, "warning: " + "x" * 2000, "warning: " + "x" * 2000),
    ],
)
def test_bytes_that_do_not_print_become_question_marks(
    service: Service, text: str, plain: str, utf8: str
) -> None:
    with mail_log("t", PostlogService(str(service.path), "h")) as log:
        log(text)
        log.utf8 = True
        log(text)
    head = len(f"Nov 03 04:05:06 h t[{PID}]: ")
    assert [service.line()[head:], service.line()[head:]] == [plain, utf8]


def test_a_long_text_is_cut_for_the_log_and_not_on_standard_error(
    service: Service, capfd: pytest.CaptureFixture[str]
) -> None:
    with mail_log("t", Syslog(2, str(service.path)), Console()) as log:
        log("warning: " + "x" * 2500 + "\t")
    assert service.line().partition("]: ")[2] == "warning: " + "x" * 2000
    assert capfd.readouterr().err == "t: warning: " + "x" * 2500 + "?\n"


def test_a_logging_service_that_restarts_is_found_again_and_gets_what_was_logged_meanwhile(
    service: Service,
) -> None:
    with mail_log("t", Syslog(2, str(service.path))) as log:
        service.close()
        log("meanwhile")
        service.open()
        log("found")
    assert [service.line().partition("]: ")[2] for _ in range(2)] == ["meanwhile", "found"]


def test_a_service_that_reads_nothing_delays_nobody_and_hears_how_many_lines_it_missed(
    service: Service,
) -> None:
    with mail_log("t", Syslog(2, str(service.path))) as log:
        for number in range(3 * MOST_HELD):
            log(f"{number}")
        heard = []
        while not heard or not heard[-1].startswith("warning"):
            heard.append(service.line().partition("]: ")[2])
            log.outlets[0].ready(0)
    missed = int(heard[-1].split()[1])
    assert heard[:-1] == [f"{number}" for number in range(3 * MOST_HELD - missed)]
    assert heard[-1] == f"warning: {missed} lines of this log were lost"
    assert missed > MOST_HELD


def test_after_a_chroot_the_service_is_found_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The path as seen from outside is tried first, then the one below the new root."""
    monkeypatch.chdir(tmp_path)
    outside = "queue/public/postlog"
    (tmp_path / "public").mkdir()
    inside = Service(tmp_path / "public/postlog")
    with mail_log("t", PostlogService(outside, "h", "queue/")) as log:
        log("found")
    assert inside.line().endswith(": found")
    inside.close()


def test_a_log_that_moves_leaves_the_old_place(service: Service, tmp_path: Path) -> None:
    new = Service(tmp_path / "new")
    place = Syslog(2, str(new.path))
    log = MailLog("old", Syslog(2, str(service.path)))
    log.replace("new", place)
    log("x")
    log.close()
    place.destination.close()
    assert new.line().endswith(f"new[{PID}]: x")
    service.socket.setblocking(False)
    with pytest.raises(BlockingIOError):
        service.line()
    new.close()


def test_standard_error_gets_tag_and_text(capfd: pytest.CaptureFixture[str], service: Service) -> None:
    with mail_log("postfix/scache", Syslog(2, str(service.path))) as log:
        log.add(Console())
        log.add(Console("scache"))
        log("warning: x")
    assert capfd.readouterr().err == "postfix/scache: warning: x\nscache: warning: x\n"


@pytest.mark.parametrize(
    ("main_cf", "environment", "tag"),
    [
        ("", {}, "localhost postfix/scache"),
        ("", {"MAIL_LOGTAG": "mail"}, "localhost mail/scache"),
        ("", {"MAIL_LOGTAG": None, "POSTLOG_HOSTNAME": None}, "amnesiac postfix/scache"),
        ("max_idle = 5\nmax_idle = x\n", {}, "localhost postfix/scache"),
    ],
)
def test_before_main_cf_is_understood_the_environment_names_the_log(
    main_cf: str, environment: dict[str, str | None], tag: str
) -> None:
    with Started(main_cf=main_cf + "max_idle = 0\n", environment=environment) as daemon:
        assert daemon.exit_status() == 1
        line = daemon.instance.log_socket.recv(65536).decode()
    assert re.sub(r"^.{15} |\[\d+\]: .*", "", line) == tag


@pytest.mark.parametrize(
    ("main_cf", "tag"),
    [
        ("myhostname = mx.example.com\n", "mx postfix/scache"),
        ("myhostname = mx\nsyslog_name = mail\n", "mx mail/scache"),
        ("myhostname = mx\nmulti_instance_name = postfix-out\n", "mx postfix-out/scache"),
        ("myhostname = mx\nsyslog_name = $service_name-$process_name\n", "mx other-scache/scache"),
    ],
)
def test_main_cf_names_the_log_once_it_is_understood(main_cf: str, tag: str) -> None:
    with Started(words=("-n", "other"), main_cf=main_cf) as daemon:
        assert daemon.exit_status() == 1
        line = daemon.instance.log_socket.recv(65536).decode()
    assert re.sub(r"^.{15} |\[\d+\]: .*", "", line) == tag


def logcheck_rules() -> list[re.Pattern[str]]:
    """Debian's patterns (POSIX extended) for Postfix, of those that know scache."""
    names = {"alnum": "A-Za-z0-9", "digit": "0-9", "alpha": "A-Za-z", "upper": "A-Z", "xdigit": "0-9A-Fa-f"}
    rules = [line for line in LOGCHECK_RULES.read_text().splitlines() if "scache" in line]
    for name, characters in names.items():
        rules = [rule.replace(f"[:{name}:]", characters) for rule in rules]
    return [re.compile(rule.replace("[:space:]", r"\s")) for rule in rules]


@pytest.mark.needs("logcheck")
def test_debian_s_log_watcher_knows_each_line_of_the_statistics() -> None:
    with Started(CLOCKED) as daemon:
        with daemon.connect() as client:
            client.recv(4096)
            for request in (
                b"request\0save_dest\0ttl\x001\0label\0d\0property\0q\0label\0e\0\0",
                b"request\0find_dest\0label\0d\0\0",
                b"request\0find_endp\0label\0e\0\0",
            ):
                client.send(request)
                client.recv(4096)
        daemon.child.close_status()
        assert daemon.exit_status() == 0
        lines = []
        for _ in range(4):
            lines.append(daemon.instance.log_socket.recv(65536).decode())
    rules = logcheck_rules()
    assert rules
    for line in lines:
        assert "statistics: " in line
        assert any(rule.search(line) for rule in rules), line


def test_the_time_zone_is_that_of_the_environment(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        with mail_log("t", Syslog(2, str(service.path))) as log:
            log("x")
        hour = int(service.line().split()[2].partition(":")[0])
        assert (hour - time.gmtime().tm_hour) % 24 in (9, 10)
    finally:
        monkeypatch.undo()
        time.tzset()
