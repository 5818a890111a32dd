"""`scache exporter`: what Prometheus reads of it."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote
from urllib.request import urlopen

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from scache.cli import main
from scache.commands.metrics import LogMetrics
from tests.support.served import Served

CONTRIB = Path(__file__).parents[2] / "contrib"
D, E = b"smtp\nexample.com\n", b"smtp\n192.0.2.1\n25\n0\n"
_PATIENCE = 60.0

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(text: str) -> Samples:
    """What Prometheus's own parser finds."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(found: Samples, name: str, **labels: str) -> float:
    return found[name, frozenset(labels.items())]


@contextmanager
def exporter(*words: str) -> Iterator[int]:
    """A running exporter, and its port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "scache", "exporter", "--listen", "127.0.0.1:0", *words],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        said = process.stderr.readline()
        listening = re.search(r"listens on 127\.0\.0\.1:(\d+)", said)
        assert listening is not None, said
        yield int(listening[1])
    finally:
        process.terminate()
        process.communicate()


def asked(port: int) -> str:
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        text: bytes = answer.read()
    return text.decode()


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Served]:
    with Served(tmp_path / "s") as daemon:
        daemon.save(E, 100, D)
        daemon.client.find_endp(E)
        daemon.save(E, 100, D)
        daemon.client.find_dest(b"another")
        daemon.clock.advance(7)
        yield daemon


def test_a_daemons_figures_are_told(daemon: Served) -> None:
    with exporter("--socket", str(daemon.path)) as port:
        found = samples(asked(port))
    assert value(found, "scache_up") == 1
    assert value(found, "scache_info", version="0.1.0") == 1
    assert value(found, "scache_lookups_total", kind="endpoint", result="hit") == 1
    assert value(found, "scache_lookups_total", kind="destination", result="miss") == 1
    assert value(found, "scache_sessions_saved_total") == 2
    assert value(found, "scache_sessions") == 1
    assert value(found, "scache_last_misses", kind="destination", why="unknown") == 1
    assert value(found, "scache_session_age_seconds_bucket", le="5.0") == 0
    assert value(found, "scache_session_age_seconds_bucket", le="10.0") == 1
    assert value(found, "scache_session_age_seconds_gsum") == 7


def test_counters_go_on_through_the_daemons_intervals(daemon: Served) -> None:
    with exporter("--socket", str(daemon.path)) as port:
        before = value(samples(asked(port)), "scache_lookups_total", kind="destination", result="miss")
        daemon.clock.advance(700)  # beyond connection_cache_status_update_time
        daemon.client.find_dest(b"another")
        after = value(samples(asked(port)), "scache_lookups_total", kind="destination", result="miss")
    assert (before, after) == (1, 2)


@pytest.mark.parametrize("how", ["closed", "spoke"])
def test_sessions_that_their_peers_end_are_counted(tmp_path: Path, how: str) -> None:
    with Served(tmp_path / "s", watch=True) as daemon:
        daemon.save(E, 100, D)
        daemon.clock.advance(1)
        daemon.client.find_dest(b"another")  # in a turn behind that, from which on the session is watched
        daemon.far.close() if how == "closed" else daemon.far.send(b"421 closing\r\n")
        with exporter("--socket", str(daemon.path)) as port:
            found = samples(asked(port))
    counted = [value(found, "scache_sessions_ended_by_peer_total", how=each) for each in ("closed", "spoke")]
    assert counted == [how == "closed", how == "spoke"]


def test_of_a_daemon_that_is_gone_only_that_is_told(tmp_path: Path) -> None:
    with exporter("--socket", str(tmp_path / "none")) as port:
        assert samples(asked(port)) == {("scache_up", frozenset()): 0}


def test_a_log_gives_the_same_metrics_through_its_rotation(tmp_path: Path) -> None:
    path = tmp_path / "mail.log"
    lines = [
        "statistics: domain lookup hits=3 miss=1 success=75%",
        "statistics: max simultaneous domains=2 addresses=3 connection=4",
        "statistics: sessions ended by peer closed=5 spoke=6",
    ]
    line = "Nov  3 11:10:00 mx postfix-out/scache[1]: {}\n"
    path.write_text(line.format(lines[0]))
    registry = CollectorRegistry(auto_describe=False)
    metrics = LogMetrics(path)
    registry.register(metrics)
    assert ("scache_lookups_total") not in {
        name for name, _labels in samples(generate_latest(registry).decode())
    }
    path.rename(tmp_path / "mail.log.1")
    path.write_text(
        "".join(line.format(text) for text in lines)
        + "Nov  3 11:10:00 mx postfix/smtp[2]: 4A: to=<a@b>, relay=m[192.0.2.1]:25, conn_use=2, delay=1, "
        "dsn=2.0.0, status=sent (250)\n"
        "Nov  3 11:10:00 mx postfix/smtp[2]: warning: disabling connection caching\n"
    )
    found = samples(generate_latest(registry).decode())
    metrics.close()
    labels = {"syslog_name": "postfix-out"}
    assert value(found, "scache_lookups_total", kind="destination", result="hit", **labels) == 3
    assert value(found, "scache_peak_sessions", **labels) == 4
    assert value(found, "scache_sessions_ended_by_peer_total", how="spoke", **labels) == 6
    assert value(found, "scache_mails_total", reused="yes") == 1
    assert value(found, "scache_warnings_total", warning="cache-given-up") == 1


@pytest.mark.parametrize("text", ["9748", "x:y", "127.0.0.1:99999", ""])
def test_what_is_no_address_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["exporter", "--listen", text])
    assert ended.value.code == 2
    assert "is not ADDRESS:PORT" in capsys.readouterr().err


def test_an_address_that_is_taken_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        assert main(["exporter", "--listen", address, "--socket", str(tmp_path / "s")]) == 2
    assert f"--listen {address}: Address already in use" in capsys.readouterr().err


@pytest.mark.needs("prometheus")
def test_promtool_finds_no_fault_with_metrics_rules_and_their_tests(daemon: Served) -> None:
    with exporter("--socket", str(daemon.path)) as port:
        text = asked(port)
    for words, given in (
        (["check", "metrics"], text),
        (["check", "rules", "prometheus/scache.rules.yml"], ""),
        (["test", "rules", "prometheus/scache.test.yml"], ""),
    ):
        done = subprocess.run(["promtool", *words], input=given, cwd=CONTRIB, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout


def test_the_dashboard_and_the_rules_ask_for_metrics_that_there_are() -> None:
    documented = set(re.findall(r"scache_\w+", (CONTRIB.parent / "docs" / "metrics.md").read_text()))
    for file in ("grafana/scache.json", "prometheus/scache.rules.yml"):
        wanted = set(re.findall(r"scache_\w+", (CONTRIB / file).read_text()))
        assert {name.removesuffix("_bucket") for name in wanted} - documented == set()
    assert json.loads((CONTRIB / "grafana" / "scache.json").read_text())["panels"]


@pytest.mark.lasting
@pytest.mark.needs("prometheus")
def test_a_real_prometheus_scrapes_it(daemon: Served, tmp_path: Path) -> None:
    with exporter("--socket", str(daemon.path)) as port, socket.create_server(("127.0.0.1", 0)) as free:
        listen = f"127.0.0.1:{free.getsockname()[1]}"
        free.close()
        shutil.copy(CONTRIB / "prometheus" / "scache.rules.yml", tmp_path)
        (tmp_path / "p.yml").write_text(
            "global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [scache.rules.yml]\n"
            f"scrape_configs: [{{job_name: scache, static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}]\n"
        )
        server = subprocess.Popen(
            [
                "prometheus",
                f"--config.file={tmp_path / 'p.yml'}",
                f"--storage.tsdb.path={tmp_path / 'data'}",
                f"--web.listen-address={listen}",
            ],
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert server.stderr is not None
            assert any("Server is ready" in line for line in server.stderr)
            found = scraped(listen, "scache_lookups_total")
        finally:
            server.kill()
            server.communicate()
    assert {(each["metric"]["kind"], each["metric"]["result"]): each["value"][1] for each in found} == {
        ("destination", "hit"): "0",
        ("destination", "miss"): "1",
        ("endpoint", "hit"): "1",
        ("endpoint", "miss"): "0",
    }


def scraped(listen: str, query: str) -> list[dict[str, dict[str, str]]]:
    """What Prometheus answers to a query, once it knows something."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        with urlopen(f"http://{listen}/api/v1/query?query={quote(query)}", timeout=30) as answer:
            found: list[dict[str, dict[str, str]]] = json.load(answer)["data"]["result"]
        if found:
            return found
    raise AssertionError(f"Prometheus has not scraped {query}")
