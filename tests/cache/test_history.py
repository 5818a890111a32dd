"""What a cache's history tells: who was asked for, and why nothing was found."""

from __future__ import annotations

from typing import Any

import pytest

from scache.cache.history import LATELY, History
from scache.cache.labels import difference, place
from scache.cache.observers import Observers
from scache.cache.report import report
from scache.cache.service import Service
from scache.config.settings import Settings
from tests.cache.test_service import Witness
from tests.support.pretended_sessions import PretendedSessions

NOW = 1_800_000_000

#: Labels as smtp(8) makes them, by the letters that the dialogues use.
LABELS = {
    "D": b"smtp\nexample.com\n",
    "D sender": b"smtp\nanna@src.example\nexample.com\n",
    "D relay": b"relay\nexample.com\n",
    "D2": b"smtp\nexample.org\n",
    "E": b"smtp\n192.0.2.1\n25\n0\n",
    "E tls": b"smtp\n192.0.2.1\n25\n1\n",
    "E port": b"smtp\n192.0.2.1\n587\n0\n",
    "E relay": b"relay\n192.0.2.1\n25\n0\n",
    "E tls port": b"smtp\n192.0.2.1\n587\n1\n",
    "E2": b"smtp\n192.0.2.2\n25\n0\n",
    "L": b"smtp\nanna@src.example\nexample.com\nmx.example.com\n192.0.2.1\n25\n0\n",
    "L sender": b"smtp\nberta@src.example\nexample.com\nmx.example.com\n192.0.2.1\n25\n0\n",
    "L next hop": b"smtp\nanna@src.example\nexample.org\nmx.example.com\n192.0.2.1\n25\n0\n",
    "L host": b"smtp\nanna@src.example\nexample.com\nmx2.example.com\n192.0.2.1\n25\n0\n",
    "P": b"smtp\nexample.com\nmx.example.com\n192.0.2.1\n25\n0\n",
    "P next hop": b"smtp\nexample.org\nmx.example.com\n192.0.2.1\n25\n0\n",
    "P port": b"smtp\nexample.com\nmx.example.com\n192.0.2.1\n587\n0\n",
    "C": b"smtp\nexample.com\n192.0.2.1\n25\n4\n",
    "C secure": b"smtp\nexample.com\n192.0.2.1\n25\n5\n",
    "C next hop": b"smtp\nexample.org\n192.0.2.1\n25\n4\n",
    "C port": b"smtp\nexample.com\n192.0.2.1\n587\n4\n",
    "odd": b"E",
}


class Case:
    """A service with a history, to which lines are played: `save E 10`, `bind D E 10`, `find D`, `wait 3`, or
    `lag 3`: what is due then waits to be dropped.
    """

    def __init__(self, **settings: Any) -> None:
        self.now = NOW
        self.sessions = PretendedSessions()
        self.history = History(NOW)
        settings = {"ttl_limit": 10_000, **settings}
        self.service = Service(Settings(**settings), self.sessions, lambda _text: None, self.history)
        self._descriptor = 3

    def play(self, text: str) -> None:
        for line in text.split(";"):
            verb, *words = [word.replace("_", " ") for word in line.split()]
            labels = [LABELS[word] for word in words if word in LABELS]
            if verb == "save":
                self._descriptor += 1
                assert self.service.save_endp(self.now, int(words[1]), labels[0], b"SECRET", self._descriptor)
            elif verb == "bind":
                assert self.service.save_dest(self.now, int(words[2]), labels[0], b"SECRET", labels[1])
            elif verb == "find" and labels[0] in (
                LABELS["D"],
                LABELS["D2"],
                LABELS["D sender"],
                LABELS["D relay"],
            ):
                self.service.find_dest(labels[0])
            elif verb == "find":
                self.service.find_endp(labels[0])
            elif verb == "hang":
                self.sessions.hung_up_ones.add(self._descriptor)
            else:
                self.now += int(words[0])
                self.history.pass_to(self.now, self.service.serial)
                for _session in self.service.expire(self.now, 0 if verb == "lag" else 100):
                    pass

    def report(self, part: bytes = b"") -> dict[str, Any]:
        return self.service.show(lambda cache: report(cache, self.history, part))


DESTINATION = {
    "nobody has ever saved anything": ("find D", ("unknown", None)),
    "its binding expired": ("bind D E 3; save E 99; wait 5; find D", ("unbound", 0)),
    "its binding expired some time ago": ("bind D E 3; wait 3; wait 4; find D", ("unbound", 4)),
    "its binding waits to be dropped": ("bind D E 3; lag 3; find D", ("unbound", 0)),
    "the session to which it leads waits to be dropped": (
        "bind D E 9; save E 2; lag 2; find D",
        ("expired", 0),
    ),
    "it leads to an endpoint that nobody saved": ("bind D E 9; find D", ("unsaved", None)),
    "its session expired": ("bind D E 9; save E 2; wait 2; wait 5; find D", ("expired", 5)),
    "its session was taken": ("bind D E 9; save E 9; find E; wait 3; find D", ("taken", 3)),
    "its session was taken by destination": ("bind D E 9; save E 9; find D; wait 1; find D", ("taken", 1)),
    "of two endpoints the later one counts": (
        "bind D E 99; bind D E2 99; save E2 1; save E 9; wait 1; wait 1; find E; wait 2; find D",
        ("taken", 2),
    ),
    "of two endpoints the other one": (
        "bind D E 99; bind D E2 99; save E 9; save E2 4; find E; wait 4; wait 1; find D",
        ("expired", 1),
    ),
}
ENDPOINT = {
    "nobody has ever saved anything": ("find E", ("unknown", None)),
    "its session expired": ("save E 2; wait 2; wait 5; find E", ("expired", 5)),
    "its session was taken": ("save E 9; find E; wait 3; find E", ("taken", 3)),
    "its session waits to be dropped": ("save E 2; lag 2; find E", ("expired", 0)),
    "it is found by its label alone, whatever that is": ("find odd", ("unknown", None)),
}


@pytest.mark.parametrize(("dialogue", "why"), DESTINATION.values(), ids=DESTINATION)
def test_why_a_find_by_destination_failed(dialogue: str, why: tuple[str, int | None]) -> None:
    case = Case()
    case.play(dialogue)
    miss = case.report()["misses"]["destination"][0]
    assert (miss["why"], miss["since"]) == why


@pytest.mark.parametrize(("dialogue", "why"), ENDPOINT.values(), ids=ENDPOINT)
def test_why_a_find_by_endpoint_failed(dialogue: str, why: tuple[str, int | None]) -> None:
    case = Case()
    case.play(dialogue)
    miss = case.report()["misses"]["endpoint"][0]
    assert (miss["why"], miss["since"]) == why


def test_a_session_that_its_remote_side_had_closed_was_no_hit_but_is_why_nothing_was_found() -> None:
    case = Case(skip_closed=True)
    case.play("bind D E 9; save E 9; hang up; find D; wait 1; find E")
    told = case.report()
    assert [(each["hits"], each["misses"]) for each in told["destinations"]] == [(0, 1)]
    assert told["misses"]["destination"][0]["why"] == "closed"
    assert told["misses"]["endpoint"][0]["since"] == 1
    case = Case(skip_closed=True)
    case.play("save E 9; hang up; find E")
    assert [(each["hits"], each["misses"]) for each in case.report()["endpoints"]] == [(0, 1)]


def test_a_session_that_made_room_is_closed() -> None:
    case = Case(endpoint_session_limit=1)
    case.play("save E 9; save E 9; find E; find E")
    assert case.report()["misses"]["endpoint"][0]["why"] == "taken"
    case = Case(session_limit=1)
    case.play("save E 9; save E2 9; find E")
    assert case.report()["misses"]["endpoint"][0]["why"] == "closed"


NEAR = {
    "TLS level": ("save E 9; find E_tls", "E", "tls_level"),
    "port": ("save E 9; find E_port", "E", "port"),
    "service": ("save E 9; find E_relay", "E", "service"),
    "sender, and with it the SASL user": ("save L 9; find L_sender", "L", "sender"),
    "next hop": ("save L 9; find L_next_hop", "L", "nexthop"),
    "host": ("save L 9; find L_host", "L", "host"),
    "a login where there was none": ("save E 9; find L", "E", "login"),
    "none where there was a login": ("save L 9; find E", "L", "login"),
    "a login for all senders where there was none": ("save E 9; find P", "E", "login"),
    "a login for each sender where there was one for all": ("save P 9; find L", "P", "login"),
    "next hop, with a login for all senders": ("save P 9; find P_next_hop", "P", "nexthop"),
    "port, with a login for all senders": ("save P 9; find P_port", "P", "port"),
    "a TLS level by which a certificate must match": ("save E 9; find C", "E", "tls_level"),
    "one by which it needn't": ("save C 9; find E_tls", "C", "tls_level"),
    "of two such levels": ("save C 9; find C_secure", "C", "tls_level"),
    "next hop that the certificate must match": ("save C 9; find C_next_hop", "C", "nexthop"),
    "of a destination the sender": ("bind D E 9; find D_sender", "D", "login"),
    "of a destination the service": ("bind D E 9; find D_relay", "D", "service"),
    "of the endpoint to which a destination leads": ("bind D E_tls 9; save E 9; find D", "E", "tls_level"),
}


@pytest.mark.parametrize(("dialogue", "label", "field"), NEAR.values(), ids=NEAR)
def test_a_label_that_differs_in_one_field_is_named_with_the_field(
    dialogue: str, label: str, field: str
) -> None:
    case = Case()
    case.play(dialogue)
    misses = case.report()["misses"]
    [miss] = [*misses["destination"], *misses["endpoint"]]
    assert miss["near"] == {"label": LABELS[label].decode(), "field": field}


@pytest.mark.parametrize(
    "dialogue",
    [
        "save E 9; find E_tls_port",
        "save E 9; find E2",
        "bind D E 9; find D2",
        "save odd 9; find E",
        "save E_port 9; find L",
        "save E_relay 9; find C",
        "save E 9; find C_port",
        "save P 9; find C",
    ],
)
def test_a_label_that_differs_in_more_or_is_about_another_place_is_not_near(dialogue: str) -> None:
    case = Case()
    case.play(dialogue)
    misses = case.report()["misses"]
    [miss] = [*misses["destination"], *misses["endpoint"]]
    assert "near" not in miss


@pytest.mark.parametrize("label", [b"", b"E", b"a\nb", b"a\nb\nc", b"a\n", b"a\nb\nc\nd\ne\nf\ng\nh\n"])
def test_what_no_delivery_agent_makes_is_about_no_place(label: bytes) -> None:
    assert place(label) is None
    assert difference(label, LABELS["E"]) is None
    assert difference(LABELS["E"], label) is None


def test_a_label_doesnt_differ_from_itself() -> None:
    assert difference(LABELS["E"], LABELS["E"]) is None


def test_what_is_cached_is_told_with_its_ages_and_times_but_without_properties() -> None:
    case = Case()
    case.play("save E 50; wait 3; save E 20; bind D E 30; save E2 9; find D; wait 2; find D2")
    told = case.report()
    assert told["seconds"] == 5
    assert told["cached"]["sessions"] == 2
    assert told["destinations"][0] | {"missed": None} == {
        "label": "smtp\nexample.com\n",
        "hits": 1,
        "misses": 0,
        "bindings": 1,
        "expires": 28,
        "endpoints": ["smtp\n192.0.2.1\n25\n0\n"],
        "missed": None,
    }
    assert told["ages"] == {
        "at_most": {"0": 0, "1": 0, "2": 2, "5": 2, "10": 2, "30": 2, "60": 2, "300": 2},
        "count": 2,
        "sum": 4,
    }
    assert "SECRET" not in str(told) + str(case.report(b"example"))


def test_ages_are_those_of_the_seconds_in_which_sessions_were_saved() -> None:
    case = Case()
    case.play("save E 90; wait 4; save E 90; save E 90; wait 1; wait 7; save E2 90")
    ages = case.report()["ages"]
    assert (ages["count"], ages["sum"]) == (4, 12 + 8 + 8 + 0)
    assert [ages["at_most"][edge] for edge in ("0", "5", "10", "30")] == [1, 1, 3, 4]
    [endpoint] = case.report(LABELS["E"])["endpoints"]
    assert (endpoint["sessions"], endpoint["oldest"], endpoint["expires"]) == (3, 12, 82)


def test_a_part_of_a_label_chooses_what_is_told_cached_or_asked_for() -> None:
    case = Case()
    case.play("bind D E 9; bind D2 E2 9; save E2 9; find E; find D2")
    told = case.report(b"example.com")
    assert [each["label"] for each in told["destinations"]] == ["smtp\nexample.com\n"]
    assert told["endpoints"] == []
    assert told["misses"] == {"destination": [], "endpoint": []}
    assert [each["label"] for each in case.report(b"192.0.2.1")["endpoints"]] == ["smtp\n192.0.2.1\n25\n0\n"]


def test_a_report_is_bounded_and_sums_the_rest_up() -> None:
    case = Case()
    for number in range(300):
        case.service.find_dest(b"smtp\nd%d.example\n" % number)
    case.service.find_dest(b"smtp\nd7.example\n")
    told = case.report()
    assert told["destinations"][0]["label"] == "smtp\nd7.example\n"
    assert len(told["destinations"]) == 100
    assert told["others"]["destination"] == {"labels": 200, "hits": 0, "misses": 200}
    assert len(told["misses"]["destination"]) == 50
    assert told["misses"]["destination"][1]["label"] == "smtp\nd299.example\n"
    for number in range(5000):
        case.service.find_dest(b"%d" % number)
    assert len(case.history.destinations) == LATELY


def test_a_history_is_bounded_in_lookups_labels_and_their_length() -> None:
    case = Case()
    for number in range(20_000):
        case.service.save_endp(NOW, 9, b"%d-%s" % (number, b"x" * 2000), b"", number)
        assert case.service.find_endp(b"%d-%s" % (number, b"x" * 2000)) is not None
    case.play("wait 1; wait 1")
    assert len(case.history.endpoints) == LATELY
    remembered = case.history._left._latest.keys() | case.history._left._earlier.keys()
    assert len(remembered) == 20_000 - 8192
    assert {len(label) for label in remembered} == {512}
    asked = [b"%d-%s" % (number, b"x" * 2000) for number in (0, 8191, 8192, 19_999)]
    assert [case.service.find_endp(label) for label in asked] == [None] * 4
    causes = [miss["why"] for miss in case.report()["misses"]["endpoint"][:4]]
    assert causes == ["taken", "taken", "unknown", "unknown"]


@pytest.mark.parametrize("happened", ["", "bind", "bind save", "bind expire"])
def test_of_a_long_label_a_part_is_remembered(happened: str) -> None:
    case, label = Case(), b"x" * 2000
    if "bind" in happened:
        case.service.save_dest(NOW, 5, label, b"", label)
    if "save" in happened:
        case.service.save_endp(NOW, 5, label, b"", 7)
    if "expire" in happened:
        case.play("wait 5")
    case.service.find_dest(label)
    case.service.find_endp(label)
    case.service.find_dest(label)
    told = case.report()
    [destination], [endpoint] = told["destinations"], told["endpoints"]
    assert len(destination["label"]) == len(endpoint["label"]) == 512
    assert (destination["hits"], destination["misses"]) == ((1, 1) if "save" in happened else (0, 2))
    for miss in told["misses"]["destination"]:
        assert len(miss["label"]) == len(miss.get("endpoint", "x" * 512)) == 512
    assert told["misses"]["endpoint"][0]["why"] == ("taken" if "save" in happened else "unknown")
    why = {"": "unknown", "bind": "unsaved", "bind save": "taken", "bind expire": "unbound"}
    assert told["misses"]["destination"][0]["why"] == why[happened]


def test_of_a_destinations_bindings_the_newest_are_told_and_blamed() -> None:
    case = Case()
    ends = [b"%d%s" % (number, b"x" * 2000) for number in range(10)]
    case.service.save_endp(NOW, 9, ends[0], b"", 7)
    for number, endpoint in enumerate(ends):
        case.service.save_dest(NOW, 90 - (number == 9), LABELS["D"], b"", endpoint)
    case.service.find_endp(ends[0])
    case.play("wait 1; find D; wait 3")
    [destination] = case.report()["destinations"]
    assert (destination["bindings"], destination["expires"]) == (10, 90 - 4)
    assert destination["endpoints"] == [each[:512].decode() for each in ends[2:]]
    missed = destination["missed"]
    assert (missed["why"], missed["endpoint"], missed["ago"]) == ("unsaved", ends[9][:512].decode(), 3)


def test_of_two_endpoints_that_lost_a_session_in_one_second_that_of_the_newer_binding_is_named() -> None:
    case = Case()
    case.play("bind D E 9; bind D E2 9; save E 9; save E2 9; find E; find E2; wait 2; find D; wait 3")
    miss = case.report()["misses"]["destination"][0]
    assert (miss["endpoint"], miss["ago"], miss["since"]) == (LABELS["E2"].decode(), 3, 2)


def test_few_near_labels_are_sought_among_few_and_only_for_what_is_unknown() -> None:
    case = Case()
    for number in range(7):
        case.service.save_endp(NOW, 9, b"smtp\n192.0.2.%d\n25\n0\n" % number, b"", number)
        case.service.find_endp(b"smtp\n192.0.2.%d\n25\n1\n" % number)
    sought = [miss.get("near") is not None for miss in case.report()["misses"]["endpoint"]]
    assert sought == [True] * 5 + [False] * 2


def test_no_near_label_is_sought_for_one_that_is_known() -> None:
    case = Case()
    case.play("save E_tls 9; save E 9; find E; find E")
    assert "near" not in case.report()["misses"]["endpoint"][0]


@pytest.mark.parametrize(
    ("others", "label", "found"),
    [
        (60, b"s%d\n192.0.2.1\n2525\n0\n", False),
        (40, b"s%d\n192.0.2.1\n2525\n0\n", True),
        (60, b"smtp\n192.0.2.1%d\n25\n0\n", True),
    ],
    ids=["many about the place", "not so many", "many about others"],
)
def test_a_near_label_is_sought_among_fifty_about_its_place(others: int, label: bytes, found: bool) -> None:
    case = Case()
    for number in range(others):
        case.service.save_endp(NOW, 9, label % number, b"", number)
    case.play("save E 9; find E_tls")
    assert ("near" in case.report()["misses"]["endpoint"][0]) is found


def test_a_report_whole() -> None:
    case = Case()
    case.play(
        "bind D E 30; wait 2; save E 20; save E2 9; wait 1; find D; find E2; find E2; wait 4; find D; wait 3"
    )
    taken = {
        "ago": 3,
        "label": "smtp\nexample.com\n",
        "why": "taken",
        "since": 4,
        "endpoint": LABELS["E"].decode(),
    }
    missed = {"ago": 7, "label": LABELS["E2"].decode(), "why": "taken", "since": 0}
    case.play("save E 20; bind D2 E2 5")
    assert case.report() == {
        "seconds": 10,
        "saved": 3,
        "cached": {"destinations": 2, "endpoints": 1, "sessions": 1, "bindings": 2, "bytes": 112},
        "ages": {
            "at_most": dict.fromkeys(("0", "1", "2", "5", "10", "30", "60", "300"), 1),
            "count": 1,
            "sum": 0,
        },
        "lately": LATELY,
        "destinations": [
            {
                "label": "smtp\nexample.com\n",
                "hits": 1,
                "misses": 1,
                "bindings": 1,
                "expires": 20,
                "endpoints": [LABELS["E"].decode()],
                "missed": taken,
            },
            {
                "label": "smtp\nexample.org\n",
                "hits": 0,
                "misses": 0,
                "bindings": 1,
                "expires": 5,
                "endpoints": [LABELS["E2"].decode()],
                "missed": None,
            },
        ],
        "endpoints": [
            {
                "label": LABELS["E2"].decode(),
                "hits": 1,
                "misses": 1,
                "sessions": 0,
                "oldest": None,
                "expires": None,
                "missed": missed,
            },
            {
                "label": LABELS["E"].decode(),
                "hits": 0,
                "misses": 0,
                "sessions": 1,
                "oldest": 0,
                "expires": 20,
                "missed": None,
            },
        ],
        "misses": {"destination": [taken], "endpoint": [missed]},
        "others": {name: {"labels": 0, "hits": 0, "misses": 0} for name in ("destination", "endpoint")},
    }


@pytest.mark.parametrize(
    ("part", "found"), [(b"A", ["A1", "bA2", "A3A"]), (b"3", ["A3A"]), (b"XX", []), (b"\xff", ["\udcff"])]
)
def test_all_cached_labels_with_a_part_are_told_in_their_order(part: bytes, found: list[str]) -> None:
    case = Case()
    for label in (b"A1", b"c", b"bA2", b"A3A", b"\xff"):
        case.service.save_endp(NOW, 9, label, b"", 7)
    assert [row["label"] for row in case.report(part)["endpoints"]] == found


def test_hits_beyond_the_busiest_labels_are_summed_up() -> None:
    case = Case()
    for number in range(150):
        case.service.save_endp(NOW, 9, b"%d" % number, b"", number)
        case.service.find_endp(b"%d" % number)
    assert case.report()["others"]["endpoint"] == {"labels": 50, "hits": 50, "misses": 0}


def test_cached_labels_are_told_though_nobody_asked_for_them() -> None:
    case = Case()
    for number in range(150):
        case.service.save_endp(NOW, 9, b"%d" % number, b"", number)
    told = case.report()
    assert [row["label"] for row in told["endpoints"]] == [str(number) for number in range(100)]
    assert told["others"]["endpoint"] == {"labels": 0, "hits": 0, "misses": 0}


@pytest.mark.parametrize(("one", "other"), [("E", "E2"), ("D", "D2"), ("D", "E"), ("E", "D sender")])
def test_labels_about_other_places_or_of_another_kind_differ_in_no_field(one: str, other: str) -> None:
    assert difference(LABELS[one], LABELS[other]) is None


def test_a_destination_that_is_called_as_an_address_isnt_near_to_it() -> None:
    assert difference(b"smtp\n192.0.2.1\n", LABELS["E"]) is None


def test_seconds_in_which_nothing_is_saved_take_no_place() -> None:
    case = Case(ttl_limit=100_000)
    case.play("save E 99999; wait 1")
    for _ in range(5000):
        case.play("wait 1")
    [endpoint] = case.report(LABELS["E"])["endpoints"]
    assert endpoint["oldest"] == 5001


def test_of_many_seconds_the_last_ones_are_remembered() -> None:
    case = Case(ttl_limit=100_000)
    case.play("save E 99999")
    for _ in range(5000):
        case.play("wait 1; save E2 1")
    assert len(case.history._seconds) <= 4096
    [endpoint] = case.report(LABELS["E"])["endpoints"]
    assert 2000 < endpoint["oldest"] < 5000
    ages = case.report()["ages"]
    assert ages["count"] == case.report()["cached"]["sessions"]
    assert ages["sum"] == endpoint["oldest"]


def test_two_observers_are_told_what_one_is_told() -> None:
    one, first, second = Witness(), Witness(), Witness()
    for observer in (one, Observers(first, second)):
        service = Service(Settings(skip_closed=True), sessions := PretendedSessions(), print, observer)
        sessions.hung_up_ones.add(8)
        service.save_dest(NOW, 9, b"D", b"", b"E")
        service.save_dest(NOW, 9, b"D", b"", b"E")
        service.find_dest(b"D")
        for descriptor in (7, 8):
            service.save_endp(NOW, 1, b"E", b"", descriptor)
        service.find_dest(b"D")
        service.find_endp(b"E")
        service.save_endp(NOW, 1, b"E", b"", 9)
        assert [session.descriptor for session in service.expire(NOW + 9)] == [9]
    assert first.told == second.told == one.told
    assert {told[0] for told in one.told} == {
        *("saved", "found", "unusable", "dropped", "no endpoint"),
        *("bound", "unbound", "passed over", "no destination"),
    }


def test_a_destination_whose_bindings_wait_to_be_dropped_has_none() -> None:
    witness = Witness()
    service = Service(Settings(), PretendedSessions(), print, witness)
    service.save_dest(NOW, 1, b"D", b"", b"E")
    assert list(service.expire(NOW + 1, 0)) == []
    assert service.find_dest(b"D") is None
    assert witness.told[1:] == [("no destination", b"D", False)]


def test_two_observers_are_told_the_same_and_bindings_passed_over_only_who_wants_to_know() -> None:
    first, second = History(NOW), History(NOW)
    service = Service(
        Settings(skip_closed=True), sessions := PretendedSessions(), print, Observers(first, second)
    )
    sessions.hung_up_ones.add(8)
    service.save_endp(NOW, 9, b"E", b"", 7)
    service.save_endp(NOW, 9, b"E", b"", 8)
    service.save_dest(NOW, 9, b"D", b"", b"E")
    service.find_dest(b"D")
    service.find_dest(b"D")
    service.find_endp(b"E")
    assert list(service.expire(NOW + 9)) == []
    for history in (first, second):
        assert list(history.destinations) == [b"D", (NOW, b"D", ("closed", NOW), b"E")]
        assert list(history.endpoints) == [(NOW, b"E", ("closed", NOW), None)]
        assert history._unbound._latest.keys() == {b"D"}
