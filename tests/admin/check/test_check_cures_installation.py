"""Every advice about the installation, carried out in a running Postfix: its connections are reused."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.lab.instance.configuration import CacheEntry
from conformance.lab.instance.instance import Instance
from conformance.lab.instance.loopback import LoopbackNetwork
from conformance.postfix.installations import private_postfix
from scache.admin.check.catalogue import findings
from scache.admin.check.files import HERE
from scache.admin.check.finding import Finding
from scache.admin.installed import installed_in
from scache.cli import main
from scache.client import Client
from tests.admin.check.planted import read
from tests.admin.check.test_check_lab import Server, Session, send, serving, uses
from tests.support.configuration import settle

pytestmark = [pytest.mark.postfix, pytest.mark.xdist_group("lab")]

MAILS = 3


def install(config: Path, word: str = "install") -> None:
    settle(config / "main.cf")
    assert main([word, "--config-directory", str(config)]) == 0


def edit(config: Path, old: str, new: str) -> None:
    file = config / "master.cf"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def without_program(config: Path, daemons: Path) -> None:
    install(config)
    (daemons / "scache-python").unlink()


def put_back(config: Path, _daemons: Path) -> None:
    before = (config / "master.cf").read_text()
    install(config)
    (config / "master.cf").write_text(before)


def without_record(config: Path, _daemons: Path) -> None:
    install(config)
    (config / "master.cf.scache-python").unlink()


def with_foreign_program(config: Path, daemons: Path) -> None:
    (daemons / "scache-python").write_text("#!/bin/sh\n")
    edit(config, " 1 scache\n", " 1 scache-python\n")


#: What is found, how it comes about, and how often a connection is used then.
BROKEN: dict[str, tuple[Callable[[Path, Path], None], list[str], int]] = {
    "the program is gone": (without_program, ["cache-program-missing"], 1),
    "the entry was put back": (put_back, ["installed-entry-put-back"], MAILS),
    "the record is gone": (without_record, ["installed-without-record"], MAILS),
    "another program": (
        with_foreign_program,
        ["cache-program-missing", "installed-program-foreign", "installed-without-record"],
        1,
    ),
}
TRIED = {identifier for _make, identifiers, _uses in BROKEN.values() for identifier in identifiers}


def found(config: Path) -> list[Finding]:
    settle(config / "main.cf")
    configuration = read(config)
    wrong = findings(configuration, HERE, None, installed_in(configuration))
    return [finding for finding in wrong if not finding.kind.id.startswith("postlog")]


def in_private(instance: Instance) -> Path:
    """A daemon_directory of the instance's own."""
    daemons = instance.directories.program
    for program in instance.installation.daemon_directory.iterdir():
        (daemons / program.name).symlink_to(program.resolve())
    return daemons


@pytest.mark.parametrize(("make", "identifiers", "before"), BROKEN.values(), ids=BROKEN)
def test_an_installation_is_whole_again_with_the_commands_of_the_cure(
    make: Callable[[Path, Path], None], identifiers: list[str], before: int
) -> None:
    server = Server(("127.0.0.1", 0), Session)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    with LoopbackNetwork() as network, serving(server), Instance(private_postfix()) as instance:
        parameters = {
            "daemon_directory": str(in_private(instance)),
            "relay_domains": "a.example b.example",
            "transport_maps": f"static:smtp:[127.0.0.1]:{server.server_address[1]}",
            "default_destination_concurrency_limit": "1",
            "service_throttle_time": "1s",
            "connection_cache_ttl_limit": "10s",
            "smtp_connection_cache_time_limit": "10s",
        }
        submission, config = network.submission(), instance.directories.config
        log = instance.start(submission, CacheEntry(), parameters)
        make(config, instance.directories.program)
        instance.reload()
        wrong = found(config)
        assert sorted(finding.kind.id for finding in wrong) == identifiers
        send(log, submission, ["a.example"])
        assert uses(log, "a.example") == before
        for command in (command for finding in wrong for command in finding.cure):
            settle(config / "main.cf")
            subprocess.run(command, shell=True, check=True, env={**os.environ, "PATH": path})
        assert found(config) == []
        instance.reload()
        with Client(str(instance.directories.queue / "private" / "scache")):
            pass  # which waits for the announcement: what failed, master(8) starts again a second later
        send(log, submission, ["b.example"])
        assert uses(log, "b.example") == MAILS
        assert (instance.directories.program / "scache-python").exists()
