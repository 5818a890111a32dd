"""Every advice of the catalogue, carried out in a running Postfix: mail flows, and connections are reused."""

from __future__ import annotations

import contextlib
import os
import socketserver
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.lab.instance.certificate import make_certificate
from conformance.lab.instance.loopback import LoopbackNetwork
from conformance.lab.traffic.servers import PostfixSink
from conformance.postfix.installations import ENVIRONMENT, private_postfix
from scache.admin.check.catalogue import KINDS
from tests.admin.check.deliveries import FEW_USES, IMPATIENT, NOT_DELIVERED, PATIENCE, Deliveries, Harm, wrong
from tests.admin.check.test_check_cures_alone import ALONE
from tests.admin.check.test_check_cures_installation import TRIED as OF_INSTALLATIONS
from tests.admin.check.test_check_cures_starting import STARTS
from tests.admin.check.test_check_lab import Server, Session, SocketServer, running, serving
from tests.admin.check.test_check_planted import commands, cure
from tests.admin.check.trials import NOT_TRIED, TRIALS, Trial
from tests.support.configuration import settle

pytestmark = [pytest.mark.postfix, pytest.mark.xdist_group("lab")]

ROUNDS = 3  # times that mails are sent again, at most
FLUSHES = 15  # of the queue, once all is mended, at most


class Wrapped(Server):
    """A server that speaks TLS from the first byte."""

    context: ssl.SSLContext

    def get_request(self):  # type: ignore[no-untyped-def]
        connection, address = super().get_request()
        return self.context.wrap_socket(connection, server_side=True), address


class Login(Session):
    """A session that offers a login."""

    def answer(self, verb: bytes) -> bool:
        if verb != b"EHLO":
            return super().answer(verb)
        self.wfile.write(b"250-sink\r\n250 AUTH PLAIN\r\n")
        return True


def tables(base: Path) -> dict[str, str]:
    """A table of which only the text is there, and one that was made of another text."""
    unmade, stale = base / "unmade", base / "stale"
    unmade.write_text("192.0.2.1 user:password\n")
    stale.write_text("192.0.2.1 x\n")
    subprocess.run(["postmap", f"hash:{stale}"], env=ENVIRONMENT, check=True)
    settle(base / "stale.db")
    stale.write_text("127.0.0.1 x\n")
    return {"unmade": str(unmade), "stale": str(stale)}


class Resolver(socketserver.StreamRequestHandler):
    """A policy server, asked by socketmap: it demands TLS."""

    def handle(self) -> None:
        while digits := self.rfile.read(1):
            while (character := self.rfile.read(1)) != b":":
                digits += character
            self.rfile.read(int(digits) + 1)
            answer = b"OK encrypt"
            self.wfile.write(b"%d:%s," % (len(answer), answer))


@contextlib.contextmanager
def servers(network: LoopbackNetwork, base: Path) -> Iterator[dict[str, str]]:
    """Next hops, and what else trials refer to."""
    with contextlib.ExitStack() as stack:
        plain, wrapper = Server(("127.0.0.1", 0), Session), Wrapped(("127.0.0.1", 0), Session)
        wrapper.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        wrapper.context.load_cert_chain(*make_certificate(base))
        resolver = Server(("127.0.0.1", 0), Resolver)
        lmtp = SocketServer(str(base / "lmtp"), Session)
        (base / "lmtp").chmod(0o666)
        first = Wrapped((network.sink(1)[0], 465), Session)
        first.context = wrapper.context
        login = Server(("127.0.0.1", 0), Login)
        for server in (login, plain, wrapper, first, resolver, lmtp):
            stack.enter_context(serving(server))
        sink = PostfixSink(private_postfix(), network.sink(0))
        stack.callback(sink.stop)
        daemons = private_postfix().daemon_directory.resolve()
        yield {
            "directory": str(base),
            "daemons": str(daemons),
            "programs": os.path.relpath(base, daemons),
            **tables(base),
            "login": f"[127.0.0.1]:{login.server_address[1]}",
            "plain": f"[127.0.0.1]:{plain.server_address[1]}",
            "wrapper": f"[127.0.0.1]:{wrapper.server_address[1]}",
            "port 465": f"[{network.sink(1)[0]}]:465",
            "tls": "[{}]:{}".format(*network.sink(0)),
            "lmtp": f"unix:{base}/lmtp",
            "resolver": f"socketmap:inet:127.0.0.1:{resolver.server_address[1]}:policy",
        }


class Tried:
    """A trial as transport `tN`, with two destinations: one for the time before the cure, one for after."""

    def __init__(self, number: int, trial: Trial) -> None:
        self.trial = trial
        self.name = f"t{number}"
        self.before, self.after = f"{self.name}.before.example", f"{self.name}.after.example"

    def __repr__(self) -> str:
        return f"{self.name} ({self.trial.id})"

    def filled(self, text: str, known: dict[str, str]) -> str:
        for key, value in {"t": self.name, **known}.items():
            text = text.replace(f"{{{key}}}", value)
        return text

    def services(self, known: dict[str, str]) -> str:
        entry = f"{{t}} unix - - n - 1 {self.trial.entry}\n" if self.trial.entry else ""
        return self.filled(entry + self.trial.services, known)

    def routes(self, known: dict[str, str]) -> str:
        hop = f"{self.name}:{known[self.trial.server]}"
        return f"{{ {self.before} = {hop} }}, {{ {self.after} = {hop} }}"

    def send(self, domain: str, submission: str, sessions: int) -> subprocess.Popen[bytes]:
        """Mails, each to a recipient of its own, one after the other in each of so many sessions."""
        pause = ["-w", str(self.trial.between)] if self.trial.between else []
        options = ["-N", "-m", str(self.trial.mails), "-s", str(sessions), *pause, "-f", "s@lab.example"]
        return subprocess.Popen(["smtp-source", *options, "-t", f"r@{domain}", submission], env=ENVIRONMENT)


def played(
    tried: list[Tried],
    phase: str,
    submission: str,
    deliveries: Deliveries,
    unknown: set[Harm],
    sessions: int = 1,
) -> dict[str, Harm]:
    """Send mails, first those that wait for nothing, and see what becomes of them."""
    for paced in (False, True):
        group = [each for each in tried if bool(each.trial.between) == paced]
        for process in [each.send(getattr(each, phase), submission, sessions) for each in group]:
            assert process.wait(PATIENCE) == 0
        known = [each for each in group if each.trial.harm is not Harm.WAITS or phase == "after"]
        deliveries.wait_for([getattr(each, phase) for each in known], unknown)
    return {repr(each): deliveries.harm(getattr(each, phase)) for each in tried}


def parameters(tried: list[Tried], known: dict[str, str]) -> dict[str, str]:
    """main.cf of all trials, which defer and throttle for a second only."""
    routes = ", ".join(each.routes(known) for each in tried)
    lines = "".join(each.filled(each.trial.parameters, known) for each in tried).splitlines()
    return {
        "relay_domains": " ".join(domain for each in tried for domain in (each.before, each.after)),
        "transport_maps": f"inline:{{ {routes} }}",
        **IMPATIENT,
        **dict(line.split(" = ", 1) for line in lines),
    }


def mend(tried: list[Tried], directory: Path, known: dict[str, str]) -> None:
    """Do as the findings say, in their order."""
    for finding in wrong(directory):
        cure(finding)
    for each in tried:
        by_hand = each.filled(each.trial.by_hand, {**known, "config": str(directory)})
        subprocess.run(by_hand, shell=True, check=True)
    settle(directory / "main.cf")


def test_every_mistake_does_what_is_said_of_it_and_its_cure_has_mail_delivered_and_connections_reused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried = [Tried(number, trial) for number, trial in enumerate(TRIALS)]
    with contextlib.ExitStack() as stack:
        base = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="trials-")))
        base.chmod(0o755)
        network = stack.enter_context(LoopbackNetwork())
        known = stack.enter_context(servers(network, base))
        services = "".join(each.services(known) for each in tried)
        submission = network.submission()
        instance, log = stack.enter_context(
            running(submission, services, parameters(tried, known), monkeypatch)
        )
        mails = {domain: each.trial.mails for each in tried for domain in (each.before, each.after)}
        config, deliveries = instance.directories.config, Deliveries(log, mails)
        ids = {finding.kind.id for finding in wrong(config)}
        before = played(tried, "before", submission, deliveries, {Harm.WAITS})
        instance.mark(log, "the cures")
        mend(tried, config, known)
        left = [finding.line() for finding in wrong(config) if commands(finding)]
        instance.reload()
        after = played(tried, "after", submission, deliveries, NOT_DELIVERED)
        for _ in range(ROUNDS):
            # Where smtp(8) caches on demand, mails have to wait for each other; and while a machine is
            # busy, a session may wait longer than it lives.
            again = [each for each in tried if after[repr(each)] in FEW_USES and not each.trial.between]
            for each in again:
                deliveries.more(each.after, each.trial.mails)
            after |= played(again, "after", submission, deliveries, NOT_DELIVERED, sessions=8)
        for _ in range(FLUSHES):  # as who has mended something does; one that is under way leaves some out
            subprocess.run(["postqueue", "-c", config, "-f"], check=True)
            deliveries.wait_for([each.before for each in tried], NOT_DELIVERED, PATIENCE / FLUSHES)
            late = [repr(each) for each in tried if deliveries.harm(each.before) in NOT_DELIVERED]
            if not late:
                break
        position = next(number for number, line in enumerate(log.lines) if line.endswith("the cures"))
    assert before == {repr(each): each.trial.harm for each in tried}
    assert ids == {trial.id for trial in TRIALS}
    assert left == []
    assert after == {repr(each): Harm.REUSE for each in tried}
    assert late == []
    for text in filter(None, (trial.says for trial in TRIALS)):
        assert any(text in line for line in log.lines[:position])
        assert not any(text in line for line in log.lines[position:])


def test_every_kind_of_finding_is_tried_or_it_is_said_why_not() -> None:
    tried = {each.id for each in (*TRIALS, *ALONE, *STARTS)} | OF_INSTALLATIONS
    assert tried & set(NOT_TRIED) == set()
    assert tried | set(NOT_TRIED) == set(KINDS)
