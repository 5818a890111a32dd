"""Every advice whose mistake would disturb other mail, carried out in a running Postfix of its own."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field

import pytest

from conformance.lab.instance.configuration import CacheEntry
from conformance.lab.instance.instance import Instance
from conformance.lab.instance.loopback import LoopbackNetwork
from conformance.lab.traffic.servers import PostfixSink
from conformance.postfix.installations import ENVIRONMENT, private_postfix
from tests.admin.check.deliveries import FEW_USES, IMPATIENT, NOT_DELIVERED, PATIENCE, Deliveries, Harm, wrong
from tests.admin.check.test_check_cures_installation import in_private
from tests.admin.check.test_check_lab import Server, Session, serving
from tests.admin.check.test_check_planted import cure
from tests.admin.check.trials import faults_of
from tests.support.configuration import settle

pytestmark = [pytest.mark.postfix, pytest.mark.lasting, pytest.mark.xdist_group("lab")]

MAILS = 3
FLUSHES = 50  # of the queue, once all is mended, at most
AT_ONCE = 6  # instances
ROUNDS = 3  # times that mails are sent again, at most
WAITS, STOPS, ONE_USE, TWO_USES, REUSE = Harm


@dataclass(frozen=True)
class Alone:
    """A mistake in an instance of its own. In the texts, {hop} is the next hop, {config} a directory."""

    id: str
    harm: Harm
    says: str = ""
    """What is logged until the cure; where mail waits, the test waits for it."""
    also: tuple[str, ...] = ()
    """What follows from it, and is found, too."""
    then: str = ""
    """What is logged with the cure, and not before."""
    first: str = ""
    """What main.cf, if it has an = in it, or else master.cf begins with."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """What is right in main.cf."""
    lines: str = ""
    """What is wrong in main.cf, at its end, instead of what sets the same there."""
    services: Mapping[str, str] = field(default_factory=dict)
    """Entries of master.cf, by what the entries begin with that they replace."""
    lacks: str = ""
    """A program that isn't there, and which a person puts there, as the cure says."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Files beside main.cf."""
    tls: bool = False
    senders: int = 1
    by_hand: str = ""
    """What a person does besides, as the cure says: a shell command."""


PROXIED = {"proxy_read_maps": "proxy:static:all", "smtp_connection_cache_destinations": "proxy:static:all"}
TLS = {"smtp_tls_security_level": "encrypt", "smtp_tls_connection_reuse": "yes"}
NO_DEMAND = {"smtp_connection_cache_on_demand": "no"}
CONNECT, THROTTLE = "connect #1 to subsystem", "bad command startup -- throttling"
OFF = "master_service_disable = {}/unix\n"
HOW = {"twice": (REUSE, "duplicate"), "program": (WAITS, THROTTLE)}

ALONE = [
    *(
        Alone(
            f"proxymap-{fault}",
            *HOW.get(fault, (WAITS, CONNECT)),
            parameters=PROXIED,
            services={"proxymap ": entry},
        )
        for fault, entry in faults_of("proxymap unix - - proxymap").items()
    ),
    Alone("cache-switched-off", ONE_USE, lines=OFF.format("scache")),
    Alone("agent-switched-off", STOPS, lines=OFF.format("smtp")),
    Alone("tlsproxy-switched-off", STOPS, parameters=TLS, lines=OFF.format("tlsproxy"), tls=True),
    Alone("tlsmgr-switched-off", STOPS, parameters=TLS, lines=OFF.format("tlsmgr"), tls=True),
    Alone("proxymap-switched-off", WAITS, CONNECT, parameters=PROXIED, lines=OFF.format("proxymap")),
    Alone("proxymap-program-missing", WAITS, THROTTLE, parameters=PROXIED, lacks="proxymap"),
    Alone("tlsproxy-program-missing", WAITS, THROTTLE, parameters=TLS, lacks="tlsproxy", tls=True),
    Alone("tlsmgr-program-missing", WAITS, THROTTLE, parameters=TLS, lacks="tlsmgr", tls=True),
    Alone(
        "value-ends-the-queue-manager",
        WAITS,
        "fatal: parameter default_destination_rate_delay: bad time value or unit: 0.5s",
        lines="default_destination_rate_delay = 0.5s\n",
    ),
    Alone(
        "value-ends-the-queue-manager",
        WAITS,
        "fatal: parameter smtp_destination_rate_delay: bad time value or unit: .5s",
        lines="smtp_destination_rate_delay = .5s\n",
    ),
    Alone(
        "table-unusable",
        WAITS,
        "fatal: smtp_generic_maps map lookup problem",
        lines="smtp_generic_maps = hash:{config}/generic\n",
        files={"generic": "s@lab.example t@lab.example\n"},
    ),
    Alone(
        "byte-order-mark",
        ONE_USE,
        first="\ufeffsmtp_tls_connection_reuse = yes\n",
        parameters={"smtp_tls_security_level": "encrypt"},
        tls=True,
    ),
    Alone(
        "byte-order-mark",
        STOPS,
        first="\ufeffslow unix - - n - 1 smtp\n",
        parameters={"transport_maps": "static:slow:{hop}"},
    ),
    Alone(
        "tls-policy-key",
        REUSE,
        then="TLS connection established",
        parameters={
            "relayhost": "{hop}",
            "transport_maps": "",
            "relay_transport": "smtp",
            "smtp_tls_connection_reuse": "yes",
            "smtp_tls_loglevel": "1",
        },
        lines="smtp_tls_policy_maps = inline:{{{host} = encrypt}}\n",
        tls=True,
    ),
    Alone(
        "set-twice",
        REUSE,
        lines="smtp_connection_reuse_count_limit = 1\nsmtp_connection_reuse_count_limit = 9\n",
    ),
    Alone(
        "swallowed-line",
        ONE_USE,
        also=("caching-off", "time-read-otherwise"),
        parameters=NO_DEMAND,
        lines="smtp_connection_reuse_time_limit = 300s\n\n# all\n"
        " smtp_connection_cache_destinations = static:all\n",
    ),
    Alone(
        "undefined-reference",
        ONE_USE,
        also=("list-unasked",),
        parameters=NO_DEMAND,
        lines="our_servers = 127.0.0.1\nsmtp_connection_cache_destinations = 192.0.2.1, $our_sevrers\n",
    ),
    Alone(
        "by-sender",
        ONE_USE,
        parameters={"smtp_sasl_password_maps": "inline:{a=b}"},
        lines="smtp_sender_dependent_authentication = yes\n",
        senders=3,
        by_hand="postconf -c {config} -e smtp_sender_dependent_authentication=no",
    ),
]


class Played:
    """A mistake in a running instance, and what comes of it and of the cure."""

    def __init__(self, alone: Alone, network: LoopbackNetwork, instance: Instance, hop: str) -> None:
        self.alone, self.instance = alone, instance
        directories = instance.directories
        self.config = directories.config
        self.known = {
            "hop": hop,
            "host": hop.partition("]")[0].strip("["),
            "config": str(directories.config),
        }
        self.submission = network.submission()
        parameters = {
            "daemon_directory": str(in_private(instance)),
            "relay_domains": "before.example after.example",
            "transport_maps": "static:smtp:{hop}",
            **IMPATIENT,
            **alone.parameters,
        }
        directories.queue.chmod(0o755)
        filled = {name: self.filled(value) for name, value in parameters.items()}
        self.log = instance.start(self.submission, CacheEntry(), filled)
        self.deliveries = Deliveries(self.log, dict.fromkeys(("before.example", "after.example"), MAILS))

    def filled(self, text: str) -> str:
        for key, value in self.known.items():
            text = text.replace(f"{{{key}}}", value)
        return text

    def spoil(self) -> None:
        """Make the mistake."""
        alone = self.alone
        for name, content in alone.files.items():
            (self.config / name).write_text(content)
        if alone.lacks:
            (self.instance.directories.program / alone.lacks).unlink()
        main_cf, master_cf = self.config / "main.cf", self.config / "master.cf"
        of_main_cf = "=" in alone.first
        names = re.findall(r"^\s*(\w+) =", alone.lines, re.MULTILINE)
        kept = [line for line in main_cf.read_text().splitlines(True) if line.split(" =")[0] not in names]
        main_cf.write_text(alone.first * of_main_cf + "".join(kept) + self.filled(alone.lines))
        entries = master_cf.read_text().splitlines(True)
        for name, entry in alone.services.items():
            assert any(line.startswith(name) for line in entries)
            entries = [line for line in entries if not line.startswith(name)] + [entry]
        master_cf.write_text(alone.first * (not of_main_cf) + "".join(entries))
        settle(main_cf)
        self.instance.reload()

    def mend(self) -> None:
        """Do as the findings say."""
        self.instance.mark(self.log, "the cures")
        for finding in wrong(self.config):
            cure(finding)
        subprocess.run(self.filled(self.alone.by_hand), shell=True, check=True)
        if self.alone.lacks:
            daemons = self.instance.installation.daemon_directory.resolve()
            (self.instance.directories.program / self.alone.lacks).symlink_to(daemons / self.alone.lacks)
        settle(self.config / "main.cf")
        self.instance.reload()

    def send(self, domain: str) -> None:
        """Mails, each of several senders' one after the other."""
        for number in range(self.alone.senders):
            mails = ["-m", str(MAILS // self.alone.senders), "-s", "1", "-f", f"{number}@lab.example"]
            words = ["smtp-source", "-N", *mails, "-t", f"r@{domain}", self.submission]
            subprocess.run(words, env=ENVIRONMENT, check=True, timeout=PATIENCE)

    def before(self) -> Harm:
        """What becomes of mails with the mistake."""
        self.send("before.example")
        if self.alone.harm is WAITS:
            self.log.wait_until(lambda _tally: self.logged(self.alone.says, self.log.lines), PATIENCE)
        else:
            self.deliveries.wait_for(["before.example"], {WAITS})
        return self.deliveries.harm("before.example")

    def after(self) -> tuple[Harm, bool]:
        """What becomes of mails with the cure, and whether the first ones have come late."""
        for _ in range(ROUNDS):
            self.send("after.example")
            self.deliveries.wait_for(["after.example"], NOT_DELIVERED)
            if self.deliveries.harm("after.example") not in FEW_USES:
                break
            self.deliveries.more("after.example", MAILS)
        for _ in range(FLUSHES):
            self.instance.flush_queue()
            self.deliveries.wait_for(["before.example"], NOT_DELIVERED, PATIENCE / FLUSHES)
            if self.deliveries.harm("before.example") not in NOT_DELIVERED:
                break
        return self.deliveries.harm("after.example"), self.deliveries.harm("before.example") in NOT_DELIVERED

    def words(self) -> list[bool]:
        """Whether each text was logged before the cure, and after it."""
        position = next(number for number, line in enumerate(self.log.lines) if line.endswith("the cures"))
        parts = self.log.lines[:position], self.log.lines[position:]
        return [self.logged(text, part) for text in (self.alone.says, self.alone.then) for part in parts]

    @staticmethod
    def logged(text: str, lines: list[str]) -> bool:
        return bool(text) and any(text in line for line in lines)


def played(alone: Alone, plain: str, tls: str) -> dict[str, object]:
    """What has come of a mistake, from the first mail to the last."""
    with LoopbackNetwork() as network, Instance(private_postfix()) as instance:
        trial = Played(alone, network, instance, tls if alone.tls else plain)
        trial.spoil()
        return {
            "found": {finding.kind.id for finding in wrong(trial.config)},
            "before": trial.before(),
            "cure": trial.mend(),
            "left": [finding.line() for finding in wrong(trial.config)],
            "after": trial.after(),
            "logged": trial.words(),
        }


def good(alone: Alone) -> dict[str, object]:
    """What is to come of it."""
    return {
        "found": {alone.id, *alone.also},
        "before": alone.harm,
        "cure": None,
        "left": [],
        "after": (Harm.REUSE, False),
        "logged": [bool(alone.says), False, False, bool(alone.then)],
    }


def test_mail_is_delivered_and_connections_reused_again_with_the_cure() -> None:
    with ExitStack() as stack:
        network = stack.enter_context(LoopbackNetwork())
        server = Server(("127.0.0.1", 0), Session)
        stack.enter_context(serving(server))
        sink = PostfixSink(private_postfix(), network.sink(0))
        stack.callback(sink.stop)
        plain, tls = f"[127.0.0.1]:{server.server_address[1]}", "[{}]:{}".format(*network.sink(0))
        with ThreadPoolExecutor(AT_ONCE) as pool:
            came = list(pool.map(lambda alone: played(alone, plain, tls), ALONE))
    assert came == [good(alone) for alone in ALONE]
