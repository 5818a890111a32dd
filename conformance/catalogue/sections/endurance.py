"""Endurance: the rules hold beyond any number of sessions, bindings, clients, requests, and changes."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.catalogue.language.dialogue import case
from conformance.catalogue.sections.moments import start_of_interval

__all__ = ["CASES"]

_MANY = 1_030  # just above 2^10 and 10^3
_FEW = 260  # just above 2^8
_LONG = {"connection_cache_ttl_limit": "1000", "connection_cache_status_update_time": "5000"}
_WHOLE = "a dialogue of this length byte by byte tells nothing that shorter ones don't"
_BEGIN = start_of_interval(0)
_UNKNOWN = 'log warning: unrecognized request: "find", ignored'


def _lines(*parts: str | Iterator[str] | list[str]) -> str:
    return "\n".join(line for part in parts for line in ([part] if isinstance(part, str) else part))


def _each_binding() -> Iterator[str]:
    """Every binding is found by its own endpoint; where two lead to a session, by the older one."""
    yield from (f"save_dest D Q{number} E{number} ttl=900" for number in range(_MANY))
    for number in range(_MANY):
        yield f"save_endp E{number} P{number} A ttl=900"
        yield f"find_dest D = Q{number} P{number} A"
    for older, younger in ((0, _MANY - 1), (255, 256), (256, 257), (999, 1000), (1023, 1024), (1024, 1029)):
        yield f"save_endp E{younger} Y A ttl=900"
        yield f"save_endp E{older} O B ttl=900"
        yield f"find_dest D = Q{older} O B"
        yield f"find_dest D = Q{younger} Y A"
        yield "find_dest D = miss"


def _each_refresh() -> Iterator[str]:
    """The second of each three bindings of one destination is refreshed, and outlives the first in its place,
    before the third.
    """
    yield from (
        f"save_dest D Q{number} E{number} ttl={900 if number % 3 == 2 else 10}" for number in range(_MANY)
    )
    yield from (f"save_dest D Q{number} E{number} ttl={20 + number % 2}" for number in range(1, _MANY, 3))
    yield "advance 10"
    for number in (
        *range(8),
        63,
        64,
        65,
        127,
        128,
        129,
        254,
        255,
        256,
        257,
        *range(996, 1002),
        1023,
        1024,
        1025,
    ):
        yield f"save_endp E{number} P A ttl=1"
        yield f"find_dest D = {f'Q{number} P A' if number % 3 else 'miss'}"
        if number % 3 == 1 and number + 1 < _MANY:
            yield f"save_endp E{number + 1} O B ttl=1\nsave_endp E{number} P A ttl=1"
            yield f"find_dest D = Q{number} P A\nfind_dest D = Q{number + 1} O B"
    yield "advance 10"
    for number in (1, 4, 64, 127, 256, 259, 997, 1000, 1024, 1027):
        yield f"save_endp E{number} P A ttl=1"
        yield f"find_dest D = {f'Q{number} P A' if number % 2 else 'miss'}"
    yield "advance 1"
    yield from (f"save_endp E{number} P A ttl=1" for number in (1, 64, 127, 997, 1027))
    yield "find_dest D = miss"


def _used_binding() -> Iterator[str]:
    yield "save_dest D Q E ttl=900"
    for number in range(_MANY):
        yield f"save_endp E P{number} A ttl=900"
        yield f"find_dest D = Q P{number} A"
    yield "find_dest D = miss"


def _refreshed_binding() -> Iterator[str]:
    yield "save_dest D Q1 E1 ttl=5"
    yield "save_dest D Q2 E2 ttl=900"
    for number in range(_MANY):
        yield f"save_dest D Q1 E1 ttl={5 + number % 3}"
    yield "save_endp E1 P A ttl=900\nsave_endp E2 P B ttl=900\nsave_endp E1 R C ttl=900"
    yield "advance 4\nfind_dest D = Q1 P A\nadvance 1"
    yield "find_dest D = Q2 P B\nfind_dest D = miss\nfind_endp E1 = R C"


#: Bad requests, their replies and what is logged before the line that they have in common.
_BAD_REQUESTS = (
    ("find_endp", "", "property= ", "missing attribute label in input from scache socket"),
    ("find_dest", "", "property= property= ", "missing attribute label in input from scache socket"),
    ("save_endp", "ttl=0 label=E property=P ", "", ""),
    ("save_dest", "ttl=-1 label=D property=P label=E ", "", ""),
    ("save_endp", "ttl=2 label=E ", "", "missing attribute property in input from scache socket"),
    (
        "save_dest",
        "ttl=2x label=D property=P label=E ",
        "",
        "malformed numerical data from scache socket while reading input attribute value: 2x",
    ),
)


def _bad_request(number: int, peer: str = "") -> Iterator[str]:
    request, words, properties, warning = _BAD_REQUESTS[number % len(_BAD_REQUESTS)]
    yield f"{peer}>> request={request} {words}."
    yield f"{peer}<< status=1 {properties}."
    if warning:
        yield f"log warning: {warning}"
    yield f"log warning: scache_{request}_service: bad or missing request parameter"


def _any_request(number: int) -> Iterator[str]:
    """One exchange of four, on a client of its own that stays."""
    peer = f"c{number}:"
    yield f"{peer} connect"
    if number % 4 == 0:
        yield f"{peer} find_endp E = miss"
    elif number % 4 == 1:
        yield f"{peer} find_dest D = miss"
    elif number % 4 == 2:
        yield f"{peer} save_endp E{number} P A ttl=900\n{peer} find_endp E{number} = P A"
    else:
        yield f"{peer} save_dest D{number} Q F ttl=900\n{peer} save_endp F P A ttl=900"
        yield f"{peer} find_dest D{number} = Q P A"


#: What happens in an interval, and what is logged at its end.
_INTERVALS = (
    ("find_endp E = miss", "address lookup hits=0 miss=1 success=0%"),
    ("find_dest D = miss", "domain lookup hits=0 miss=1 success=0%"),
    ("save_endp E P A", "max simultaneous domains=0 addresses=1 connection=1"),
    ("find_endp E = P A", "address lookup hits=1 miss=0 success=100%"),
    ("save_dest D P F", "max simultaneous domains=1 addresses=0 connection=0"),
)


def _interval_of(number: int) -> Iterator[str]:
    request, logged = _INTERVALS[number % len(_INTERVALS)]
    yield f"{request}\nadvance 1\n{start_of_interval(number)}\nlog statistics: {logged}"


def _fed_client() -> Iterator[str]:
    """Requests that find nothing, between sessions that are still found."""
    for number in range(11):
        yield f"save_endp K{number} P{number} S{number} ttl=900"
        yield from ["find_endp E = miss"] * 950
        yield from ["find_dest D = miss"] * 60
    for number in range(11):
        yield f"find_endp K{number} = P{number} S{number}"


def _gone(number: int) -> Iterator[str]:
    """A client that asks something that nobody answers, or goes at one of the moments at which it may."""
    peer = f"g{number}:"
    yield f"{peer} connect"
    if number % 5 == 0:
        yield f"{peer} >> request=find .\n{peer} << status=1 .\n{_UNKNOWN}"
    elif number % 5 == 1:
        yield f"{peer} >> request=save_dest ttl=4 label=D 'prop'"
    elif number % 5 == 2:
        yield f"{peer} >> request=save_endp ttl=2 label=E property=P .\n{peer} << dummy"
    elif number % 5 == 3:
        yield f"{peer} save_endp H P E ttl=2\n{peer} >> request=find_endp label=H ."
        yield f"{peer} << status=0 property=P ."
    else:
        yield f"{peer} shutdown\n{peer} << end"
    yield f"{peer} close"
    if number % 5 == 1:
        yield "log warning: unexpected end-of-input from scache socket while reading input attribute name"
        yield "log warning: scache_save_dest_service: bad or missing request parameter"
    elif number % 5 == 2:
        yield "log warning: scache_save_endp_service: unable to receive file descriptor: REASON"
    elif number % 5 == 3:
        yield "log warning: scache_find_endp_service: cannot send file descriptor: REASON"


def _everything(number: int) -> Iterator[str]:
    """One round of every exchange, on a client of its own, which then leaves in one way or another."""
    peer = f"c{number}:"
    yield f"{peer} save_dest D Q E ttl=2"
    yield f"{peer} save_endp E P A ttl=2"
    yield f"{peer} find_dest D = Q P A"
    yield f"{peer} find_dest D = miss"
    yield f"{peer} save_endp E P B ttl=2"
    yield f"{peer} find_endp E = P B"
    yield from _bad_request(number, f"{peer} ")
    yield from _gone(number)
    yield f"{peer} >> request=save_endp ttl=2 label=E property=P ."
    yield f"{peer} << dummy"
    yield f"{peer} >> []"
    yield f"{peer} << status=2 ."
    yield "log warning: scache_save_endp_service: unable to receive file descriptor: REASON"
    yield f"{peer} save_endp F P C ttl=1"
    yield f"{peer} >> request=save_endp ttl=2 label=G property=P . @D"
    yield f"{peer} << dummy"
    yield f"{peer} >> [F]"
    yield f"{peer} << status=0 ."
    if number % 3 == 0:
        yield f"{peer} >> request=find_endp label=G ."
        yield f"{peer} << status=0 property=P ."
        if number % 2:
            yield f"{peer} >> dumy=x ."
        else:
            yield f"{peer} >> 'dummy\\0x'"
        yield f"{peer} shutdown"
        yield f"{peer} << end"
        if number % 2:
            yield "log warning: unexpected attribute dumy from scache socket (expecting: dummy)"
            yield "log warning: scache_find_endp_service: cannot send file descriptor: REASON"
            yield "log warning: unexpected attribute x from scache socket (expecting: request)"
            yield "log warning: missing attribute request in input from scache socket"
        else:
            yield (
                "log warning: unexpected end-of-input from scache socket while reading input attribute value"
            )
            yield "log warning: scache_find_endp_service: cannot send file descriptor: REASON"
    elif number % 3 == 1:
        yield f"{peer} find_endp G = P F"
    yield f"{peer} close"
    yield "advance 1"


def _rounds(first: int, count: int) -> Iterator[str]:
    for number in range(first, first + count):
        yield from _everything(number)
    yield "advance 2"


def _come_and_go(number: int) -> str:
    """A session that is found, one that expires, and a binding; all under labels of their own."""
    return f"""
        save_endp x*200~{number} z*200~{number} A ttl=2
        save_dest y*200~{number} z*200~{number} x*200~{number} ttl=1
        find_dest y*200~{number} = z*200~{number} z*200~{number} A
        {_lines(_bad_request(number), _gone(number))}
        {"advance 1" if number % 20 == 0 else ""}
        """


CASES = (
    case(
        "endurance/sessions/1",
        f"{_MANY:,} sessions of one endpoint come back in their order, each with its property.",
        "cache.find_endp cache.save_endp statistics.maxima statistics.hits",
        _lines(
            (f"save_endp E P{number} S{number % 9} ttl=900" for number in range(_MANY)),
            (f"find_endp E = P{number} S{number % 9}" for number in range(_MANY)),
            "find_endp E = miss",
            "advance 5000",
            _BEGIN,
            f"log statistics: address lookup hits={_MANY} miss=1 success=99%",
            f"log statistics: max simultaneous domains=0 addresses=1 connection={_MANY}",
        ),
        options=_LONG,
        whole=_WHOLE,
    ),
    case(
        "endurance/sessions/2",
        f"{_MANY:,} endpoints with a session each are found, the youngest first.",
        "cache.find_endp cache.names statistics.maxima",
        _lines(
            (f"save_endp E{number} P{number} S{number % 9} ttl=900" for number in range(_MANY)),
            (f"find_endp E{number} = P{number} S{number % 9}" for number in reversed(range(_MANY))),
            "find_endp E0 = miss",
            "advance 5000",
            _BEGIN,
            f"log statistics: address lookup hits={_MANY} miss=1 success=99%",
            f"log statistics: max simultaneous domains=0 addresses={_MANY} connection={_MANY}",
        ),
        options=_LONG,
        whole=_WHOLE,
    ),
    case(
        "endurance/sessions/3",
        f"{_MANY:,} sessions of three due seconds go, each in its own.",
        "expiry.seconds expiry.close",
        _lines(
            (f"save_endp E{number % 40} P S{number % 3} ttl={10 + number % 3}" for number in range(_MANY)),
            "advance 9\nheld S0\nadvance 1\nfree S0\nheld S1\nadvance 1\nfree S1",
            "held S2\nadvance 1\nfree S2",
            (f"find_endp E{number} = miss" for number in range(40)),
        ),
        options=_LONG,
        whole=_WHOLE,
    ),
    case(
        "endurance/bindings/1",
        f"{_MANY:,} bindings of one destination are looked through, the oldest first.",
        "cache.find_dest cache.save_dest",
        _lines(_each_binding()),
        options=_LONG,
        whole=_WHOLE,
    ),
    case(
        "endurance/bindings/2",
        f"Of {_MANY:,} bindings of one destination any can be refreshed, and none is refreshed with it.",
        "cache.refresh expiry.refresh",
        _lines(_each_refresh()),
        options=_LONG,
        whole=_WHOLE,
    ),
    case(
        "endurance/bindings/3",
        f"A binding leads to {_MANY:,} sessions, one after the other.",
        "cache.find_dest",
        _lines(_used_binding()),
        options=_LONG,
        whole=_WHOLE,
    ),
    case(
        "endurance/bindings/4",
        f"A binding that is refreshed {_MANY:,} times is one, in its place, and ends by the last refresh.",
        "cache.refresh expiry.refresh",
        _lines(_refreshed_binding()),
        options=_LONG,
        whole=_WHOLE,
    ),
    case(
        "endurance/destinations/1",
        f"{_MANY:,} destinations with a binding each are found, and counted.",
        "cache.find_dest cache.names statistics.maxima",
        _lines(
            (f"save_dest D{number} Q{number} E{number % 7} ttl=900" for number in range(_MANY)),
            (
                f"save_endp E{number % 7} P A ttl=900\nfind_dest D{number} = Q{number} P A"
                for number in reversed(range(_MANY))
            ),
            "advance 5000",
            _BEGIN,
            f"log statistics: domain lookup hits={_MANY} miss=0 success=100%",
            f"log statistics: max simultaneous domains={_MANY} addresses=1 connection=1",
        ),
        options=_LONG,
        whole=_WHOLE,
    ),
    case(
        "endurance/clients/1",
        f"{_MANY:,} clients, one after the other, are all served, and the daemon stays.",
        "after.close config.max-use cache.names",
        _lines(
            "a: save_endp E P A ttl=900\na: close",
            (
                f"a: connect\na: {'find_endp F = miss' if number % 10 else 'find_dest D = miss'}\na: close"
                for number in range(_MANY)
            ),
            "running\na: connect\na: find_endp E = P A",
        ),
        options=_LONG,
        whole=_WHOLE,
    ),
    case(
        "endurance/clients/2",
        f"{_FEW} clients at the same time are all served, twice, and each has its own session.",
        "after.open cache.names",
        _lines(
            (f"c{number}: connect" for number in range(_FEW)),
            (f"c{number}: save_endp E{number} P S{number % 9} ttl=900" for number in range(_FEW)),
            (f"c{number}: find_endp E{number} = P S{number % 9}" for number in reversed(range(_FEW))),
            (f"c{number}: close" for number in range(0, _FEW, 2)),
            (f"c{number}: find_endp E = miss" for number in range(1, _FEW, 2)),
        ),
        options=_LONG,
        whole=_WHOLE,
    ),
    case(
        "endurance/clients/3",
        f"{_MANY:,} clients at the same time are greeted and served, and what they ask is counted.",
        "after.open statistics.misses statistics.hits statistics.maxima",
        _lines(
            (line for number in range(_MANY) for line in _any_request(number)),
            "c0: save_endp E P A ttl=900",
            f"c{_MANY - 1}: find_endp E = P A",
            "advance 5000",
            _BEGIN,
            "log statistics: domain lookup hits=257 miss=258 success=49%",
            "log statistics: address lookup hits=258 miss=258 success=50%",
            "log statistics: max simultaneous domains=257 addresses=1 connection=1",
        ),
        options=_LONG,
        whole=_WHOLE,
    ),
    case(
        "endurance/clients/4",
        f"Behind {_FEW} clients, one after the other, max_idle counts from the last one's end.",
        "lifecycle.idle",
        _lines("connect\nclose\n" * _FEW, "advance 99\nrunning\nadvance 1\nexit 0\nlog nothing"),
        options={"max_idle": "100"},
        whole=_WHOLE,
    ),
    case(
        "endurance/maxima/1",
        f"{_MANY:,} destinations and endpoints that are there from before count with the next that is saved.",
        "statistics.maxima statistics.reset",
        _lines(
            (f"save_dest D{number} Q E{number} ttl=900" for number in range(_MANY)),
            (f"save_endp E{number} P S{number % 9} ttl=900" for number in range(_MANY)),
            f"advance 100\n{_BEGIN}",
            f"log statistics: max simultaneous domains={_MANY} addresses={_MANY} connection={_MANY}",
            f"save_dest D0 Q E0 ttl=900\nadvance 100\n{start_of_interval(100)}",
            f"log statistics: max simultaneous domains={_MANY} addresses={_MANY} connection=0",
            f"save_endp E0 P S0 ttl=900\nadvance 100\n{start_of_interval(200)}",
            f"log statistics: max simultaneous domains=0 addresses={_MANY} connection={_MANY + 1}",
        ),
        options={"connection_cache_ttl_limit": "1000", "connection_cache_status_update_time": "100"},
        whole=_WHOLE,
    ),
    case(
        "endurance/requests/1",
        "Eleven thousand requests that find nothing are counted, and change nothing.",
        "cache.find_endp statistics.misses",
        _lines(
            _fed_client(),
            "advance 5000",
            _BEGIN,
            "log statistics: domain lookup hits=0 miss=660 success=0%",
            "log statistics: address lookup hits=11 miss=10450 success=0%",
            "log statistics: max simultaneous domains=0 addresses=11 connection=11",
        ),
        options=_LONG,
        whole=_WHOLE,
    ),
    case(
        "endurance/requests/2",
        f"{_FEW} bad requests of each of six kinds are answered, and the next good one is carried out.",
        "scanner.bad after.open log.bad",
        _lines(
            "save_endp E P A ttl=900",
            (line for number in range(6 * _FEW) for line in _bad_request(number)),
            "find_endp E = P A",
        ),
        options=_LONG,
        whole=_WHOLE,
    ),
    case(
        "endurance/requests/5",
        f"{_MANY:,} strings of junk are skipped, and {_FEW} unknown requests answered, all with a warning.",
        "after.resync wire.unknown log.unknown",
        _lines(
            "save_endp E P A ttl=900",
            f">> 'junk\\0'*{_MANY}",
            ["log warning: unexpected attribute junk from scache socket (expecting: request)"] * _MANY,
            [">> request=find .", "<< status=1 .", 'log warning: unrecognized request: "find", ignored']
            * _FEW,
            "find_endp E = P A",
        ),
        options=_LONG,
        whole=_WHOLE,
    ),
    case(
        "endurance/requests/3",
        f"{_FEW} clients that owe a descriptor and send none are answered, and leave nothing behind.",
        "fd.none after.open",
        _lines(
            (
                f"c{number}: >> request=save_endp ttl=900 label=E property=P .\nc{number}: << dummy\n"
                f"c{number}: >> []\nc{number}: << status=2 .\n"
                "log warning: scache_save_endp_service: unable to receive file descriptor: REASON"
                for number in range(_FEW)
            ),
            "c0: save_endp E Q A ttl=900\nc1: find_endp E = Q A\nc2: find_endp E = miss",
        ),
        options=_LONG,
        whole=_WHOLE,
    ),
    case(
        "endurance/requests/4",
        "Behind 11,000 clients and 100,000 requests all is as at the start, and all was counted.",
        "cache.find_endp statistics.misses statistics.hits after.open",
        _lines(
            "save_endp K P K ttl=900\nclose",
            "process eleven thousand clients",
            "held K\nconnect\nfind_endp K = P K\nfind_endp K = miss\nadvance 5000",
            _BEGIN,
            "log statistics: domain lookup hits=2200 miss=11000 success=16%",
            "log statistics: address lookup hits=2201 miss=66001 success=3%",
            "log statistics: max simultaneous domains=1 addresses=2 connection=2",
        ),
        options=_LONG,
        whole=_WHOLE,
    ),
    case(
        "endurance/many/1",
        "Thousands of destinations, bindings, endpoints and sessions at once keep their order and lives.",
        "cache.find_endp cache.find_dest cache.refresh expiry.seconds statistics.maxima",
        _lines(
            (f"c{number}: connect" for number in range(50)),
            "process thousands of everything",
            "c0: find_endp E = miss\nadvance 4090",
            _BEGIN,
            "log statistics: domain lookup hits=1086 miss=6 success=99%",
            "log statistics: address lookup hits=1026 miss=1 success=99%",
            "log statistics: max simultaneous domains=4101 addresses=2051 connection=4100",
        ),
        options=_LONG,
        whole=_WHOLE,
    ),
    case(
        "endurance/intervals/1",
        f"{_MANY:,} intervals end every second, and say when they began and what was in them.",
        "statistics.interval statistics.start statistics.reset",
        _lines(
            "connect",
            (line for number in range(_MANY) for line in _interval_of(number)),
        ),
        options={"connection_cache_status_update_time": "1"},
        whole=_WHOLE,
    ),
    case(
        "endurance/refill/1",
        f"An endpoint that is filled and emptied {_MANY:,} times is as empty as at first.",
        "cache.disappear cache.find_endp statistics.maxima",
        _lines(
            (f"save_endp E P{number} A ttl=900\nfind_endp E = P{number} A" for number in range(_MANY)),
            "find_endp E = miss\nfree A\nadvance 5000",
            _BEGIN,
            f"log statistics: address lookup hits={_MANY} miss=1 success=99%",
            "log statistics: max simultaneous domains=0 addresses=1 connection=1",
        ),
        options=_LONG,
        whole=_WHOLE,
    ),
    case(
        "endurance/conservation/1",
        "After 130 clients that do everything and leave in every way, each session is closed or handed out.",
        "expiry.close fd.none fd.misplaced fd.no-dummy",
        _lines(
            _rounds(0, 130),
            [f"free {token}" for token in "ABCDEF"],
        ),
        options={"connection_cache_status_update_time": "5000"},
        whole=_WHOLE,
    ),
    case(
        "endurance/conservation/2",
        "A hundred clients that do everything and leave in every way leave no descriptor open in the daemon.",
        "expiry.close fd.none fd.misplaced fd.no-dummy",
        _lines(
            _rounds(0, 12),
            "process note descriptors",
            _rounds(12, 100),
            "process compare descriptors",
        ),
        options={"connection_cache_status_update_time": "5000"},
        whole=_WHOLE,
    ),
    case(
        "endurance/memory/1",
        "Thousands of lookups that find nothing leave nothing behind in the daemon's memory.",
        "cache.find_endp cache.find_dest",
        _lines(
            (f"find_endp x*200~{number} = miss\nfind_dest y*200~{number} = miss" for number in range(600)),
            "process note memory",
            (
                f"find_endp x*200~{number} = miss\nfind_dest y*200~{number} = miss"
                for number in range(600, 3600)
            ),
            "process compare memory",
        ),
        options=_LONG,
        whole=_WHOLE,
    ),
    case(
        "endurance/memory/2",
        "Thousands of entries that come and go leave nothing behind in the daemon's memory.",
        "cache.disappear",
        _lines(
            (_come_and_go(number) for number in range(300)),
            "process note memory",
            (_come_and_go(number) for number in range(300, 1600)),
            "process compare memory",
        ),
        options=_LONG,
        whole=_WHOLE,
    ),
    case(
        "endurance/cost/1",
        "The cost of a request doesn't grow with the number of cached entries.",
        "failure.cost",
        """
        connect
        process flat cost
        """,
        options={
            "connection_cache_ttl_limit": "100000",
            "connection_cache_status_update_time": "1000000",  # no statistics while time passes
        },
        whole=_WHOLE,
    ),
)
