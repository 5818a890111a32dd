"""What one mistake hides is found together with it: once all cures are done, nothing is left to find."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.admin.check.planted import CLIENT, GOOD, LIST, Planted, found, write
from tests.admin.check.test_check_planted import commands, cure

pytestmark = pytest.mark.postfix

SLOW = "slow unix - - n - - smtp\n -o "
#: main.cf, master.cf, and the kinds that are found, in order.
HIDING = {
    "a list behind an option with white space": (
        "",
        GOOD + SLOW + "smtp_connection_cache_destinations = [a.example]:25\n",
        ["unreadable-option", "list-brackets"],
    ),
    "TLS behind an option with white space": (
        CLIENT,
        GOOD + SLOW + "smtp_tls_security_level = encrypt\n",
        ["unreadable-option", "tls-without-reuse"],
    ),
    "a time limit behind an option with white space": (
        "",
        GOOD + SLOW + "smtp_connection_cache_time_limit = 0\n",
        ["unreadable-option", "value-ends-the-agent"],
    ),
    "a list behind an option in quotes": (
        "",
        GOOD + SLOW + 'smtp_connection_cache_destinations="[a.example]:25 b.example"\n',
        ["unreadable-option", "list-brackets"],
    ),
    "a list behind an option with a comma": (
        "",
        GOOD + SLOW + "smtp_connection_cache_destinations=a.example, [b.example]\n",
        ["unreadable-option", "list-brackets"],
    ),
    "the cache's limit behind a time with white space": (
        "smtp_connection_cache_time_limit = 30 s\n",
        GOOD,
        ["value-ends-the-agent", "time-limit-capped"],
    ),
    "DNSSEC behind two levels of TLS": (
        "smtp_tls_security_level = dane, may\n",
        GOOD,
        ["value-ends-the-agent", "tls-dane-without-dnssec"],
    ),
    "a table to be made behind its type in capitals": (
        f"{LIST}HASH:{{}}/names\n",
        GOOD,
        ["list-table-unusable", "list-table-unusable"],
    ),
    "caching off behind a list of nothing": (
        f"smtp_connection_cache_on_demand = no\n{LIST}1000\n",
        GOOD,
        ["list-address", "caching-off"],
    ),
}


@pytest.mark.parametrize(("main_cf", "master_cf", "expected"), HIDING.values(), ids=HIDING)
def test_what_a_mistake_hides_is_found_behind_it_and_all_cures_together_leave_nothing(
    tmp_path: Path, main_cf: str, master_cf: str, expected: list[str]
) -> None:
    planted = Planted("", main_cf, master_cf, files={"names": "a.example x\n"})
    directory = write(tmp_path, planted)
    before = found(directory)
    assert [finding.kind.id for finding in before] == expected
    assert [finding.said.endswith(", once the rest is mended") for finding in before] == [False, True]
    for finding in before:
        cure(finding)
    assert [finding.line() for finding in found(directory) if commands(finding)] == []


#: Options as they stand, and as the cure leaves them.
MENDED = {
    "smtp_helo_name = a.example -o syslog_name= x -o myhostname =y": (
        "-o smtp_helo_name=a.example -o syslog_name=x -o myhostname=y"
    ),
    "smtp_tls_protocols=!SSLv2, !SSLv3": "-o {smtp_tls_protocols=!SSLv2, !SSLv3}",
    "smtp_helo_name='a.example b'": "-o {smtp_helo_name=a.example b}",
    "syslog_name=r, smtp_helo_timeout=5s": "-o syslog_name=r -o smtp_helo_timeout=5s",
    "syslog_name=r smtp_helo_timeout=5s": "-o syslog_name=r -o smtp_helo_timeout=5s",
    "syslog_name=r -vo smtp_helo_timeout = 5s": "-o syslog_name=r -v -o smtp_helo_timeout=5s",
    "syslog_name=r -o": "-o syslog_name=r",
}


@pytest.mark.parametrize(("options", "expected"), MENDED.items(), ids=MENDED)
def test_options_that_cannot_be_read_become_what_was_meant_by_them(
    tmp_path: Path, options: str, expected: str
) -> None:
    directory = write(tmp_path, Planted("", "", GOOD + SLOW + options + "\n"))
    for finding in found(directory):
        cure(finding)
    words = ["postconf", "-c", str(directory), "-M", "slow/unix"]
    shown = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
    assert " ".join(shown[8:]) == expected
    assert found(directory) == []
