"""What `scache tune --log` advises, carried out in a running Postfix: reuse goes up to what it said."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import pytest

from conformance.lab.instance.loopback import LoopbackNetwork
from scache.cli import main
from tests.admin.check.test_check_lab import Server, Session, running, send, serving

pytestmark = [pytest.mark.postfix, pytest.mark.xdist_group("lab")]

MAILS, LIMIT = 12, 3


class Closing(Session):
    """Takes LIMIT mails a session, then hangs up or says why."""

    farewell = b""

    def answer(self, verb: bytes) -> bool:
        if verb == b"MAIL" and self.mails == LIMIT:
            self.wfile.write(self.farewell)
            return False
        return super().answer(verb)


class Busy(Closing):
    farewell = b"421 4.7.0 too many mails\r\n"


def tuned(path: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    assert main(["tune", "--log", str(path)]) == 0
    return capsys.readouterr().out.splitlines()


def logged(
    kind: type[Session], limit: dict[str, str], path: Path, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """Send mails to such a server; what was logged."""
    server = Server(("127.0.0.1", 0), kind)
    with contextlib.ExitStack() as stack:
        network = stack.enter_context(LoopbackNetwork())
        stack.enter_context(serving(server))
        parameters = {
            "relay_domains": "a.example",
            "transport_maps": f"static:smtp:[127.0.0.1]:{server.server_address[1]}",
            "default_destination_concurrency_limit": "1",
            "connection_cache_ttl_limit": "30s",
            "smtp_connection_cache_time_limit": "30s",
            **limit,
        }
        _instance, log = stack.enter_context(running(network.submission(), "", parameters, monkeypatch))
        send(log, network.submission(), ["a.example"], MAILS)
        path.write_text("\n".join(log.lines) + "\n")
        return log.lines


@pytest.mark.parametrize("kind", [Closing, Busy])
def test_the_limit_that_a_log_gives_leaves_no_mail_on_a_dead_session(
    kind: type[Session], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "log"
    before = logged(kind, {}, path, monkeypatch)
    assert any("status=deferred" in line for line in before)
    lines = tuned(path, capsys)
    best = next(line for line in lines if line.startswith("reuse at best: "))
    assert any(re.fullmatch(r"  \S+: ends sessions after 3 mails \(\d+ ends\)", line) for line in lines)
    name, value = next(line for line in lines if "count_limit" in line).strip().split(" = ")
    after = logged(kind, {name: value}, path, monkeypatch)
    assert not any("status=deferred" in line for line in after)
    assert tuned(path, capsys)[0] == best.replace("at best", "now")
