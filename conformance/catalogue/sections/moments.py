"""Moments: time in the large, and what falls due while something else is ready."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import permutations

from conformance.catalogue.language.dialogue import case
from conformance.catalogue.language.model import Case
from conformance.contract.target import START

__all__ = ["CASES"]

_NEVER = "2147483647"  # seconds: the largest interval that Postfix takes
_WHOLE = "a dialogue of this length byte by byte tells nothing that shorter ones don't"
_LONG = {"connection_cache_ttl_limit": "100"}
_STOPPED = "while the daemon is stopped it can't come to rest after each byte"
_MISS = "log statistics: address lookup hits=0 miss=1 success=0%"

#: Limits in seconds: minutes, hours, days, a week, and borders of 15, 16 and 31 bits.
_LIMITS = (3, 60, 255, 256, 257, 3600, 32_767, 32_768, 32_769, 65_535, 65_536, 65_537, 86_400, 604_800)
_LIMITS_OF_YEARS = (2**24, 2**31 - 2)


def start_of_interval(seconds: int) -> str:
    """The line that an interval's statistics begin with, that began so long after the daemon."""
    begun = datetime.fromtimestamp(START, UTC) + timedelta(seconds=seconds)
    return f"log statistics: start interval {begun:%b} {begun.day:2d} {begun:%H:%M:%S}"


def _limit(limit: int) -> Case:
    return case(
        f"moment/limit/{limit}",
        f"With a limit of {limit} seconds entries live as long as they say, at most so long, to the second.",
        "ttl.clamp expiry.seconds expiry.refresh config.ttl-limit",
        f"""
        save_endp E1 P1 A ttl={limit}
        save_endp E2 P2 B ttl={limit - 1}
        save_endp E3 P3 C ttl={limit + 1}
        save_endp E4 P4 F ttl=2147483647
        save_endp X Q1 G ttl={limit}
        save_endp X Q2 H ttl={limit}
        save_endp X Q3 J ttl={limit}
        save_dest D1 DP1 X ttl={limit}
        save_dest D2 DP2 X ttl={limit - 1}
        save_dest D3 DP3 X ttl=2147483647
        save_dest D4 DP4 X ttl={limit}
        save_dest D4 DP4 X ttl={limit - 1}
        save_dest D5 DP5 X ttl=1
        save_dest D5 DP5 X ttl={limit}
        save_dest D6 DP6 X ttl={limit}
        save_dest D6 DP6 X ttl=1
        save_endp E5 P5 K ttl=1
        advance 1
        free K
        find_dest D6 = miss
        advance {limit - 3}
        held B
        find_endp E2 = P2 B
        save_endp E2 P2 B ttl=1
        advance 1
        free B
        held A
        held C
        held F
        find_dest D2 = miss
        find_dest D4 = miss
        find_dest D1 = DP1 Q1 G
        find_dest D3 = DP3 Q2 H
        find_dest D5 = DP5 Q3 J
        save_endp X Q3 J ttl=5
        advance 1
        free A
        free C
        free F
        find_dest D1 = miss
        find_dest D3 = miss
        find_dest D5 = miss
        find_endp X = Q3 J
        """,
        options={
            "connection_cache_ttl_limit": str(limit),
            "connection_cache_status_update_time": _NEVER,
        },
    )


def _far(id: str, sentence: str, seconds: int) -> Case:
    """The same short lives as ever, after the daemon has run for so long."""
    logged = (
        f"{start_of_interval(0)}\nlog statistics: max simultaneous domains=0 addresses=1 connection=1"
        if seconds >= int(_NEVER)
        else "log nothing"
    )
    return case(
        id,
        sentence,
        "expiry.seconds expiry.refresh",
        f"""
        save_endp E P1 A ttl=2
        advance {seconds}
        {logged}
        free A
        save_endp E P2 B ttl=2
        save_dest D DP E ttl=2
        advance 1
        held B
        save_dest D DP E ttl=2
        advance 1
        free B
        save_endp E P3 C ttl=2
        find_dest D = DP P3 C
        advance 1
        find_dest D = miss
        """,
        options={"connection_cache_status_update_time": _NEVER},
    )


def _together() -> Iterator[str]:
    """Four entries that are saved one a second, in each order of their lives; then three due together."""
    lines: list[str] = []
    for number, lives in enumerate(permutations((4, 5, 6, 7))):
        lines += [f"save_endp E{number} P{life} S{life} ttl={life}" for life in lives]
        lines += [f"save_dest D{number} P{life} X ttl={life}" for life in lives]
    yield from lines
    for life in (4, 5, 6, 7):
        yield f"advance {4 if life == 4 else 1}"
        for number, lives in enumerate(permutations((4, 5, 6, 7))):
            left = [each for each in lives if each > life]
            if number % 5 == 0:
                yield "save_endp X Q A ttl=50"
                yield f"find_dest D{number} = {f'P{left[0]} Q A' if left else 'miss'}"
                if not left:
                    yield "find_endp X = Q A"
        yield f"free S{life}"
        if life < 7:
            yield f"held S{life + 1}"
    yield from (f"find_endp E{number} = miss" for number in range(24))


def _one_second() -> Iterator[str]:
    """Entries that are saved in different seconds, in each order, and are all due in the same one."""
    for number, order in enumerate(permutations(range(4))):
        for second in range(4):
            for place in [at for at, when in enumerate(order) if when == second]:
                yield f"save_endp E{number}.{place} P{place} T{place} ttl={10 - second}"
                yield f"save_dest D{number} P{place} F{place} ttl={10 - second}"
            yield f"save_endp L{number} late L ttl={11 - second}"
            yield "advance 1"
        yield "advance 5"
        yield from (f"held T{place}" for place in range(4))
        yield "advance 1"
        yield from (f"free T{place}" for place in range(4))
        yield "held L"
        yield f"find_dest D{number} = miss"
        yield "advance 1\nfree L"


def _shorter() -> Iterator[str]:
    """A binding of each life, refreshed to each other life, among others that keep theirs."""
    for before, after in permutations((2, 3, 4, 5, 6, 7), 2):
        yield f"save_dest B{before}{after} P X ttl={before}"
        yield f"save_dest B{before}{after} P X ttl={after}"
        yield f"save_dest K{before}{after} P X ttl={before}"
    for passed in range(1, 8):
        yield "advance 1"
        for before, after in permutations((2, 3, 4, 5, 6, 7), 2):
            if after in (passed, passed + 1) or before in (passed, passed + 1):
                yield "save_endp X Q A ttl=50"
                yield "save_endp X R B ttl=50"
                sessions = [("Q", "A"), ("R", "B")]
                for name, life in (("B", after), ("K", before)):
                    if life > passed:
                        prop, token = sessions.pop(0)
                        yield f"find_dest {name}{before}{after} = P {prop} {token}"
                    else:
                        yield f"find_dest {name}{before}{after} = miss"
                yield from (f"find_endp X = {prop} {token}" for prop, token in sessions)


#: Intervals in which nothing happens.
_SILENT = (4, 5, 22)


def _intervals(length: int, count: int) -> Iterator[str]:
    """So many intervals, each with lookups of its own number."""
    yield "connect"
    for number in range(count):
        misses = 0 if number in _SILENT else 1 + number % 3
        yield "find_endp E = miss\n" * misses
        yield f"advance {length - 1}\nlog nothing\nadvance 1"
        if misses:
            yield start_of_interval(number * length)
            yield f"log statistics: address lookup hits=0 miss={misses} success=0%"
        else:
            yield "log nothing"


def _interval(length: int, count: int) -> Case:
    return case(
        f"moment/interval/{length}",
        f"{count} intervals of {length} seconds each log what was in them, and when they began.",
        "statistics.interval statistics.start statistics.reset config.status-update-time",
        "\n".join(_intervals(length, count)),
        options={"connection_cache_status_update_time": str(length)},
        whole=_WHOLE,
    )


#: A request that counts nowhere, so that nothing is logged at the end.
_BAD_REQUEST = """
    >> request=find_endp .
    << status=1 property= .
    log warning: missing attribute label in input from scache socket
    log warning: scache_find_endp_service: bad or missing request parameter
    """

#: From when max_idle counts, and what happens up to then.
_IDLE_STARTS = (
    ("the start", ""),
    ("a disconnect", "advance 30\nconnect\nadvance 20\nclose"),
    ("a disconnect, not the request before it", f"connect\nadvance 10{_BAD_REQUEST}advance 40\nclose"),
    ("a disconnect in the second of its request", f"connect\nadvance 50{_BAD_REQUEST}close"),
    (
        "the last disconnect of two",
        "a: connect\nadvance 10\nb: connect\nadvance 10\na: close\nadvance 30\nb: close",
    ),
    (
        "the last disconnect of two, whoever came first",
        "a: connect\nadvance 10\nb: connect\nadvance 10\nb: close\nadvance 30\na: close",
    ),
    ("the end of a half-closed client", "connect\nadvance 50\nshutdown\n<< end"),
    ("the second disconnect", "a: connect\na: close\nadvance 40\nb: connect\nadvance 10\nb: close"),
)


def _idle_cases() -> Iterator[Case]:
    number = 0
    for limit in (100, 60, 3600, 65_536, 86_400):
        for start, lines in _IDLE_STARTS if limit == 100 else _IDLE_STARTS[:2]:
            number += 1
            yield case(
                f"moment/idle/{number}",
                f"With max_idle of {limit} seconds the daemon ends so long after {start}.",
                "lifecycle.idle config.max-idle",
                f"{lines}\nadvance {limit - 1}\nrunning\nadvance 1\nexit 0\nlog nothing",
                options={"max_idle": str(limit), "connection_cache_status_update_time": _NEVER},
            )


CASES = (
    *(_limit(limit) for limit in (*_LIMITS, *_LIMITS_OF_YEARS)),
    _far("moment/far/1", "After 2^15 seconds lives are as long as at the start.", 2**15),
    _far("moment/far/2", "After a month lives are as long as at the start.", 30 * 86_400),
    _far("moment/far/3", "After the 31 bits of 2038 lives are as long as before.", 2**31 - START - 1),
    _far("moment/far/4", "After the 32 bits of 2106 lives are as long as before.", 2**32 - START + 1),
    case(
        "moment/together/1",
        "Entries of one endpoint and one destination go in the order of their lives, however they came.",
        "expiry.seconds expiry.order",
        "\n".join(_together()),
        options=_LONG,
        whole=_WHOLE,
    ),
    case(
        "moment/together/2",
        "Entries that were saved in different seconds and are due in the same one go together.",
        "expiry.seconds expiry.order",
        "\n".join(_one_second()),
        options=_LONG,
        whole=_WHOLE,
    ),
    case(
        "moment/refresh/1",
        "A binding of any life, refreshed to any other, lives for that, and its neighbours as before.",
        "expiry.refresh cache.refresh",
        "\n".join(_shorter()),
        options=_LONG,
        whole=_WHOLE,
    ),
    case(
        "moment/refresh/2",
        "A binding that is refreshed every second for a minute lives on in its place, one ttl from the last.",
        "expiry.refresh cache.refresh",
        "\n".join(
            (
                "save_dest D P E ttl=2\nsave_dest D P2 E2 ttl=90",
                *["advance 1\nsave_dest D P E ttl=2"] * 60,
                "advance 1\nsave_endp E2 Q2 B\nsave_endp E Q A ttl=2",
                "find_dest D = P Q A\nfind_dest D = P2 Q2 B",
                "advance 1\nsave_endp E Q A ttl=2\nfind_dest D = miss",
            )
        ),
        options=_LONG,
    ),
    case(
        "moment/turn/1",
        "Time that passes while the daemon waits counts for the request that wakes it: what is due misses.",
        "expiry.same-turn expiry.order",
        """
        save_endp E P A
        pass 2
        find_endp E = miss
        free A
        """,
    ),
    case(
        "moment/turn/2",
        "A binding that falls due while the daemon waits isn't found by the request that wakes it.",
        "expiry.same-turn expiry.order",
        """
        save_dest D DP E ttl=2
        save_endp E P A ttl=9
        pass 2
        find_dest D = miss
        find_endp E = P A
        """,
        options=_LONG,
    ),
    case(
        "moment/turn/3",
        "A life counts from the second of the request, not from that of the turn before.",
        "expiry.seconds",
        """
        connect
        pass 3
        save_dest D DP E ttl=2
        save_endp E P A ttl=9
        advance 1
        find_dest D = DP P A
        pass 5
        save_endp E Q B ttl=2
        advance 1
        held B
        advance 1
        free B
        """,
        options=_LONG,
    ),
    case(
        "moment/turn/4",
        "A refresh that wakes the daemon when its binding is due adds it anew, behind the others.",
        "expiry.same-turn cache.refresh",
        """
        save_dest D DP1 E1 ttl=2
        save_dest D DP2 E2 ttl=9
        pass 2
        save_dest D DP1 E1 ttl=9
        save_endp E1 P1 A ttl=9
        save_endp E2 P2 B ttl=9
        find_dest D = DP2 P2 B
        """,
        options=_LONG,
    ),
    case(
        "moment/turn/5",
        "A refresh that wakes the daemon a second before its binding is due keeps its place.",
        "expiry.same-turn cache.refresh",
        """
        save_dest D DP1 E1 ttl=2
        save_dest D DP2 E2 ttl=9
        pass 1
        save_dest D DP1 E1 ttl=9
        save_endp E1 P1 A ttl=9
        save_endp E2 P2 B ttl=9
        find_dest D = DP1 P1 A
        """,
        options=_LONG,
    ),
    case(
        "moment/turn/6",
        "A request that wakes the daemon at the end of an interval counts for the next one.",
        "expiry.order statistics.interval",
        f"""
        find_endp E = miss
        pass 600
        >> request=find_dest label=D .
        << status=2 property= property= .
        {start_of_interval(0)}
        {_MISS}
        advance 600
        {start_of_interval(600)}
        log statistics: domain lookup hits=0 miss=1 success=0%
        """,
    ),
    case(
        "moment/turn/7",
        "A request that wakes the daemon in a silent interval's end opens the next one.",
        "expiry.order statistics.interval",
        f"""
        connect
        pass 600
        find_endp E = miss
        advance 599
        log nothing
        advance 1
        {start_of_interval(600)}
        {_MISS}
        """,
    ),
    case(
        "moment/turn/8",
        "Of three clients that are ready when sessions fall due, each finds them gone.",
        "expiry.same-turn expiry.order",
        """
        a: save_endp E P1 A ttl=2
        b: save_endp E P2 B ttl=3
        c: save_endp F P3 C ttl=2
        process freeze
        a: >> request=find_endp label=E .
        b: >> request=find_endp label=F .
        c: >> request=find_dest label=D .
        pass 3
        process thaw
        a: << status=2 property= .
        b: << status=2 property= .
        c: << status=2 property= property= .
        free A
        free B
        free C
        """,
        options=_LONG,
        whole=_STOPPED,
    ),
    case(
        "moment/turn/9",
        "A session that falls due while its client owes the last dummy of another is gone for the next.",
        "expiry.seconds",
        """
        save_endp E P1 A ttl=9
        save_endp E P2 B ttl=2
        >> request=find_endp label=E .
        << status=0 property=P1 .
        >> dummy
        << [A]
        pass 2
        >> dummy
        log nothing
        find_endp E = miss
        free B
        """,
        options=_LONG,
    ),
    case(
        "moment/turn/10",
        "A session's life counts from the second in which its descriptor comes, not from its request's.",
        "expiry.seconds",
        """
        >> request=save_endp ttl=5 label=E property=P .
        << dummy
        pass 3
        >> [A]
        << status=0 .
        advance 4
        held A
        advance 1
        free A
        """,
        options=_LONG,
    ),
    case(
        "moment/turn/11",
        "However much falls due while the daemon waits, nothing of it is found by the request that wakes it.",
        "expiry.same-turn expiry.order",
        "\n".join(
            (
                *(f"save_endp E{number} P S{number % 9}" for number in range(260)),
                *(f"save_dest D{number} Q F ttl=3" for number in range(260)),
                "save_endp F P A ttl=9",
                "pass 2\nfind_endp E259 = miss",
                *(f"free S{number}" for number in range(9)),
                "pass 1\nfind_dest D259 = miss\nfind_endp F = P A",
            )
        ),
        options=_LONG,
        whole=_WHOLE,
    ),
    case(
        "moment/turn/12",
        "What fell due long before the request that wakes the daemon is gone as what falls due with it.",
        "expiry.same-turn",
        "\n".join(
            f"save_endp E P A\nsave_dest D Q F\nsave_endp F P B ttl=90\npass {seconds}\n"
            f"find_endp E = miss\nfree A\nfind_dest D = miss\n"
            f"find_endp F = {'P B' if seconds < 90 else 'miss'}"
            for seconds in (3, 11, 61, 101, 1001, 3601, 86_401)
        ),
        options={"connection_cache_ttl_limit": "100", "connection_cache_status_update_time": _NEVER},
    ),
    _interval(1, 40),
    _interval(7, 140),
    _interval(600, 20),
    _interval(32_768, 9),
    _interval(65_536, 9),
    _interval(86_400, 60),
    case(
        "moment/interval/2147483646",
        "An interval of 2^31 - 2 seconds ends when it is over.",
        "statistics.interval config.status-update-time",
        f"""
        find_endp E = miss
        advance 2147483645
        log nothing
        advance 1
        {start_of_interval(0)}
        {_MISS}
        """,
        options={"connection_cache_status_update_time": "2147483646", "max_idle": "2147483647"},
    ),
    *(
        case(
            f"moment/date/{number}",
            f"An interval that begins {when} says so.",
            "statistics.start",
            f"""
            connect
            advance {seconds}
            find_endp E = miss
            advance 600
            {start_of_interval(seconds)}
            {_MISS}
            """,
        )
        for number, (when, seconds) in enumerate(
            (
                ("at midnight", 57_600),
                ("a second before midnight", 57_599),
                ("on the last day of a year", 350 * 86_400),
                ("on the first day of a year", 351 * 86_400),
                ("on a leap year's 29 February", 410 * 86_400),
                ("at noon", 14_400),
                ("on the first of a month", 17 * 86_400),
                ("after 2038", 12 * 365 * 86_400),
            ),
            1,
        )
    ),
    *_idle_cases(),
    case(
        "moment/idle/17",
        "A client that comes a second before the daemon would end keeps it, and max_idle begins anew.",
        "lifecycle.idle",
        "advance 99\nconnect\nadvance 150\nrunning\nclose\nadvance 99\na: connect\nadvance 1\nrunning\n"
        "a: close\nadvance 99\nrunning\nadvance 1\nexit 0\nlog nothing",
        options={"max_idle": "100"},
    ),
)
