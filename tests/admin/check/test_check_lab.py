"""What check says of lists and TLS is what the real smtp(8) does, and its cures bring reuse."""

from __future__ import annotations

import contextlib
import re
import socketserver
import subprocess
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from conformance.lab.instance import instance as lab
from conformance.lab.instance.configuration import CacheEntry, master_cf
from conformance.lab.instance.instance import Instance
from conformance.lab.instance.loopback import LoopbackNetwork
from conformance.lab.instance.maillog import LogTally, MailLog
from conformance.lab.traffic.servers import PostfixSink
from conformance.postfix.installations import ENVIRONMENT, private_postfix
from tests.admin.check.planted import Planted, found, write
from tests.admin.check.test_check_planted import cure

pytestmark = [pytest.mark.postfix, pytest.mark.xdist_group("lab")]

MAILS = 3
PATIENCE = 120.0


class Session(socketserver.StreamRequestHandler):
    """A mail server's side of a session: it takes everything."""

    def handle(self) -> None:
        self.mails = 0
        self.wfile.write(b"220 sink\r\n")
        while (line := self.rfile.readline()) and self.answer(line[:4].upper().strip()):
            pass

    def answer(self, verb: bytes) -> bool:
        """Answer a command; whether the session goes on."""
        if verb == b"DATA":
            self.wfile.write(b"354 go on\r\n")
            while self.rfile.readline() not in (b".\r\n", b""):
                pass
            self.mails += 1
        self.wfile.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 sink\r\n")
        return verb != b"QUIT"


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


class SocketServer(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


@contextlib.contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[None]:
    """Serve until the block ends."""
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextlib.contextmanager
def running(
    submission: str, services: str, parameters: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Instance, MailLog]]:
    """A private Postfix with more services than the lab's."""

    def with_services(address: str, cache: CacheEntry) -> str:
        stock = (
            master_cf(address, cache).replace("tlsproxy  ", "#tlsproxy ") if "#tlsproxy" in services else ""
        )
        return (stock or master_cf(address, cache)) + services.replace("#tlsproxy\n", "")

    monkeypatch.setattr(lab, "master_cf", with_services)
    with Instance(private_postfix()) as instance:
        instance.directories.queue.chmod(0o755)
        yield instance, instance.start(submission, CacheEntry(), parameters)


def send(log: MailLog, submission: str, domains: list[str], mails: int = MAILS) -> None:
    """Mail to each domain, and wait for all of it."""
    before = log.tally.removed
    for domain in domains:
        options = ["-m", str(mails), "-s", "1", "-f", "s@lab.example", "-t", f"r@{domain}"]
        words = ["smtp-source", *options, submission]
        subprocess.run(words, env=ENVIRONMENT, check=True, timeout=PATIENCE)
    expected = before + len(domains) * mails

    def is_there(tally: LogTally) -> bool:
        return tally.removed >= expected

    assert log.wait_until(is_there, PATIENCE), log.lines[-20:]


def uses(log: MailLog, domain: str) -> int:
    """How often the most used connection was used for mail to a domain."""
    lines = [line for line in log.lines if f"@{domain}>" in line and "status=sent" in line]
    assert lines, f"nothing was delivered to {domain}"
    return max(int(match[1]) if (match := re.search(r"conn_use=(\d+)", line)) else 1 for line in lines)


#: A list, and whether the real smtp(8) finds a next hop in it: [127.0.0.1]:PORT (A), [localhost]:PORT (N),
#: [::1]:PORT (6), [IPv6:::1]:PORT (P), or two of which the first is dead, [127.0.0.1]:1 and [localhost]:PORT
#: (F).
LISTS = [
    ("127.0.0.1", "A", True),
    ("[127.0.0.1]", "A", False),
    ("*", "A", False),
    ("127.*", "A", False),
    ("all", "A", False),
    ("STATIC:all, 127.0.0.1", "A", False),
    ("127.0.0.1;localhost", "A", False),
    ('["127.0.0.1",', "A", False),
    ("static:all", "A", True),
    ("static:all, !127.0.0.1", "A", True),
    ("!127.0.0.1, static:all", "A", False),
    ("!127.0.0.1", "A", False),
    ("!other.example", "A", False),
    ("!!127.0.0.1", "A", True),
    ("127.0.0.1:25, 127.0.0.1", "A", False),
    ("127.0.0.1, 127.0.0.1:25", "A", True),
    ("smtp:127.0.0.1, 127.0.0.1", "A", False),
    ("hash:/nonexistent, 127.0.0.1", "A", False),
    ("/nonexistent, 127.0.0.1", "A", False),
    ("inline:{{127.0.0.1=x}}", "A", True),
    ("cidr:{{127.0.0.0/8 x}}", "A", True),
    ("regexp:{{/^127[.]/ x}}", "A", True),
    ("localhost", "N", True),
    ("LocalHost", "N", True),
    ("localhost.", "N", False),
    (".localhost", "N", False),
    ("user@localhost", "N", False),
    ("[localhost]", "N", False),
    ("regexp:{{/^(.*[.])?localhost$$/ x}}", "N", True),
    ("inline:{{::1=x}}", "6", True),
    ("[::1]", "6", False),
    ("[::1]/128", "6", False),
    ("inline:{{::1=x}}", "P", True),
    ("inline:{{ipv6:::1=x}}", "P", False),
    ("127.0.0.1", "F", True),
]


def mended(base: Path, elements: str) -> str:
    """The list as the cure leaves it."""
    base.mkdir()
    directory = write(base, Planted("", f"smtp_connection_cache_destinations = {elements}\n"))
    wrong = [finding for finding in found(directory) if finding.kind.id.startswith("list-")]
    for finding in wrong[:1]:
        cure(finding)
    words = ["postconf", "-c", directory, "-h", "smtp_connection_cache_destinations"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip() if wrong else ""


def entry(name: str, elements: str) -> str:
    """A transport with this list, which caches nothing else."""
    return (
        f"{name} unix - - n - 1 smtp\n  -o smtp_connection_cache_on_demand=no\n"
        f"  -o {{ smtp_connection_cache_destinations = {elements} }}\n"
    )


def test_a_list_means_to_the_real_smtp_what_check_says_and_a_mended_one_brings_reuse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list that is wrong has findings; the one from its cure is tried, too, and has the next hop in it."""
    services, routes, expected = "", {}, {}
    with contextlib.ExitStack() as stack:
        network = stack.enter_context(LoopbackNetwork())
        server = Server(("127.0.0.1", 0), Session)
        port = server.server_address[1]
        stack.enter_context(serving(server))
        six = type("Six", (Server,), {"address_family": 10})(("::1", 0), Session)
        stack.enter_context(serving(six))
        hops = {
            "A": f"[127.0.0.1]:{port}",
            "N": f"[localhost]:{port}",
            "6": f"[::1]:{six.server_address[1]}",
            "P": f"[IPv6:::1]:{six.server_address[1]}",
            "F": f"[127.0.0.1]:1, [localhost]:{port}",
        }
        for number, (elements, kind, matches) in enumerate(LISTS):
            cured = mended(tmp_path / str(number), elements)
            if not matches and not elements.startswith("!127"):
                assert cured, f"{elements}: check finds nothing wrong"
            tries = [
                ("t", elements, matches),
                *([("c", cured, True)] if cured and "!127" not in elements else []),
            ]
            for letter, text, expectation in tries:
                name = f"{letter}{number}"
                services += entry(name, text)
                routes[f"{name}.example"] = f"{name}:{hops[kind]}"
                expected[f"{name}.example"] = (text, expectation)
        pairs = ", ".join(f"{{ {domain} = {hop} }}" for domain, hop in routes.items())
        parameters = {
            "relay_domains": " ".join(routes),
            "transport_maps": f"inline:{{ {pairs} }}",
            "inet_protocols": "all",
            "default_destination_concurrency_limit": "1",
        }
        submission = network.submission()
        _instance, log = stack.enter_context(running(submission, services, parameters, monkeypatch))
        send(log, submission, list(routes))
        wrong = {
            text: (uses(log, domain), expectation)
            for domain, (text, expectation) in expected.items()
            if (uses(log, domain) > 1) != expectation
        }
    assert wrong == {}


def test_reuse_with_tls_comes_with_the_commands_of_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    with LoopbackNetwork() as network, contextlib.ExitStack() as stack:
        address = network.sink(0)
        sink = PostfixSink(private_postfix(), address)
        stack.callback(sink.stop)
        parameters = {
            "smtp_tls_security_level": "encrypt",
            "relay_domains": "a.example b.example",
            "transport_maps": f"static:smtp:[{address[0]}]:{address[1]}",
            "default_destination_concurrency_limit": "1",
        }
        submission = network.submission()
        instance, log = stack.enter_context(running(submission, "#tlsproxy\n", parameters, monkeypatch))
        send(log, submission, ["a.example"])
        assert uses(log, "a.example") == 1
        config = instance.directories.config
        (finding,) = [each for each in found(config) if each.kind.id == "tls-without-reuse"]
        cure(finding)
        assert [each for each in found(config) if each.kind.id.startswith("tls")] == []
        instance.reload()
        send(log, submission, ["b.example"])
        assert uses(log, "b.example") == MAILS
