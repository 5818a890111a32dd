"""Every advice about what keeps Postfix from starting, or from logging, carried out: it starts, and logs."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from conformance.lab.instance.configuration import CacheEntry, main_cf, master_cf
from conformance.lab.instance.instance import Instance
from conformance.lab.instance.loopback import LoopbackNetwork
from conformance.postfix.installations import ENVIRONMENT, private_postfix
from tests.admin.check.planted import found
from tests.admin.check.test_check_cures_installation import in_private
from tests.admin.check.test_check_planted import cure
from tests.admin.check.trials import faults_of
from tests.support.configuration import settle

pytestmark = [pytest.mark.postfix, pytest.mark.xdist_group("lab")]

POSTLOG = "postlog    unix-dgram n - n - 1   postlogd\n"
REFUSED, SILENT, FINE = "does not start", "logs nothing", "starts, and logs"
HARMS = {"twice": FINE, "private": SILENT, "process-limit": SILENT, "program": SILENT}


@dataclass(frozen=True)
class Start:
    """A mistake, and what comes of it."""

    id: str
    harm: str
    postlog: str = POSTLOG
    parameters: dict[str, str] = field(default_factory=dict)
    line: str = ""
    """What else stands in main.cf."""
    first: str = ""
    """What it begins with."""
    lacks: str = ""
    """A program that isn't there, and which a person puts there, as the cure says."""
    by_hand: str = ""
    """What a person does, as the cure says: a shell command. {}: the configuration's directory."""


STARTS = [
    *(
        Start(f"postlog-{fault}", HARMS.get(fault, REFUSED), entry)
        for fault, entry in faults_of("postlog unix-dgram n 1 postlogd").items()
    ),
    Start("maillog-file-prefix", REFUSED, parameters={"maillog_file_prefixes": "/nowhere"}),
    Start("byte-order-mark", REFUSED, first="\ufeff# made by an editor\n"),
    Start("postlog-program-missing", SILENT, lacks="postlogd"),
    Start("unreadable-line", REFUSED, line="rubbish\n", by_hand="sed -i /^rubbish/d {}/main.cf"),
]


@pytest.fixture
def instance() -> Iterator[Instance]:
    with Instance(private_postfix()) as made:
        yield made


def configure(instance: Instance, start: Start, log: Path, submission: str) -> None:
    directories = instance.directories
    settings = {
        **instance.installation.settings(),
        "daemon_directory": str(directories.program),
        "maillog_file": str(log),
        "maillog_file_prefixes": str(log.parent),
        "postlog_service_name": "postlog",
        **start.parameters,
    }
    text = start.first + main_cf(directories, CacheEntry(), settings) + start.line
    (directories.config / "main.cf").write_text(text)
    stock = master_cf(submission, CacheEntry())
    assert POSTLOG in stock
    (directories.config / "master.cf").write_text(stock.replace(POSTLOG, start.postlog))


def started(config: Path, log: Path, submission: str) -> str:
    """Start Postfix, see whether smtpd(8) logs, and stop it."""
    settle(config / "main.cf")
    log.unlink(missing_ok=True)

    def postfix(word: str) -> int:
        words = ["postfix", "-c", config, word]
        return subprocess.run(words, env=ENVIRONMENT, capture_output=True, check=False).returncode

    if postfix("start") != 0:
        return REFUSED
    mail = ["smtp-source", "-f", "s@lab.example", "-t", "r@lab.example", submission]
    subprocess.run(mail, env=ENVIRONMENT, capture_output=True, check=False, timeout=60)
    postfix("stop")  # master(8), as root, writes to the file itself where there is no postlogd(8)
    return FINE if log.exists() and "postfix/smtpd[" in log.read_text() else SILENT


@pytest.mark.parametrize("start", STARTS, ids=lambda start: start.id)
def test_postfix_starts_and_logs_with_the_cure(instance: Instance, start: Start) -> None:
    log, config = instance.directories.data / "maillog", instance.directories.config
    with LoopbackNetwork() as network:
        submission = network.submission()
        daemons = in_private(instance)
        configure(instance, start, log, submission)
        if start.lacks:
            lacking = (daemons / start.lacks).rename(daemons / f"{start.lacks}.elsewhere")
        findings = found(config)
        assert [finding.kind.id for finding in findings] == [start.id]
        assert started(config, log, submission) == start.harm
        cure(findings[0])
        subprocess.run(start.by_hand.format(config), shell=True, check=True)
        if start.lacks:
            lacking.rename(daemons / start.lacks)
        assert [finding.line() for finding in found(config)] == []
        assert started(config, log, submission) == FINE
