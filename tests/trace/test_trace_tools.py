"""The trace tools: what an operator types, and what he sees."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from conformance.traces import FOLDER
from scache.cli import main
from scache.commands.program import command_of
from scache.trace.format.events import Event, Kind, Side
from scache.trace.format.reader import TraceReader
from scache.trace.format.tokens import token_name
from scache.trace.redact.pseudonyms import Pseudonyms
from tests.support.corpus import CORPUS
from tests.support.trace_dialogues import (
    HEADER,
    client,
    closes,
    find_dest,
    find_endp,
    opens,
    read,
    save_dest,
    save_endp,
    server,
    words,
    write,
)

DESTINATION = "smtp\n[mail.example.com]:25\n"
ENDPOINT = "smtp\n192.0.2.1\n25\n0\n"
DESTINATION_PROPERTY = (
    "destination=[mail.example.com]:25\nhost_name=mail.example.com\nhost_addr=192.0.2.1\n"
    "destination_features=4096\n\n"
)
ENDPOINT_PROPERTY = "tls_level=0\nreuse_count=3\nendpoint_features=34695\nexpire_time=1800000300\n\n"

Run = Callable[..., str]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """`scache trace WORDS`: what it printed; it must give this status and complain about nothing."""

    def run(*words: object, status: int = 0) -> str:
        assert main(["trace", *map(str, words)]) == status
        said = capsys.readouterr()
        assert said.err == ""
        return said.out

    return run


@pytest.fixture
def delivery(tmp_path: Path) -> Path:
    """One mail: miss, save, and the next one: hit."""
    return write(
        tmp_path / "delivery.jsonl",
        opens(0, 1),
        find_dest(0.1, 1, DESTINATION, None),
        find_endp(0.2, 1, ENDPOINT, None),
        save_dest(0.3, 1, DESTINATION, ENDPOINT, DESTINATION_PROPERTY),
        save_endp(0.4, 1, ENDPOINT, "A", ENDPOINT_PROPERTY),
        find_dest(0.9, 1, DESTINATION, "A", (DESTINATION_PROPERTY, ENDPOINT_PROPERTY)),
        closes(1, 1),
    )


def test_show_is_a_dialogue_with_labels_and_properties_as_fields(run: Run, delivery: Path) -> None:
    assert run("show", delivery).splitlines()[2:] == [
        "    0.000000     1 >> connects",
        "    0.000000     1 << protocol=connection_cache_protocol",
        "    0.100000     1 >> find_dest service=smtp nexthop=[mail.example.com]:25",
        "    0.100000     1 << not found",
        "    0.200000     1 >> find_endp to service=smtp address=192.0.2.1 port=25 tls_level=0",
        "    0.200000     1 << not found",
        "    0.300000     1 >> save_dest ttl=2 service=smtp nexthop=[mail.example.com]:25 with"
        " destination=[mail.example.com]:25 host_name=mail.example.com host_addr=192.0.2.1"
        " destination_features=4096 to service=smtp address=192.0.2.1 port=25 tls_level=0",
        "    0.300000     1 << ok",
        "    0.400000     1 >> save_endp ttl=2 to service=smtp address=192.0.2.1 port=25 tls_level=0 with"
        " tls_level=0 reuse_count=3 endpoint_features=34695 expire_time=1800000300",
        "    0.400000     1 << dummy",
        "    0.400000     1 >> descriptor A",
        "    0.400000     1 << ok",
        "    0.900000     1 >> find_dest service=smtp nexthop=[mail.example.com]:25",
        "    0.900000     1 << found destination=[mail.example.com]:25 host_name=mail.example.com"
        " host_addr=192.0.2.1 destination_features=4096 tls_level=0 reuse_count=3 endpoint_features=34695"
        " expire_time=1800000300",
        "    0.900000     1 >> dummy",
        "    0.900000     1 << descriptor A",
        "    0.900000     1 >> dummy",
        "    1.000000     1 >> closes",
    ]


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (words("request", "find_endp", "label", "E 1"), ">> find_endp to 'E 1'"),
        (
            words("request", "find_endp", "label", "s\nhop\nhost\n192.0.2.1\n25\n0\n"),
            ">> find_endp to service=s nexthop=hop host=host address=192.0.2.1 port=25 tls_level=0",
        ),
        (
            words("request", "find_endp", "label", "s\nhop\n192.0.2.1\n25\n5\n"),
            ">> find_endp to service=s nexthop=hop address=192.0.2.1 port=25 tls_level=5",
        ),
        (words("request", "find_endp", "label", "\x1b[2J"), r">> find_endp to '\x1b[2J'"),
        (words("request", "fly"), ">> fly"),
        (words("foo", "bar"), ">> foo=bar"),
        (b"\0", ">> (empty list)"),
        (b"\xff\xfe\0", r">> loose bytes \udcff\udcfe\x00"),
    ],
)
def test_show_takes_whatever_clients_send(run: Run, tmp_path: Path, data: bytes, line: str) -> None:
    path = write(tmp_path / "t", opens(0, 1), [client(0, 1, data)], closes(0, 1))
    assert line in run("show", path)


def test_show_puts_pieces_together(run: Run, tmp_path: Path) -> None:
    request = words("request", "find_endp", "label", "E")
    pieces = [client(at, 1, request[at : at + 1]) for at in range(len(request))]
    assert "   26.000000     1 >> find_endp to E\n" in run("show", write(tmp_path / "t", opens(0, 1), pieces))


def test_stat_counts(run: Run, delivery: Path) -> None:
    counted = json.loads(run("stat", "--json", delivery))
    assert counted == {
        "events": 18,
        "seconds": 1.0,
        "connections": 1,
        "most_connections": 1,
        "most_sessions": 1,
        "requests": {
            "find_dest failed": 1,
            "find_dest ok": 1,
            "find_endp failed": 1,
            "save_dest ok": 1,
            "save_endp ok": 1,
        },
        "lookups": {"find_dest": {"hits": 1, "misses": 1}, "find_endp": {"hits": 0, "misses": 1}},
        "reuses": {"1": 1},
    }


def test_stat_prints_rates_by_label_and_histograms(run: Run, delivery: Path) -> None:
    said = run("stat", delivery)
    assert "lookups by destination: 1 hits, 1 misses, 50.0%" in said
    assert "1 hits        1 misses   50.0%  smtp/[mail.example.com]:25" in said
    assert "seconds in the cache until found\n    < 512 ms        1 ####" in said


def test_stat_lets_sessions_expire_by_whole_seconds(run: Run, tmp_path: Path) -> None:
    saves = [save_endp(0.9, 1, "E", "A"), save_endp(1.5, 1, "E", "B"), save_endp(2.1, 1, "E", "C")]
    path = write(tmp_path / "t", opens(0, 1), *saves)
    assert json.loads(run("stat", "--json", path))["most_sessions"] == 2
    assert json.loads(run("stat", "--json", "--ttl-limit", 1, path))["most_sessions"] == 1


@pytest.mark.parametrize("path", CORPUS)
def test_stat_of_recorded_traffic_is_what_the_real_daemon_logged(run: Run, path: Path) -> None:
    logged = json.loads((FOLDER / "expected.json").read_text())[path.name]
    counted = json.loads(run("stat", "--json", path))
    lookups = counted["lookups"]
    assert [lookups["find_dest"]["hits"], lookups["find_dest"]["misses"]] == [
        logged["domain hits"],
        logged["domain miss"],
    ]
    assert lookups.get("find_endp", {"hits": 0, "misses": 0}) == {
        "hits": logged["address hits"],
        "misses": logged["address miss"],
    }
    assert counted["most_sessions"] == logged["connection"]


@pytest.mark.parametrize(
    ("options", "requests"),
    [
        (["--request", "find_dest"], ["find_dest", "find_dest"]),
        (["--result", "hit"], ["find_dest"]),
        (["--result", "miss"], ["find_dest", "find_endp"]),
        (["--result", "ok"], ["save_dest", "save_endp", "find_dest"]),
        (["--label", "smtp/192.0.2.?/*"], ["find_endp", "save_dest", "save_endp"]),
        (["--label", "smtp/[mail.example.com]:25"], ["find_dest", "save_dest", "find_dest"]),
        (["--from", "0.2", "--to", "0.4"], ["find_endp", "save_dest"]),
        (["--connection", "2"], []),
        ([], ["find_dest", "find_endp", "save_dest", "save_endp", "find_dest"]),
    ],
)
def test_filter_keeps_whole_exchanges(
    run: Run, delivery: Path, tmp_path: Path, options: list[str], requests: list[str]
) -> None:
    run("filter", delivery, tmp_path / "out", *options)
    asked = [event.data for event in read(tmp_path / "out") if event.data.startswith(b"request")]
    assert [data.split(b"\0")[1].decode() for data in asked] == requests


def test_filter_leaves_a_descriptor_unknown_whose_saving_is_gone(
    run: Run, delivery: Path, tmp_path: Path
) -> None:
    run("filter", delivery, tmp_path / "out", "--result", "hit")
    assert [event.tokens for event in read(tmp_path / "out") if event.tokens] == [("?",)]


def test_filter_parts_a_confirmation_from_the_request_behind_it(run: Run, tmp_path: Path) -> None:
    hit = find_endp(0, 1, "E", "A")
    miss = find_endp(0, 1, "F", None)
    glued = client(0, 1, hit[-1].data + miss[0].data)
    path = write(tmp_path / "t", opens(0, 1), save_endp(0, 1, "E", "A"), hit[:-1], [glued], miss[1:])
    run("filter", path, tmp_path / "hits", "--result", "hit")
    run("filter", path, tmp_path / "misses", "--result", "miss")
    assert read(tmp_path / "hits")[2:] == [event._replace(tokens=("?",) * len(event.tokens)) for event in hit]
    assert read(tmp_path / "misses")[2:] == miss


def test_filter_keeps_the_order_of_events_while_an_answer_is_due(run: Run, tmp_path: Path) -> None:
    slow, quick = find_endp(0, 1, "slow", None), find_endp(0.1, 2, "quick", None)
    junk = [client(0.2, 1, b"junk")]
    path = write(tmp_path / "t", opens(0, 1), opens(0, 2), slow[:1], quick, slow[1:], junk, closes(1, 1))
    run("filter", path, tmp_path / "out")
    assert read(tmp_path / "out") == read(path)


def test_filter_counts_what_has_no_answer_as_unanswered(run: Run, tmp_path: Path) -> None:
    asked = find_endp(0, 1, "E", None)[:1]
    path = write(tmp_path / "t", opens(0, 1), asked)
    run("filter", path, tmp_path / "out", "--result", "unanswered")
    assert read(tmp_path / "out")[-1:] == asked


NOT_FOUND = words("status", "2", "property", "")

NAMES = ["mail.example.com", "example.com", "192.0.2.1", "2001:db8::1", "anna@example.org", "example.org"]


@pytest.fixture
def naming(tmp_path: Path) -> Path:
    """A trace full of names, in labels, properties, base64, pieces and junk."""
    encoded = base64.b64encode(b"anna@example.org\n*").decode()
    label = f"smtp\n{encoded}\n[mail.example.com]:25\nmail.example.com\n2001:db8::1\n25\n0\n"
    tls = "peer_CN=mail.example.com\npeer_fingerprint=66:A5:FF\nnamaddr=mail.example.com[192.0.2.1]:25\n\n"
    unknown = DESTINATION_PROPERTY + "unknown=example.com\n"
    request = words("request", "find_endp", "label", label)
    return write(
        tmp_path / "naming.jsonl",
        opens(0, 1),
        save_endp(0, 1, label, "A", ENDPOINT_PROPERTY + tls),
        save_dest(0, 1, DESTINATION, label, unknown),
        find_dest(0, 1, DESTINATION, "A", (unknown, ENDPOINT_PROPERTY + tls)),
        [client(0, 1, request[:70]), client(0, 1, request[70:]), server(0, 1, NOT_FOUND)],
        [client(0, 1, b"mail.example.com\0[IPv6:2001:db8::1]:25\0\xff\0"), client(0, 1, b"example.com")],
        closes(1, 1),
        header=replace(HEADER, scenario="mail to example.com"),
    )


def test_redact_leaves_no_name_and_keeps_what_matches(run: Run, naming: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    run("redact", naming, out)
    content = out.read_bytes() + b"".join(event.data for event in read(out))
    for word in re.findall(rb"[A-Za-z0-9+/]{8,}=*", content):
        with contextlib.suppress(ValueError):
            content += base64.b64decode(word, validate=True)
    for name in NAMES:
        assert name.encode() not in content
    with TraceReader(out, print) as trace:
        assert trace.header.redacted
    assert main(["replay", str(out), "--ignore", "announcement"]) == 0


def test_redact_gives_the_same_shape(run: Run, naming: Path, tmp_path: Path) -> None:
    run("redact", naming, tmp_path / "out")
    label = read(tmp_path / "out")[2].data.split(b"\0")[5].decode()
    encoded = base64.b64encode(b"u1@n1.invalid\n*").decode()
    assert label == f"smtp\n{encoded}\n[n3.n2.invalid]:25\nn3.n2.invalid\n100::1\n25\n0\n"


@pytest.mark.parametrize("path", CORPUS)
def test_redacted_traffic_replays_with_the_same_hits(run: Run, path: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    run("redact", path, out)
    assert main(["replay", str(out)]) == 0
    with TraceReader(path, print) as original:
        strings = {string for event in original for string in event.data.split(b"\0") if b"127." in string}
    assert not any(b"127." in event.data or b".example" in event.data for event in read(out))
    assert strings


def test_redact_keeps_a_string_that_never_ended(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path / "t", opens(0, 1), [client(0, 1, b"example.com")], closes(1, 1))
    run("redact", path, tmp_path / "out")
    assert read(tmp_path / "out")[2:] == [client(1, 1, b"x1"), *closes(1, 1)]


def test_redact_refuses_what_is_redacted_already(naming: Path, tmp_path: Path) -> None:
    assert main(["trace", "redact", str(naming), str(tmp_path / "1")]) == 0
    assert main(["trace", "redact", str(tmp_path / "1"), str(tmp_path / "2")]) == 2
    assert not (tmp_path / "2").exists()


def base64_of(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "hidden",
    [
        "example",
        "Example.COM",
        base64_of("example"),
        base64_of("-example"),
        base64_of("--example"),
        base64_of(base64_of("to example.com")),
        b"example".hex(),
        "%65xample",
        r"\u0065xample",
        r"\x65xample",
        "192.0.2.1",
        "2001:0db8:0::1",
        "[IPv6:2001:db8::1]",
    ],
)
def test_redact_makes_nothing_where_a_name_is_left_in_whatever_form(
    naming: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    hidden: str,
) -> None:
    monkeypatch.setattr(Pseudonyms, "other", lambda _self, _text: f"x-{hidden}")
    assert main(["trace", "redact", str(naming), str(tmp_path / "out")]) == 2
    assert "is still there; no copy made" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_redact_does_not_mind_names_that_look_like_pseudonyms_or_words_of_the_protocol(
    run: Run, tmp_path: Path
) -> None:
    labels = [
        "smtp\nn2.invalid\n",
        "smtp\nexample.com\n",
        "smtp\nx1\n",
        "smtp\ndestination\n",
        "smtp\n240.0.0.9\n",
    ]
    path = write(tmp_path / "t", opens(0, 1), *(find_endp(0, 1, label, None) for label in labels))
    run("redact", path, tmp_path / "out")
    assert (tmp_path / "out").exists()


def test_diff_of_the_same_traffic_finds_nothing_whatever_times_and_tokens(run: Run, tmp_path: Path) -> None:
    first = write(tmp_path / "1", opens(0, 1), save_endp(0, 1, "E", "A"), find_endp(0, 1, "E", "A"))
    second = write(tmp_path / "2", opens(5, 1), save_endp(6, 1, "E", "X"), find_endp(7, 1, "E", "X"))
    assert run("diff", first, second) == "0 differences in 11 messages\n"


def test_diff_shows_the_first_difference_of_each_side_with_its_lines(run: Run, tmp_path: Path) -> None:
    first = write(tmp_path / "1", opens(0, 1), find_endp(0, 1, "E", None), closes(0, 1))
    second = write(tmp_path / "2", opens(0, 1), find_endp(0, 1, "F", None))
    assert run("diff", first, second, status=1).splitlines() == [
        "connection 1",
        f"  {first}:4: request=find_endp label=E",
        f"  {second}:4: request=find_endp label=F",
        "1 differences in 3 messages",
    ]


def test_diff_notices_what_is_missing_at_the_end(run: Run, tmp_path: Path) -> None:
    first = write(tmp_path / "1", opens(0, 1), closes(0, 1))
    second = write(tmp_path / "2", opens(0, 1))
    assert "nothing more" in run("diff", first, second, status=1)


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz", ".jsonl.zst"])
def test_convert_keeps_everything_in_every_compression(run: Run, tmp_path: Path, suffix: str) -> None:
    recorded = FOLDER / "mixed.jsonl.gz"
    run("convert", recorded, tmp_path / f"out{suffix}")
    assert read(tmp_path / f"out{suffix}") == read(recorded)


def test_plot_draws_an_svg_that_is_the_same_each_time(run: Run, delivery: Path, tmp_path: Path) -> None:
    for name in ("1.svg", "2.svg"):
        run("plot", delivery, tmp_path / name)
    text = (tmp_path / "1.svg").read_text()
    assert ElementTree.fromstring(text).tag == "{http://www.w3.org/2000/svg}svg"
    assert all(words in text for words in ("cached sessions", "hits", "misses (downwards)", "then expired"))
    assert text == (tmp_path / "2.svg").read_text()


@pytest.mark.parametrize("tool", ["filter", "redact", "convert", "plot"])
def test_nothing_is_overwritten(
    delivery: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], tool: str
) -> None:
    (tmp_path / "precious").write_text("mine")
    assert main(["trace", tool, str(delivery), str(tmp_path / "precious")]) == 2
    assert "exists already, and nothing is overwritten" in capsys.readouterr().err
    assert (tmp_path / "precious").read_text() == "mine"


@pytest.mark.parametrize("tool", ["filter", "redact", "convert"])
def test_a_damaged_trace_leaves_no_output(delivery: Path, tmp_path: Path, tool: str) -> None:
    delivery.write_text(delivery.read_text() + "{}\n")
    assert main(["trace", tool, str(delivery), str(tmp_path / "out")]) == 2
    assert not (tmp_path / "out").exists()


@pytest.mark.lasting
@pytest.mark.parametrize("tool", ["show", "stat", "filter", "redact"])
def test_memory_does_not_grow_with_the_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tool: str
) -> None:
    monkeypatch.setattr("scache.trace.format.tokens.MEMORY", 100)
    monkeypatch.setattr("scache.trace.figures.census.MEMORY", 100)
    path = write(tmp_path / "long.jsonl", *many(2500))
    output = [str(tmp_path / "out")] if tool in ("filter", "redact") else []
    command_of("scache.commands.trace")  # what the modules take is no part of it
    tracemalloc.start()
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        assert main(["trace", tool, str(path), *output]) == 0
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # The interpreter's free lists alone hold some hundred kB; the events kept would be larger than the file.
    assert peak < path.stat().st_size / 2


def many(rounds: int) -> list[list[Event]]:
    """Mails over and over: always the same names, but new connections and sessions."""
    groups = []
    for number in range(1, rounds + 1):
        at = number * 5.0
        groups += [
            opens(at, number),
            save_endp(at, number, ENDPOINT, token_name(number), ENDPOINT_PROPERTY),
            find_endp(at, number, ENDPOINT, token_name(number), ENDPOINT_PROPERTY),
            [Event(at, number, Kind.END, Side.CLIENT)],
            closes(at, number, Side.SERVER),
        ]
    return groups
