from __future__ import annotations

import pytest

from scache.cache.statistics import Statistics

START = "statistics: start interval Nov  3 11:10:00"
LINES: list[tuple[dict[str, int], list[str]]] = [
    ({}, []),
    (
        {"dest_hits": 1, "dest_miss": 2},
        [START, "statistics: domain lookup hits=1 miss=2 success=33%"],
    ),
    (
        {"endp_hits": 2, "endp_miss": 1},
        [START, "statistics: address lookup hits=2 miss=1 success=66%"],
    ),
    (
        {"endp_miss": 3},
        [START, "statistics: address lookup hits=0 miss=3 success=0%"],
    ),
    (
        {"sess_count": 1},
        [START, "statistics: max simultaneous domains=0 addresses=0 connection=1"],
    ),
    (
        {"dest_hits": 1, "dest_miss": 1, "endp_hits": 3, "endp_miss": 3},
        [
            START,
            "statistics: domain lookup hits=1 miss=1 success=50%",
            "statistics: address lookup hits=3 miss=3 success=50%",
        ],
    ),
    (
        {"dest_count": 1, "sess_count": 1},
        [START, "statistics: max simultaneous domains=1 addresses=0 connection=1"],
    ),
    (
        {"dest_count": 1, "endp_count": 1},
        [START, "statistics: max simultaneous domains=1 addresses=1 connection=0"],
    ),
    ({"closed": 1, "spoke": 1}, [START, "statistics: sessions ended by peer closed=1 spoke=1"]),
    (
        {"dest_hits": 1, "endp_hits": 1, "dest_count": 4, "endp_count": 5, "sess_count": 6},
        [
            START,
            "statistics: domain lookup hits=1 miss=0 success=100%",
            "statistics: address lookup hits=1 miss=0 success=100%",
            "statistics: max simultaneous domains=4 addresses=5 connection=6",
        ],
    ),
]


@pytest.mark.parametrize(("counters", "lines"), LINES)
def test_only_what_happened_is_logged(counters: dict[str, int], lines: list[str]) -> None:
    statistics = Statistics()
    for name, value in counters.items():
        setattr(statistics, name, value)
    assert statistics.lines("Nov  3 11:10:00") == lines
    statistics.reset()
    assert statistics.lines("Nov  3 11:10:00") == []


def test_the_maxima_are_kept_each_for_itself() -> None:
    statistics = Statistics()
    for endpoints, sessions in ((1, 2), (2, 1), (1, 1)):
        statistics.saved_endp(endpoints, sessions)
    assert (statistics.dest_count, statistics.endp_count, statistics.sess_count) == (0, 2, 2)
    for destinations, endpoints in ((1, 4), (3, 1), (2, 2)):
        statistics.saved_dest(destinations, endpoints)
    assert (statistics.dest_count, statistics.endp_count, statistics.sess_count) == (3, 4, 2)


def test_lookups_are_those_of_all_intervals() -> None:
    statistics = Statistics()
    statistics.dest_hits, statistics.dest_miss, statistics.endp_hits, statistics.endp_miss = 1, 2, 3, 4
    statistics.reset()
    statistics.dest_hits, statistics.dest_miss, statistics.endp_hits, statistics.endp_miss = 10, 20, 30, 40
    assert statistics.lookups() == (11, 22, 33, 44)
