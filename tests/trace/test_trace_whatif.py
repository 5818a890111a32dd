"""What if: the model does what it was recorded from, and what other settings would."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from scache.cli import main
from scache.trace.exchanges.deliveries import Client, clients_of, median_difference, usual_ttl
from scache.trace.exchanges.exchange import Exchanges
from scache.trace.figures.whatif import Setting, recorded_outcome, simulate
from scache.trace.format.events import Event
from scache.trace.format.reader import TraceReader
from tests.support.corpus import CORPUS
from tests.support.trace_dialogues import START, find_dest, find_endp, opens, save_dest, save_endp, write


def clients(*groups: list[Event]) -> list[Client]:
    exchanges = Exchanges()
    return clients_of(exchange for group in groups for event in group for exchange in exchanges.feed(event))


def mail(begun: float, held: float, session: str, found: bool, connection: int = 1) -> list[Event]:
    """A delivery to "D" that takes `held` seconds."""
    lookups = find_dest(begun, connection, "D", session if found else None)
    if not found:
        lookups += find_endp(begun, connection, "E", None)
    return [
        *lookups,
        *save_dest(begun + held, connection, "D", "E"),
        *save_endp(begun + held, connection, "E", session),
    ]


#: A mail that opens a connection in 0.3 s, then two that reuse it in 0.1 s, after 0.5 s and after 4 s.
THREE = [opens(0, 1), mail(0, 0.3, "A", False), mail(0.8, 0.1, "A", True), mail(4.9, 0.3, "B", False)]


def test_a_delivery_is_its_lookups_its_transaction_and_its_saves() -> None:
    (only,) = clients(*THREE)
    assert [
        (delivery.found, delivery.endpoints, round(delivery.held, 6), round(delivery.thought, 6))
        for delivery in only.deliveries
    ] == [(False, [b"E"], 0.3, 0.5), (True, [], 0.1, 4.0), (False, [b"E"], 0.3, 0.0)]


def test_opening_a_connection_takes_the_difference_of_the_medians() -> None:
    assert median_difference(clients(*THREE)) == pytest.approx(0.2)
    assert median_difference(clients(*THREE[:2])) == 0.0


def test_the_usual_ttl_is_what_most_saves_asked_for() -> None:
    saves = [save_endp(0, 1, "E", "A", ttl=ttl) for ttl in ("5", "7", "5")]
    lookups = [find_endp(0, 1, "E", None) for _ in saves]
    assert (
        usual_ttl(clients(opens(0, 1), *(e for pair in zip(lookups, saves, strict=True) for e in pair))) == 5
    )
    assert usual_ttl([]) == 0


@pytest.mark.parametrize(
    ("setting", "found", "saved", "peak"),
    [
        (Setting(1), 0, 3, 1),
        (Setting(2), 1, 3, 1),
        (Setting(4), 1, 3, 1),
        (Setting(5), 2, 3, 1),
        (Setting(60), 2, 3, 1),
    ],
)
def test_sessions_that_live_longer_are_found_more_often(
    setting: Setting, found: int, saved: int, peak: int
) -> None:
    outcome = simulate(clients(*THREE), START + 0.6, setting)
    assert (outcome.found, outcome.saved, outcome.peak) == (found, saved, peak)
    assert outcome.opened == 3 - found
    assert outcome.expired == saved - found


def test_a_delivery_that_finds_nothing_any_more_takes_as_long_as_opening_a_connection() -> None:
    first = [opens(0, 1), mail(0, 0.3, "A", False), mail(2.5, 0.1, "A", True)]
    second = [opens(2.7, 2), mail(2.7, 0.1, "A", True, connection=2)]
    everyone = clients(*first, *second)
    assert simulate(everyone, START, Setting(5)).found == 2
    assert simulate(everyone, START, Setting(1)).found == 0  # the first client saves at 2.8 now, not at 2.6


def test_a_cache_with_room_for_one_session_takes_one() -> None:
    pair = [
        *opens(0, 1),
        *opens(0, 2),
        *find_dest(0, 1, "D", None),
        *find_dest(0, 2, "D", None),
        *save_endp(0.1, 1, "E", "A"),
        *save_endp(0.1, 2, "E", "B"),
    ]
    assert simulate(clients(pair), START, Setting(2)).saved == 2
    assert simulate(clients(pair), START, Setting(2, max_sessions=1)).saved == 1
    assert simulate(clients(pair), START, Setting(2, max_sessions=1)).peak == 1


@pytest.mark.parametrize("path", CORPUS)
def test_the_model_reproduces_the_recorded_hit_rate_within_3_points(path: Path) -> None:
    exchanges = Exchanges()
    with TraceReader(path, print) as trace:
        everyone = clients_of(exchange for event in trace for exchange in exchanges.feed(event))
    outcome = simulate(everyone, trace.header.start, Setting(2))
    assert abs(outcome.hit_rate - recorded_outcome(everyone, 0).hit_rate) <= 0.03


def test_the_command_prints_a_table_and_draws_a_chart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "t", *THREE)
    chart = tmp_path / "chart.svg"
    words = ["whatif", str(path), "--ttl-limit", "2,60", "--max-sessions", "1,2", "--chart", str(chart)]
    assert main(words) == 0
    table = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert table[0] == ["hit", "rate", "opened", "peak", "idle", "expired", "unused"]
    assert table[1] == ["recorded", "33.3%", "2", "1", "2"]
    assert table[3:] == [
        ["2", "s,", "1", "sessions", "33.3%", "2", "1", "2"],
        ["60", "s,", "1", "sessions", "66.7%", "1", "1", "1"],
        ["2", "s,", "2", "sessions", "33.3%", "2", "1", "2"],
        ["60", "s,", "2", "sessions", "66.7%", "1", "1", "1"],
    ]
    assert ElementTree.parse(chart).getroot().tag == "{http://www.w3.org/2000/svg}svg"


def test_a_model_that_misses_the_recording_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    never_found = [mail(number * 0.2, 0.1, f"S{number}", False) for number in range(20)]
    path = write(tmp_path / "t", opens(0, 1), *never_found)
    assert main(["whatif", str(path), "--ttl-limit", "2"]) == 1
    assert "the model misses the recorded hit rate by 95.0 points" in capsys.readouterr().err


def test_a_trace_in_which_nobody_saves_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "t", opens(0, 1), find_endp(0, 1, "E", None))
    assert main(["whatif", str(path)]) == 2
    assert capsys.readouterr().err == f"scache whatif: {path}: nobody saves a session in it\n"


@pytest.mark.parametrize("limits", ["0", "1,,2", "x", "-1", ""])
def test_limits_are_whole_numbers(tmp_path: Path, limits: str) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["whatif", str(tmp_path), f"--ttl-limit={limits}"])
