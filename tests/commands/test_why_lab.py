"""`scache why` on what smtp(8) asked of this project's daemon, and of the real one, in a private Postfix."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import pytest

from conformance.lab.instance.configuration import CacheEntry
from conformance.lab.instance.instance import Instance
from conformance.lab.instance.loopback import LoopbackNetwork
from conformance.lab.instance.maillog import LogTally, MailLog
from conformance.lab.instance.variants import VARIANTS
from conformance.lab.scenarios import SinkKind
from conformance.lab.traffic.servers import start_sink
from conformance.postfix.installations import ENVIRONMENT, private_postfix
from scache.cli import main
from scache.client import Client

pytestmark = [pytest.mark.postfix, pytest.mark.lasting]

PATIENCE = 60.0
ANNA, BERTA = "anna@src.example", "berta@src.example"

#: Delivery agents besides smtp: with one password for all, with one for each sender, and a forgetful one.
LOGIN = (
    "smtp -o smtp_sasl_auth_enable=yes -o smtp_sasl_security_options= "
    "-o smtp_sasl_password_maps=static:user:secret"
)
AGENTS = f"""
login unix - - n - - {LOGIN}
bysender unix - - n - - {LOGIN} -o smtp_sender_dependent_authentication=yes
brief unix - - n - - smtp -o smtp_connection_cache_time_limit=1s
"""


@dataclass(frozen=True)
class Story:
    """Two mails to one server, the second of which finds no connection. {host} and {port} are the server's.

    routes: the transport and next hop of the first mail, and of the second one; the first may be missing.
    """

    routes: tuple[str | None, str]
    said: str
    senders: tuple[str, str] = (ANNA, ANNA)
    ports: tuple[int, ...] = (2501,)


HOP, SAME_PORT, PORT = "[{host}]:2501", "[{host}]:02501", "[{host}]:2502"
STORIES = {
    "unknown destination": Story((None, f"smtp:{HOP}"), "nobody has saved anything under this label lately"),
    "binding without session": Story(
        (None, f"smtp:{HOP}"), "it leads to smtp/{host}/2501/0, for which nobody has saved a session lately"
    ),
    "expired": Story((f"brief:{HOP}", f"brief:{HOP}"), r"the destination's bindings expired \d+ s before"),
    "taken": Story(
        (f"smtp:{HOP}", f"smtp:{HOP}"),
        r"another client took the last session of smtp/{host}/2501/0 \d+ s before",
    ),
    "TLS level": Story(
        (f"smtp:{HOP}", f"smtp:{SAME_PORT}"),
        "smtp/{host}/2501/0 is cached, which differs only in the TLS level",
    ),
    "sender, and with it the SASL user": Story(
        (f"bysender:{HOP}", f"bysender:{HOP}"),
        "is cached, which differs only in the sender, and with it the login",
        senders=(ANNA, BERTA),
    ),
    "port": Story(
        (f"smtp:{HOP}", f"smtp:{PORT}"),
        "smtp/{host}/2501/0 is cached, which differs only in the port",
        ports=(2501, 2502),
    ),
    "next hop": Story(
        (f"login:{HOP}", f"login:{SAME_PORT}"),
        r"login/\[{host}\]:2501/{host}/{host}/2501/0 is cached, which differs only in the next hop",
    ),
}


@dataclass
class Lab:
    """A private Postfix whose mails to a story's server go its routes."""

    network: LoopbackNetwork
    instance: Instance
    variant: str
    log: MailLog = field(init=False)

    def __post_init__(self) -> None:
        domains = {
            f"{when}{number}.example": route.format(host=self.host(number))
            for number, story in enumerate(STORIES.values())
            for when, route in zip(("first", "second"), story.routes, strict=True)
            if route is not None
        }
        entries = ", ".join(f"{{ {domain} = {route} }}" for domain, route in domains.items())
        levels = f"{{ {SAME_PORT.format(host=self.host(list(STORIES).index('TLS level')))} = may }}"
        command = VARIANTS[self.variant].install(self.instance)
        if self.variant == "ours":
            command += " -o scache_status_request=yes"
        self.log = self.instance.start(
            self.network.submission(),
            CacheEntry(command=command + AGENTS),  # the cache's entry is master.cf's last one
            {
                "relay_domains": " ".join(domains),
                "transport_maps": f"inline:{{ {entries} }}",
                "smtp_tls_policy_maps": f"inline:{{ {levels} }}",
                "smtp_connection_cache_time_limit": "100s",
                "connection_cache_ttl_limit": "100s",
            },
        )

    def host(self, number: int) -> str:
        """The address of a story's server."""
        return self.network.sink(number)[0]

    def send(self, when: int) -> None:
        """Each story's first mail, or each one's second, and wait until they are there."""
        before = self.log.tally.removed
        sent = 0
        for number, story in enumerate(STORIES.values()):
            if story.routes[when] is not None:
                recipient = f"r@{('first', 'second')[when]}{number}.example"
                words = ["-m", "1", "-f", story.senders[when], "-t", recipient, self.network.submission()]
                subprocess.run(["smtp-source", *words], env=ENVIRONMENT, check=True, timeout=PATIENCE)
                sent += 1

        def are_there(tally: LogTally) -> bool:
            return tally.removed >= before + sent

        assert self.log.wait_until(are_there, PATIENCE), self.log.lines[-20:]

    def client(self) -> Client:
        """Another client of its cache."""
        return Client(str(self.instance.directories.queue / "private" / "scache"))

    def why(self, number: int, capsys: pytest.CaptureFixture[str]) -> str:
        """What `scache why` says of the next hop of a story's second mail, in one line."""
        capsys.readouterr()
        hop = list(STORIES.values())[number].routes[1].partition(":")[2].format(host=self.host(number))
        main(["why", "--config-directory", str(self.instance.directories.config), hop])
        return re.sub(r"\s+", " ", capsys.readouterr().out)


@contextmanager
def running(variant: str) -> Iterator[Lab]:
    """A private Postfix with this cache, and the servers of all stories."""
    installation = private_postfix()
    with LoopbackNetwork() as network, ExitStack() as stack:
        for number, story in enumerate(STORIES.values()):
            for port in story.ports:
                sink = start_sink(SinkKind.PROMPT, installation, (network.sink(number)[0], port))
                stack.callback(sink.stop)
        yield Lab(network, stack.enter_context(Instance(installation)), variant)


def test_of_each_lookup_of_smtp_that_found_nothing_the_right_reason_is_given(
    capsys: pytest.CaptureFixture[str],
) -> None:
    names = list(STORIES)
    with running("ours") as lab, lab.client() as client:
        lab.send(0)
        hosts = [lab.host(number).encode() for number in range(len(STORIES))]
        unsaved, taken, expired = map(names.index, ("binding without session", "taken", "expired"))
        client.save_dest(
            100, b"smtp\n[%b]:2501\n" % hosts[unsaved], b"", b"smtp\n%b\n2501\n0\n" % hosts[unsaved]
        )
        found = client.find_dest(b"smtp\n[%b]:2501\n" % hosts[taken])
        assert found is not None
        os.close(found[2])
        while any(row["sessions"] for row in client.status(hosts[expired])["endpoints"]):
            lab.log.wait_for_end(0.1)
        lab.send(1)
        for number, story in enumerate(STORIES.values()):
            said = lab.why(number, capsys)
            assert re.search(story.said.format(host=lab.host(number)), said), names[number]
        [miss] = client.status(hosts[expired])["misses"]["endpoint"][:1]
    assert (miss["why"], miss["since"] >= 0) == ("expired", True)


def test_of_the_real_scache_its_parameters_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with running("real") as lab:
        lab.send(1)
        said = lab.why(0, capsys)
        lines = lab.log.lines
    assert "/private/scache: answers, but the server tells nothing of itself" in said
    assert "connection_cache_ttl_limit = 100s" in said
    assert "no mail log is known (--log FILE): Postfix writes it to /dev/stdout" in said
    assert not any("unrecognized request" in line for line in lines)
