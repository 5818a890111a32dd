"""A trace to look into: what became of each session, why lookups missed, and the page, in a real browser."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conformance.traces import FOLDER
from scache.cli import main
from scache.trace.exchanges.exchange import Exchanges
from scache.trace.format.events import Event, Side
from scache.trace.format.reader import TraceReader
from scache.trace.view.history import CAUSES, History
from scache.trace.view.page import as_columns
from tests.support.trace_dialogues import (
    START,
    closes,
    find_dest,
    find_endp,
    opens,
    save_dest,
    save_endp,
    write,
)

if TYPE_CHECKING:
    from tests.support.browser import Browser

ENDPOINT = "smtp\n192.0.2.1\n25\n0\n"
ENCRYPTED = "smtp\n192.0.2.1\n25\n2\n"
DESTINATION = "smtp\nexample.com\n"


def history(*groups: Sequence[Event], start: float = START) -> History:
    found, exchanges = History(start, 2), Exchanges()
    for event in chain.from_iterable(groups):
        found.event(event)
        for exchange in exchanges.feed(event):
            found.exchange(exchange)
    return found


BOTH = [*opens(0, 1), *opens(0, 2)]
BOUND = save_dest(1, 1, DESTINATION, ENDPOINT)

MISSES = [
    ([find_endp(1, 1, "E", None)], "unknown", "nobody has saved a session for this endpoint"),
    ([find_dest(1, 1, "D", None)], "unknown", "nobody has bound this destination to an endpoint"),
    (
        [save_endp(1, 1, ENDPOINT, "A"), find_endp(1.5, 1, ENCRYPTED, None)],
        "differs",
        "only smtp/192.0.2.1/25/0 is known, which differs in its tls_level",
    ),
    (
        [BOUND, find_dest(1.5, 1, "lmtp\nexample.com\n", None)],
        "differs",
        "only smtp/example.com is known, which differs in its service",
    ),
    (
        [save_endp(1, 1, "E", "A"), find_endp(7, 1, "E", None)],
        "expired",
        "its last session expired 4.0 s ago",
    ),
    (
        [save_endp(1, 1, "E", "A"), find_endp(1.5, 2, "E", "A"), find_endp(2, 1, "E", None)],
        "taken",
        "its last session was taken by client 2 0.5 s ago",
    ),
    (
        [save_endp(1, 1, "E", "A"), find_endp(1.5, 1, "E", "A"), find_endp(21.5, 1, "E", None)],
        "taken",
        "its last session was taken by this client 20 s ago",
    ),
    (
        [save_endp(1, 1, "E", "A"), closes(1.5, 1, Side.SERVER), opens(2, 3), find_endp(2.5, 3, "E", None)],
        "ended",
        "the daemon ended 1.0 s ago, and its sessions with it",
    ),
    ([BOUND, find_dest(9, 1, DESTINATION, None)], "unbound", "its binding expired 6.0 s ago"),
    (
        [BOUND, find_dest(1.5, 1, DESTINATION, None)],
        "unsaved",
        "bound to smtp/192.0.2.1/25/0, but nobody has saved a session for this endpoint",
    ),
    (
        [
            BOUND,
            save_endp(1, 1, ENDPOINT, "A"),
            find_endp(1.2, 2, ENDPOINT, "A"),
            find_dest(1.5, 1, DESTINATION, None),
        ],
        "taken",
        "bound to smtp/192.0.2.1/25/0, but its last session was taken by client 2 0.3 s ago",
    ),
    (
        [BOUND, save_endp(1, 1, ENCRYPTED, "A"), find_dest(1.5, 1, DESTINATION, None)],
        "differs",
        "bound to smtp/192.0.2.1/25/0, but only smtp/192.0.2.1/25/2 is known, which differs in its tls_level",
    ),
]


@pytest.mark.parametrize(("groups", "cause", "text"), MISSES)
def test_a_miss_has_its_reason(groups: list[list[Event]], cause: str, text: str) -> None:
    *_, last = history(BOTH, *groups).asked
    assert (last.cause, last.text) == (cause, text)


def test_every_cause_has_its_case() -> None:
    assert {cause for _, cause, _ in MISSES} == set(CAUSES)


@pytest.mark.parametrize(
    ("trace", "causes", "text"),
    [
        (
            "sasl",
            {"unknown": 6, "differs": 4, "taken": 4},
            "only smtp/anna@src.example/[127.10.0.3]:2502 is known, which differs in its sender",
        ),
        (
            "idle-then-busy",
            {"unknown": 6, "taken": 6, "unbound": 12, "expired": 12},
            "its last session expired 18 s ago",
        ),
    ],
)
def test_misses_of_real_clients_have_their_reasons(trace: str, causes: dict[str, int], text: str) -> None:
    with TraceReader(FOLDER / f"{trace}.jsonl.gz", print) as reader:
        asked = history(list(reader), start=reader.header.start).asked
    assert Counter(each.cause for each in asked if each.cause) == causes
    assert text in [each.text for each in asked]


def test_a_session_lasts_from_its_save_to_its_find_or_expiry_or_the_daemons_end() -> None:
    found = history(
        BOTH,
        save_endp(1, 1, "E", "A"),
        find_endp(1.5, 2, "E", "A"),
        save_endp(1.7, 2, "E", "A"),
        save_endp(5, 1, "E", "B"),
        closes(6, 1, Side.SERVER),
        opens(7, 3),
        save_endp(7, 3, "E", "C"),
    )
    assert [(each.saved, each.left, each.end, each.saver, each.finder) for each in found.sessions] == [
        (1, 1.5, "found", 1, 2),
        (1.7, 3.0, "expired", 2, None),
        (5, 6, "ended", 1, None),
        (7, None, "", 3, None),
    ]
    assert [each.session for each in found.asked] == [0, 0, 1, 2, 3]


def test_connections_that_are_many_share_rows_one_after_the_other() -> None:
    turns = [chain(opens(at, at), closes(at + 0.5, at)) for at in range(50)]
    columns = as_columns(history(*map(list, turns)))
    assert set(columns["connections"][1]) == {0}
    few = as_columns(history(*map(list, [chain(opens(at, at), closes(at + 0.5, at)) for at in range(5)])))
    assert list(few["connections"][1]) == [0, 1, 2, 3, 4]


def packed(page: str) -> dict[str, Any]:
    data = re.search(r'id="packed">([^<]+)<', page)
    assert data is not None
    found: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(data[1])))
    return found


def test_the_page_has_every_request_and_needs_nothing_else(tmp_path: Path) -> None:
    trace = write(
        tmp_path / "<b>.jsonl",
        opens(0, 1),
        save_endp(1, 1, "E", "A"),
        find_endp(1.5, 1, "E", "A"),
        closes(2, 1),
    )
    page = tmp_path / "page.html"
    assert main(["trace", "view", str(trace), "-o", str(page)]) == 0
    text = page.read_text()
    assert "<h1>&lt;b&gt;.jsonl</h1>" in text
    assert not any(outside in text for outside in ("http:", "https:", "src=", "@import", "url(", "@@"))
    data = packed(text)
    assert [data["requests"][number] for number in data["asked"][3]] == ["save_endp", "find_endp"]
    assert [data["results"][number] for number in data["asked"][4]] == ["ok", "hit"]
    assert (data["end"], data["labels"]) == (2000.0, ["E"])


def test_a_trace_in_which_nothing_happened_and_a_page_that_is_there_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty, page = write(tmp_path / "empty.jsonl"), tmp_path / "page.html"
    assert main(["trace", "view", str(empty), "-o", str(page)]) == 2
    assert "nothing in it can be drawn" in capsys.readouterr().err
    page.write_text("mine")
    assert main(["trace", "view", str(empty), "-o", str(page)]) == 2
    assert page.read_text() == "mine"


@pytest.fixture(scope="module")
def window() -> Iterator[Browser]:
    from tests.support.browser import browser

    with browser() as found:
        yield found


def shown(window: Browser, trace: Path, page: Path) -> None:
    """Open the page of a trace."""
    assert main(["trace", "view", str(trace), "-o", str(page)]) == 0
    window.open(page)
    window.wait("document.documentElement.dataset.ready")


def said(window: Browser) -> str:
    text: str = window.run("document.getElementById('said').textContent")
    return text


@pytest.mark.lasting
@pytest.mark.needs("chromium")
def test_a_recorded_trace_is_drawn_and_its_misses_are_told(window: Browser, tmp_path: Path) -> None:
    shown(window, FOLDER / "idle-then-busy.jsonl.gz", tmp_path / "page.html")
    assert "30 clients, 2,268 requests, 732 hits, 36 misses, 750 sessions saved" in window.run(
        "document.getElementById('sum').textContent"
    )
    assert window.run("layout.filter((row) => row.kind === 'client').length") == 30
    window.run("document.getElementById('next').click()")
    assert said(window).startswith("1 of 36: client 1, ")
    assert said(window).endswith(": miss: nobody has bound this destination to an endpoint")
    window.run("document.getElementById('previous').click()")
    assert said(window).startswith("36 of 36: ")
    assert window.run("document.querySelectorAll('.causes tbody tr').length") > 1
    assert window.complaints() == []


@pytest.mark.lasting
@pytest.mark.needs("chromium")
def test_it_is_zoomed_and_filtered_by_label_and_by_cause(window: Browser, tmp_path: Path) -> None:
    shown(window, FOLDER / "idle-then-busy.jsonl.gz", tmp_path / "page.html")
    window.run("document.getElementById('in').click()")
    assert window.run("(to - from) / data.end") == pytest.approx(0.5)
    window.run("document.getElementById('fit').click()")
    assert window.run("(to - from) / data.end") == 1
    every = window.run("data.wantedMisses.length")
    for field, value in (("text", "127.10.0.2"), ("cause", "0")):
        window.run(
            f"(() => {{ const field = document.getElementById('{field}'); field.value = '{value}';"
            " field.dispatchEvent(new Event('input', {bubbles: true})); })()"
        )
        fewer = window.run("data.wantedMisses.length")
        assert 0 < fewer < every
        every = fewer
    assert window.run("layout.flatMap((row) => row.kind === 'client' ? row.items : []).length") == every


@pytest.mark.lasting
@pytest.mark.needs("chromium")
def test_what_is_pointed_at_is_told(window: Browser, tmp_path: Path) -> None:
    trace = write(
        tmp_path / "trace.jsonl",
        opens(0, 1),
        save_endp(2, 1, "E", "A"),
        find_endp(3, 1, "E", "A"),
        closes(4, 1),
    )
    shown(window, trace, tmp_path / "page.html")
    of_client = "layout.find((row) => row.kind === 'client').top + 5"
    of_session = "layout.find((row) => row.kind === 'bars').top + 5"
    assert window.run(f"under(x(2000), {of_client})") == "client 1, 2.000 s: save_endp E: ok"
    assert window.run(f"under(x(2500), {of_session})") == (
        "session of E, saved by client 1 at 2.000 s, found by client 1 after 1.00 s"
    )
    assert window.run(f"under(x(3500), {of_session})") is None


@pytest.mark.lasting
@pytest.mark.needs("chromium")
def test_nothing_keeps_people_from_using_the_view(window: Browser, tmp_path: Path) -> None:
    shown(window, FOLDER / "sasl.jsonl.gz", tmp_path / "page.html")
    assert window.barriers() == []
    window.run("document.getElementById('theme').click()")
    assert window.barriers() == []
    window.driver.set_window_size(500, 900)
    assert window.run("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.lasting
@pytest.mark.needs("chromium")
def test_a_hundred_thousand_events_stay_usable(window: Browser, tmp_path: Path) -> None:
    groups: list[Any] = [opens(0, number) for number in range(60)]
    for turn in range(12_000):
        number, at = turn % 60, 1 + turn / 40
        label = f"smtp\n192.0.2.{turn % 90}\n25\n0\n"
        groups += [save_endp(at, number, label, f"t{turn}"), find_endp(at + 0.01, number, label, f"t{turn}")]
    events = list(chain.from_iterable(groups))
    assert len(events) > 100_000
    page = tmp_path / "page.html"
    shown(window, write(tmp_path / "trace.jsonl", events), page)
    assert page.stat().st_size < 3 << 20
    frames = (
        "new Promise((done) => { let left = 20; const next = () => { zoom(left % 2 ? 2 : .5); draw();"
        " drawOverview(); --left ? setTimeout(next) : done('drawn'); }; next(); })"
    )
    assert window.run(frames) == "drawn"
    assert window.complaints() == []
