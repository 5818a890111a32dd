"""Each mistake is found, as what it is and nothing else; its cure is possible, and leaves nothing to find."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from conformance.postfix.installations import installed_postfix
from scache.admin.check.catalogue import KINDS
from scache.admin.check.finding import Finding
from tests.admin.check.planted import PLANTED, Planted, found, write
from tests.support.configuration import settle

pytestmark = pytest.mark.postfix

LONG_AGO = 1_000_000_000
#: Kinds that the machine makes, not the configuration.
ELSEWHERE = {
    "chroot-without-log-socket",
    "immutable-file",
    "installed-entry-put-back",
    "installed-not-reloaded",
    "installed-program-foreign",
    "installed-without-record",
    "mounted-file",
    "read-only-directory",
}


@pytest.mark.parametrize("planted", PLANTED.values(), ids=PLANTED)
def test_a_mistake_is_found_as_what_it_is_and_nothing_else_and_its_cure_leaves_nothing_to_find(
    tmp_path: Path, planted: Planted
) -> None:
    directory = write(tmp_path, planted)
    before = found(directory)
    assert [finding.kind.id for finding in before] == [planted.id] * planted.count
    for finding in before:
        cure(finding)
    assert [finding.line() for finding in found(directory) if commands(finding)] == []


def commands(finding: Finding) -> list[str]:
    """The commands of a cure, without what a person or an installation has to do."""
    return [command for command in finding.cure if not command.startswith(("#", "scache "))]


def cure(finding: Finding) -> None:
    """Do as the finding says."""
    for command in commands(finding):
        for file in re.findall(r"-c (\S+)", command):
            settle(Path(file, "main.cf"))
        subprocess.run(command, shell=True, check=True, capture_output=True)


def starts(program: str, directory: Path) -> list[str]:
    """What the real program logs when it is started with this configuration, until it wants its client."""
    os.utime(directory / "main.cf", (LONG_AGO, LONG_AGO))
    queue = directory.parent / "queue"
    for name in ("private", "public", "pid"):
        (queue / name).mkdir(parents=True, exist_ok=True)
    limit = {"scache": ["-l"], "tlsproxy": ["-z"], "tlsmgr": ["-l"], "qmgr": ["-l"]}.get(program, [])
    done = subprocess.run(
        [installed_postfix().daemon_directory / program, *limit, "-t", "unix", "-u", "-V"],
        env={"MAIL_CONFIG": str(directory), "LANG": "C"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        cwd=queue,
        timeout=30,
    )
    return (done.stdout + done.stderr).splitlines()


JUDGED = {name: planted for name, planted in PLANTED.items() if planted.judge}


@pytest.mark.parametrize("planted", JUDGED.values(), ids=JUDGED)
def test_the_real_program_says_so_and_with_the_cure_no_more(tmp_path: Path, planted: Planted) -> None:
    assert planted.judge is not None
    program, text = planted.judge
    directory = write(tmp_path, planted)
    assert [line for line in starts(program, directory) if text in line]
    cure(found(directory)[0])
    if planted.id != "tlsmgr-missing":  # whose entry is there now, but no master(8)
        assert [line for line in starts(program, directory) if text in line] == []


def test_what_is_not_about_connections_is_not_set_by_a_guess(tmp_path: Path) -> None:
    planted = Planted("unused-parameter", "mua_sender_restrictions = reject_sender_login_mismatch\n")
    (finding,) = found(write(tmp_path, planted))
    assert finding.kind.id == planted.id
    assert finding.said.endswith("did you mean smtpd_sender_restrictions?")
    assert [command.split()[3:] for command in finding.cure] == [["-X", "mua_sender_restrictions"]]


def test_every_kind_of_finding_is_planted() -> None:
    assert {planted.id for planted in PLANTED.values()} | ELSEWHERE == set(KINDS)


def test_a_value_without_end_is_not_shown_whole(tmp_path: Path) -> None:
    directory = write(tmp_path, Planted("", f"smtp_tls_security_level = {'x' * 500_000}\n"))
    assert [len(finding.line()) < 2000 for finding in found(directory)] == [True]
