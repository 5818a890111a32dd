"""The lab's scenarios and configuration, as text, and the corpus recorded from them."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from conformance.lab import corpus
from conformance.lab.instance.configuration import CacheEntry, Directories, main_cf, master_cf
from conformance.lab.scenarios import SCENARIOS, Scenario, Wave, scenario_named
from conformance.lab.traffic.traffic import share, source_options
from conformance.traces import FOLDER
from scache.errors import UnavailableError
from scache.trace.format.events import Event
from scache.trace.format.reader import TraceReader

DIRECTORIES = Directories(Path("/x/config"), Path("/x/queue"), Path("/x/data"), Path("/x/program"))


def test_every_scenario_has_a_name_of_its_own() -> None:
    names = [scenario.name for scenario in SCENARIOS]

    assert len(set(names)) == len(names)
    assert all(scenario_named(name).name == name for name in names)
    assert scenario_named("no such scenario") is None


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_the_long_form_has_more_mails_than_the_short_one(scenario: Scenario) -> None:
    assert scenario.mails(long=True) > scenario.mails(long=False) > 0


def test_next_hops_of_one_server_differ_only_where_the_scenario_says_so() -> None:
    plain, aliased = scenario_named("mixed"), scenario_named("two-next-hops")

    assert plain is not None
    assert aliased is not None
    assert {plain.next_hop(n, ("127.0.0.2", 2501)) for n in range(2)} == {"smtp:[127.0.0.2]:2501"}
    assert [aliased.next_hop(n, ("127.0.0.2", 2501)) for n in range(2)] == [
        "smtp:[127.0.0.2]:2501",
        "smtp:[127.0.0.2]:02501",
    ]


def test_mails_are_shared_out_among_the_senders() -> None:
    assert [share(5, 2, number) for number in range(2)] == [3, 2]


def test_a_source_never_has_more_sessions_than_mails() -> None:
    assert source_options(Wave(3, sessions=8, interval=1), 3, "s@a.example", "d.example") == (
        ["-w", "1", "-s", "3", "-m", "3", "-f", "s@a.example", "-t", "rcpt@d.example"]
    )


@pytest.mark.parametrize(
    ("entry", "line"),
    [
        (CacheEntry(), "scache unix - - n - 1 scache"),
        (CacheEntry(chroot=True), "scache unix - - y - 1 scache"),
        (CacheEntry("../x/scache", service="shared"), "shared unix - - n - 1 ../x/scache"),
    ],
)
def test_the_cache_has_its_entry_in_master_cf(entry: CacheEntry, line: str) -> None:
    lines = master_cf("127.0.0.1:2525", entry).splitlines()

    assert lines[0].split() == ["127.0.0.1:2525", "inet", "n", "-", "n", "-", "-", "smtpd"]
    assert lines[-1] == line


@pytest.mark.parametrize(
    ("entry", "name"),
    [
        (CacheEntry(), "scache"),
        (CacheEntry(service="shared"), "shared"),
        (CacheEntry(service="shared", asked_for="recorded"), "recorded"),
    ],
)
def test_smtp_asks_for_the_service_or_for_what_stands_before_it(entry: CacheEntry, name: str) -> None:
    text = main_cf(DIRECTORIES, entry, {})

    assert f"connection_cache_service_name = {name}\n" in text


def test_a_parameter_of_the_scenario_has_the_last_word() -> None:
    text = main_cf(DIRECTORIES, CacheEntry(), {"smtp_connection_cache_destinations": ""})

    assert text.count("smtp_connection_cache_destinations = ") == 1
    assert "smtp_connection_cache_destinations = \n" in text


EXPECTED = json.loads((FOLDER / "expected.json").read_text())


def lookups(events: Iterable[Event]) -> Counter[str]:
    """Finds by name space and result, as the bytes of a trace show them."""
    asked: dict[int, str] = {}
    counted: Counter[str] = Counter()
    for event in events:
        if find := re.search(rb"(?:^|\0)request\0find_(dest|endp)\0", event.data):
            asked[event.connection] = {b"dest": "domain", b"endp": "address"}[find[1]]
        elif event.connection in asked and event.data.startswith(b"status\0"):
            result = "hits" if event.data.startswith(b"status\x000\0") else "miss"
            counted[f"{asked.pop(event.connection)} {result}"] += 1
    return counted


@pytest.mark.parametrize("name", EXPECTED)
def test_a_trace_of_the_corpus_has_the_lookups_that_the_real_daemon_counted(name: str) -> None:
    complaints: list[str] = []
    with TraceReader(FOLDER / name, complaints.append) as trace:
        counted = lookups(trace)

    assert not complaints
    assert {figure: counted[figure] for figure in corpus.FIGURES[:4]} == {
        figure: EXPECTED[name][figure] for figure in corpus.FIGURES[:4]
    }


def test_every_trace_has_its_line_in_the_readme() -> None:
    readme = (FOLDER / "README.md").read_text()
    files = {file.name for file in FOLDER.glob("*.jsonl.gz")}

    assert files == EXPECTED.keys()
    assert all(f"| `{name}` |" in readme for name in files)
    assert {name.removesuffix(".jsonl.gz") for name in files} >= set(corpus.CORPUS)


def test_the_corpus_stays_below_5_megabytes() -> None:
    assert sum(file.stat().st_size for file in FOLDER.rglob("*") if file.is_file()) < 5_000_000


def test_a_trace_without_figures_is_refused(tmp_path: Path) -> None:
    (tmp_path / "expected.json").write_text("{}")
    gzip.open(tmp_path / "odd.jsonl.gz", "w").close()

    with pytest.raises(UnavailableError, match=r"trace without figures.*: odd\.jsonl\.gz"):
        corpus.write_readme(tmp_path)
