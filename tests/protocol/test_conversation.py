"""Conversations as dialogues, read from top to bottom.

>> request=find_endp label=E ;     the client sends these attributes (`;` is the end of the list)
>> [3]                             the client sends the byte that is due, with descriptor 3
<< status=0 ;                      the server sends this
<< [3]                             the server hands descriptor 3 over
!! text                            the server logs a warning
-- close | discard 3               the server closes the connection, or a descriptor
~~ end | timeout | not sent        no more bytes come; the time limit is over; the hand-over fails
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scache.cache.service import Service
from scache.config.settings import Settings
from scache.protocol.actions import Close, Continue, Discard, HandOver, Warn, listed
from scache.protocol.conversation import Conversation
from scache.protocol.dialect import Dialect
from scache.protocol.states import PARAMETERS, Event, State, transitions
from tests.support.pretended_sessions import PretendedSessions

NOW = 1_800_000_000


def encoded(text: str) -> bytes:
    words = [word.replace("=", "\0") + "\0" if word != ";" else "\0" for word in text.split()]
    return "".join(words).encode()


def decoded(data: bytes) -> str:
    words = []
    strings = data.split(b"\0")
    while strings != [b""]:
        name = strings.pop(0).decode()
        words.append(f"{name}={strings.pop(0).decode()}" if name else ";")
    return " ".join(words)


class Script:
    """Plays the client's lines of a dialogue to a conversation and writes down what comes back."""

    def __init__(
        self,
        dialect: Dialect,
        message_limit: int = 1 << 20,
        kind: type[Conversation] = Conversation,
        status: Callable[[bytes], bytes] | None = b"about-%b".__mod__,
        **better: int,
    ) -> None:
        self.sessions = PretendedSessions()
        self.bounds_met: list[str] = []
        self.service = Service(Settings(ttl_limit=10, **better), self.sessions, self.bounds_met.append)
        self.conversation = kind(self.service, dialect, "scache socket", message_limit, status)
        self.fails = False
        self.lines: list[str] = []
        self._note(self.conversation.open())

    def play(self, line: str) -> None:
        self.lines.append(line)
        match line[:2], line[3:]:
            case ">>", text if text.startswith("["):
                descriptors = [int(word) for word in text.strip("[]").split()]
                assert self.conversation.descriptor_due
                self._note(self.conversation.receive_descriptors(descriptors, NOW))
            case ">>", text:
                data = encoded(text)
                limit = self.conversation.read_limit
                for start in range(0, len(data), limit):
                    assert not self.conversation.descriptor_due
                    self._note(self.conversation.receive(data[start : start + limit], NOW))
            case "~~", "not sent":
                self.fails = True
            case "~~", "end":
                self._note(self.conversation.end(NOW))
            case "~~", "timeout":
                self._note(self.conversation.end(NOW, timed_out=True))
            case _:
                raise ValueError(line)

    def descriptor(self, label: bytes) -> int | None:
        """Of the session that the service finds for the endpoint."""
        found = self.service.find_endp(label)
        return found and found.session.descriptor

    def _note(self, answer: Any) -> None:
        for action in listed(answer):
            match action:
                case bytes(data):
                    self.lines.append(f"<< {decoded(data)}")
                case HandOver(descriptor=descriptor):
                    error = "Broken pipe" if self.fails else None
                    self.lines.append(f"<< [{descriptor}]")
                    self._note(self.conversation.handed_over(NOW, error))
                case Discard(descriptor=descriptor):
                    self.lines.append(f"-- discard {descriptor}")
                case Warn(text=text):
                    self.lines.append(f"!! {text.removeprefix('warning: ')}")
                case Continue():
                    self._note(self.conversation.go_on(NOW))
                case Close():
                    self.lines.append("-- close")


QUIET = Dialect(announcement=False)
SAVED = """
    >> request=save_endp ttl=2 label=E property=EP ;
    << dummy= ;
    >> [3]
    << status=0 ;
"""

DIALOGUES = {
    "status": """
    >> request=status label=E ;
    << status=0 property=about-E ;
    >> request=status label= ;
    << status=0 property=about- ;
    """,
    "status without its label": """
    >> request=status ;
    !! missing attribute label in input from scache socket
    !! scache_status_service: bad or missing request parameter
    << status=1 property= ;
    """,
    "save_endp, find_endp": SAVED
    + """
    >> request=find_endp label=E ;
    << status=0 property=EP ;
    >> dummy= ;
    << [3]
    >> dummy= ;
    >> request=find_endp label=E ;
    << status=2 property= ;
    """,
    "save_dest, find_dest": SAVED
    + """
    >> request=save_dest ttl=2 label=D property=DP label=E ;
    << status=0 ;
    >> request=find_dest label=D ;
    << status=0 property=DP property=EP ;
    >> dummy= ;
    << [3]
    >> dummy= ;
    >> request=find_dest label=D ;
    << status=2 property= property= ;
    """,
    "the last dummy glued to the next request": SAVED
    + """
    >> request=find_endp label=E ;
    << status=0 property=EP ;
    >> dummy= ;
    << [3]
    >> dummy= ; request=find_endp label=E ;
    << status=2 property= ;
    """,
    "both dummies glued to the next request": SAVED
    + """
    >> request=find_endp label=E ;
    << status=0 property=EP ;
    >> dummy= ; dummy= ; request=find_endp label=E ;
    << [3]
    << status=2 property= ;
    """,
    "of two glued requests only the first is answered": """
    >> request=find_endp label=E ; request=find_dest label=D ;
    << status=2 property= ;
    >> request=find_dest label=D ;
    << status=2 property= property= ;
    """,
    "bad parameters": """
    >> request=save_endp ttl=0 label=E property=EP ;
    !! scache_save_endp_service: bad or missing request parameter
    << status=1 ;
    >> request=save_dest ttl=-1 label=D property=DP label=E ;
    !! scache_save_dest_service: bad or missing request parameter
    << status=1 ;
    >> request=find_endp ;
    !! missing attribute label in input from scache socket
    !! scache_find_endp_service: bad or missing request parameter
    << status=1 property= ;
    >> request=find_dest foo=bar ;
    !! unexpected attribute foo from scache socket (expecting: label)
    !! scache_find_dest_service: bad or missing request parameter
    << status=1 property= property= ;
    """,
    "an unknown request": """
    >> request=frobnicate ;
    !! unrecognized request: "frobnicate", ignored
    << status=1 ;
    """,
    "an extra attribute only warns": """
    >> request=find_endp label=E foo=bar ;
    !! unexpected attribute foo from scache socket (expecting: (list terminator))
    << status=2 property= ;
    """,
    "junk before a request is skipped string by string": """
    >> foo=bar ; request=find_endp label=E ;
    !! unexpected attribute foo from scache socket (expecting: request)
    !! unexpected attribute bar from scache socket (expecting: request)
    !! missing attribute request in input from scache socket
    << status=2 property= ;
    """,
    "no descriptor": """
    >> request=save_endp ttl=2 label=E property=EP ;
    << dummy= ;
    >> []
    !! scache_save_endp_service: unable to receive file descriptor: 0 descriptors came
    << status=2 ;
    >> request=find_endp label=E ;
    << status=2 property= ;
    """,
    "two descriptors are closed and refused": """
    >> request=save_endp ttl=2 label=E property=EP ;
    << dummy= ;
    >> [3 4]
    -- discard 3
    -- discard 4
    !! scache_save_endp_service: unable to receive file descriptor: 2 descriptors came
    << status=2 ;
    """,
    "a wrong first dummy costs the session": SAVED
    + """
    >> request=find_endp label=E ;
    << status=0 property=EP ;
    >> ;
    !! missing attribute dummy in input from scache socket
    !! scache_find_endp_service: cannot send file descriptor: no dummy came
    -- discard 3
    >> request=find_endp label=E ;
    << status=2 property= ;
    """,
    "a request in place of the last dummy is skipped": SAVED
    + """
    >> request=find_endp label=E ;
    << status=0 property=EP ;
    >> dummy= ;
    << [3]
    >> request=find_endp label=q ;
    !! unexpected attribute request from scache socket (expecting: dummy)
    !! scache_find_endp_service: cannot send file descriptor: no dummy came
    !! unexpected attribute find_endp from scache socket (expecting: request)
    !! unexpected attribute label from scache socket (expecting: request)
    !! unexpected attribute q from scache socket (expecting: request)
    !! missing attribute request in input from scache socket
    """,
    "a failed hand-over only warns": SAVED
    + """
    >> request=find_endp label=E ;
    << status=0 property=EP ;
    ~~ not sent
    >> dummy= ;
    << [3]
    !! scache_find_endp_service: cannot send file descriptor: Broken pipe
    >> request=find_endp label=E ;
    << status=2 property= ;
    """,
    "the end between two messages": """
    ~~ end
    -- close
    """,
    "the end inside the parameters is still answered": """
    >> request=find_dest label=D
    ~~ end
    !! premature end-of-input on scache socket while reading input attribute name
    !! scache_find_dest_service: bad or missing request parameter
    << status=1 property= property= ;
    -- close
    """,
    "the end in place of the descriptor": """
    >> request=save_endp ttl=2 label=E property=EP ;
    << dummy= ;
    ~~ end
    !! scache_save_endp_service: unable to receive file descriptor: 0 descriptors came
    << status=2 ;
    -- close
    """,
    "the time limit while the first dummy is due": SAVED
    + """
    >> request=find_endp label=E ;
    << status=0 property=EP ;
    ~~ timeout
    !! scache_find_endp_service: cannot send file descriptor: no dummy came
    -- discard 3
    -- close
    """,
}


def played(script: Script, dialogue: str) -> tuple[list[str], list[str]]:
    expected = [line.strip() for line in dialogue.strip().splitlines() if line.strip()]
    for line in expected:
        if line[:2] in (">>", "~~"):
            script.play(line)
    return script.lines, expected


@pytest.mark.parametrize("name", DIALOGUES)
def test_a_dialogue_runs_as_written(name: str) -> None:
    lines, expected = played(Script(QUIET), DIALOGUES[name])
    assert lines == expected


DIALECTS = {
    "announcement": (Dialect(), "<< protocol=connection_cache_protocol ;" + SAVED),
    "write-wait only": (
        Dialect(announcement=False, read_wait=False),
        SAVED
        + """
        >> request=find_endp label=E ;
        << status=0 property=EP ;
        >> dummy= ;
        << [3]
        >> request=find_endp label=E ;
        << status=2 property= ;
        """,
    ),
    "read-wait only": (
        Dialect(announcement=False, write_wait=False),
        """
        >> request=save_endp ttl=2 label=E property=EP ;
        >> [3]
        << status=0 ;
        >> request=find_endp label=E ;
        << status=0 property=EP ;
        << [3]
        >> dummy= ;
        >> request=find_endp label=E ;
        << status=2 property= ;
        """,
    ),
    "neither wait": (
        Dialect(announcement=False, write_wait=False, read_wait=False),
        """
        >> request=save_endp ttl=2 label=E property=EP ;
        >> [3]
        << status=0 ;
        >> request=find_endp label=E ;
        << status=0 property=EP ;
        << [3]
        >> request=find_endp label=E ;
        << status=2 property= ;
        """,
    ),
}


@pytest.mark.parametrize("name", DIALECTS)
def test_each_dialect_has_its_own_steps(name: str) -> None:
    dialect, dialogue = DIALECTS[name]
    lines, expected = played(Script(dialect), dialogue)
    assert lines == expected


def test_without_write_wait_bytes_are_read_one_by_one() -> None:
    limits = [Script(Dialect(write_wait=wait)).conversation.read_limit for wait in (True, False)]
    assert limits == [4096, 1]


def test_a_message_beyond_the_limit_closes_the_connection() -> None:
    script = Script(QUIET, message_limit=5000)
    script.play(f">> request=find_endp label={'x' * 6000}")
    assert script.lines[1:] == [
        "!! message on scache socket exceeds 5000 bytes",
        "!! premature end-of-input on scache socket while reading input attribute name",
        "!! scache_find_endp_service: bad or missing request parameter",
        "<< status=1 property= ;",
        "-- close",
    ]


@pytest.mark.interpreted
def test_the_dialogues_drive_every_edge_of_the_table() -> None:
    driven: set[tuple[State, Event]] = set()

    class Row(dict[Event, State]):
        """A state's row of the table, which notes where it is looked up."""

        def __init__(self, state: State, row: dict[Event, State]) -> None:
            super().__init__(row)
            self._state = state

        def __getitem__(self, event: Event) -> State:
            driven.add((self._state, event))
            return super().__getitem__(event)

    class Noting(Conversation):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            self._transitions = {state: Row(state, row) for state, row in self._transitions.items()}
            self._outcomes = self._transitions[PARAMETERS]

    for dialogue in DIALOGUES.values():
        for keep in (False, True):  # what comes of a session that was found by a client that then leaves
            played(Script(QUIET, kind=Noting, keep_unclaimed=keep), dialogue)
    table = transitions(write_wait=True, read_wait=True)
    edges = {(state, event) for state, row in table.items() for event in row}
    assert (edges - driven, driven - edges, len(edges)) == (set(), set(), 19)


def test_where_status_is_off_it_is_an_unknown_request_to_the_byte() -> None:
    asked = """
    >> request=status label=E ;
    << status=1 ;
    !! unrecognized request: "status", ignored
    """
    lines, _expected = played(Script(QUIET, status=None), asked)
    other, _expected = played(Script(QUIET, status=None), asked.replace("status label", "foobar label"))
    assert [line.replace("foobar", "status") for line in other] == lines
    assert lines[1:] == ['!! unrecognized request: "status", ignored', "<< status=1 ;"]


#: dialect, what is asked for, what the conversation does about it, where a destination has many bindings
AFTER_MANY = [
    (QUIET, "find_dest label=D", [bytes, Continue]),
    (Dialect(write_wait=False), "find_dest label=D", [bytes, HandOver, Continue]),
    (QUIET, "find_dest label=other", [bytes]),
    (QUIET, "find_endp label=other", [bytes]),
    (QUIET, "status label=", [bytes, Continue]),
]


@pytest.mark.parametrize(("dialect", "asked", "does"), AFTER_MANY)
@pytest.mark.parametrize("many", [False, True])
def test_who_has_many_bindings_looked_through_has_had_its_share_of_the_turn(
    dialect: Dialect, asked: str, does: list[type], many: bool
) -> None:
    script = Script(dialect)
    for number in range(101 if many else 100):
        assert script.service.save_dest(NOW, 2, b"D", b"DP", b"E%d" % number)
    assert script.service.save_endp(NOW, 2, b"E99", b"EP", 3)
    script.service.find_dest(b"D" if asked.startswith("find_endp") else b"none")

    data, limit = encoded(f"request={asked} ;"), script.conversation.read_limit
    for start in range(0, len(data), limit):
        actions = listed(script.conversation.receive(data[start : start + limit], NOW))
    if not many and "label=D" in asked:
        does = does[:-1]
    assert [type(action) for action in actions] == does


def test_an_unclaimed_session_can_stay_in_the_cache_in_its_old_place() -> None:
    script = Script(QUIET, keep_unclaimed=True)
    lines, expected = played(
        script,
        SAVED
        + SAVED.replace("[3]", "[4]")
        + """
        >> request=find_endp label=E ;
        << status=0 property=EP ;
        ~~ end
        -- close
        """,
    )
    assert lines == expected
    assert [script.descriptor(b"E") for _ in range(3)] == [3, 4, None]


def test_an_unclaimed_session_past_its_due_second_is_closed_all_the_same() -> None:
    script = Script(QUIET, keep_unclaimed=True)
    played(script, SAVED + ">> request=find_endp label=E ;")
    late = script.conversation.end(NOW + 2)
    assert [action.descriptor for action in late if isinstance(action, Discard)] == [3]


def test_the_only_session_of_an_endpoint_can_be_put_back_and_found_again() -> None:
    script = Script(QUIET, keep_unclaimed=True)
    played(script, SAVED + ">> request=find_endp label=E ;\n~~ end")
    assert script.service.sizes == (0, 1, 1)
    assert script.descriptor(b"E") == 3


@pytest.mark.parametrize(("passed", "kept"), [(0, True), (1, True), (2, False)])
def test_a_session_that_cannot_be_sent_has_its_old_place_while_it_is_not_due(passed: int, kept: bool) -> None:
    script = Script(QUIET)
    played(script, SAVED + SAVED.replace("[3]", "[4]") + ">> request=find_endp label=E ;")
    (sending,) = listed(script.conversation.receive(encoded("dummy= ;"), NOW))
    assert isinstance(sending, HandOver)
    actions = script.conversation.undeliverable(NOW + passed, "Too many references")
    assert [type(action) for action in actions] == ([Warn, Close] if kept else [Warn, Discard, Close])
    assert [action.text for action in actions if isinstance(action, Warn)] == [
        "warning: scache_find_endp_service: cannot send file descriptor: Too many references"
    ]
    assert [action.descriptor for action in actions if isinstance(action, Discard)] == ([] if kept else [3])
    assert script.descriptor(b"E") == (3 if kept else 4)
    assert not script.conversation.waiting


def test_sessions_that_their_remote_side_has_closed_can_be_skipped() -> None:
    script = Script(QUIET, skip_closed=True)
    script.sessions.hung_up_ones.update({3, 5})
    played(script, "".join(SAVED.replace("[3]", f"[{number}]") for number in (3, 4, 5)))
    played(script, ">> request=save_dest ttl=2 label=D property=DP label=E ;")
    assert script.descriptor(b"E") == 4
    assert script.service.find_dest(b"D") is None
    assert script.sessions.discarded == [3, 5]


def test_one_turn_scans_no_more_than_its_share_and_the_next_ones_go_on() -> None:
    conversation = Script(QUIET).conversation
    actions = conversation.receive(b"\0" * 40 + encoded("request=find_endp label=E ;"), NOW)
    shares = []
    while isinstance(actions[-1], Continue):
        shares.append(len(actions) - 1)
        actions = conversation.go_on(NOW)
    assert shares == [16, 16]
    assert [type(action) for action in actions] == [Warn] * 8 + [bytes]


def test_a_save_without_room_is_answered_as_failed_and_its_descriptor_closed() -> None:
    lines, expected = played(
        Script(QUIET, cache_size_limit=2),
        """
        >> request=save_endp ttl=2 label=E property=EP ;
        << dummy= ;
        >> [3]
        -- discard 3
        << status=2 ;
        >> request=save_dest ttl=2 label=D property=DP label=E ;
        << status=2 ;
        >> request=save_endp ttl=2 label=E property=P ;
        << dummy= ;
        >> [4]
        << status=0 ;
        """,
    )
    assert lines == expected


WAITS = [
    ("", False),
    (">> request=find_endp", True),
    (">> request=find_endp label=E ;", False),
    (SAVED, False),
    (">> request=save_endp ttl=2 label=E property=EP ;", True),
    (SAVED + ">> request=find_endp label=E ;", True),
    (SAVED + ">> request=find_endp label=E ;\n>> dummy= ;", True),
    (SAVED + ">> request=find_endp label=E ;\n>> dummy= ;\n>> dummy= ;", False),
    (">> request=save_endp ttl=2 label=E property=EP ;\n~~ end", False),
]


@pytest.mark.parametrize(("dialogue", "waiting"), WAITS)
def test_the_time_limit_counts_while_something_is_due(dialogue: str, waiting: bool) -> None:
    script = Script(QUIET)
    played(script, dialogue)
    assert script.conversation.waiting is waiting


def test_a_message_is_unfinished_from_its_first_byte_to_its_last() -> None:
    script = Script(QUIET)
    unfinished = []
    for text in ("req", "uest", "\0find", "_endp\0la", "bel\0", "E\0", "\0"):
        script.conversation.receive(text.encode(), NOW)
        unfinished.append(script.conversation.unfinished)
    assert unfinished == [3, 7, 12, 2, 6, 8, 0]


SAVE = ">> request=save_endp ttl=2 label=E property="
HOLDS = [
    (SAVE + "x" * 5000 + " ;", 5001),
    (SAVE + "x" * 4095 + " ;", 0),
    (SAVE + "x" * 5000 + " ;\n>> [3]", 0),
    (SAVE + "x" * 5000 + " ;\n>> []", 0),
    (SAVE + "x" * 5000 + " ;\n>> [3]\n>> request=find_endp label=E ;", 5001),
    (SAVE + "x" * 4095 + " ;\n>> [3]\n>> request=find_endp label=E ;", 0),
    (SAVE + "x" * 5000 + " ;\n>> [3]\n>> request=find_endp label=E ;\n>> dummy= ;", 0),
    (SAVE + "x" * 5000 + " ;\n>> [3]\n>> request=find_endp label=E ;\n~~ end", 0),
]


@pytest.mark.parametrize(("dialogue", "held"), HOLDS, ids=range(len(HOLDS)))
def test_much_that_a_request_holds_until_its_session_comes_or_goes_is_counted(
    dialogue: str, held: int
) -> None:
    script = Script(QUIET, cache_size_limit=1 << 20)
    played(script, dialogue)
    assert script.conversation.unfinished == held


def test_a_conversation_that_is_over_has_nothing_more_to_say() -> None:
    script = Script(QUIET)
    played(script, "~~ end")
    assert script.conversation.end(NOW) == ()


def test_a_session_is_put_back_only_if_its_client_had_not_asked_for_it() -> None:
    script = Script(QUIET, keep_unclaimed=True)
    played(script, SAVED + ">> request=find_endp label=E ;\n>> dummy= ;\n~~ end")
    assert script.service.sizes == (0, 0, 0)


def test_a_save_that_comes_in_pieces_counts_from_its_last_one() -> None:
    script = Script(QUIET)
    message = encoded("request=save_dest ttl=2 label=D property=DP label=E ;")
    assert script.conversation.receive(message[:20], NOW) == []
    script.conversation.receive(message[20:], NOW + 5)
    assert script.service.next_due() == NOW + 7


def test_a_save_that_waits_for_the_next_turn_counts_from_that() -> None:
    script = Script(QUIET)
    junk_and_save = b"\0" * 20 + encoded("request=save_dest ttl=2 label=D property=DP label=E ;")
    assert isinstance(script.conversation.receive(junk_and_save, NOW)[-1], Continue)
    script.conversation.go_on(NOW + 5)
    assert script.service.next_due() == NOW + 7


@pytest.mark.parametrize("error", [None, "Broken pipe"])
def test_a_save_behind_what_asks_for_a_descriptor_counts_from_the_hand_over(error: str | None) -> None:
    script = Script(QUIET)
    played(script, SAVED + ">> request=find_endp label=E ;")
    list(script.service.clear())
    dummies = "dummy= ; " * (1 if error else 2)
    glued = encoded(dummies + "request=save_dest ttl=2 label=D property=DP label=E ;")
    assert [type(action) for action in script.conversation.receive(glued, NOW)] == [HandOver]
    script.conversation.handed_over(NOW + 5, error)
    assert script.service.next_due() == NOW + 7


def test_a_ttl_of_one_second_is_good() -> None:
    script = Script(QUIET)
    played(script, ">> request=save_dest ttl=1 label=D property=DP label=E ;")
    assert script.lines[1:] == ["<< status=0 ;"]


def test_one_byte_at_a_time_is_due_only_for_a_descriptor() -> None:
    script = Script(QUIET)
    due = [script.conversation.descriptor_due]
    for line in (">> request=save_endp ttl=2 label=E property=EP ;", ">> [3]"):
        script.play(line)
        due.append(script.conversation.descriptor_due)
    assert due == [False, True, False]


def test_a_message_as_long_as_the_limit_is_not_beyond_it() -> None:
    script = Script(QUIET, message_limit=8)
    assert script.conversation.receive(b"12345678", NOW) == []
    assert [type(action) for action in script.conversation.receive(b"9", NOW)][-1] is Close


def test_a_session_whose_client_sends_too_much_in_place_of_a_dummy_can_stay_in_the_cache() -> None:
    script = Script(QUIET, message_limit=99, keep_unclaimed=True)
    played(script, SAVED + ">> request=find_endp label=E ;")
    script.conversation.receive(b"x" * 100, NOW)
    assert script.descriptor(b"E") == 3


def test_a_client_that_goes_without_a_word_has_nothing_to_put_back() -> None:
    script = Script(QUIET, keep_unclaimed=True)
    played(script, "~~ end")
    assert script.lines == ["~~ end", "-- close"]


def test_a_session_that_a_wrong_dummy_has_cost_is_not_put_back() -> None:
    script = Script(QUIET, keep_unclaimed=True)
    played(script, SAVED + ">> request=find_endp label=E ;\n>> ;\n~~ end")
    assert script.lines[-2:] == ["~~ end", "-- close"]
    assert script.service.sizes == (0, 0, 0)


words = st.one_of(
    st.sampled_from(["request=save_endp", "request=find_endp", "request=find_dest", "request=save_dest"]),
    st.sampled_from(["request=x", "ttl=2", "ttl=0", "ttl=x", "ttl=+3", "label=E", "label=", "property=P"]),
    st.sampled_from(["dummy=", "dummy=x", ";", "foo=b"]),
)
lists = st.lists(words, min_size=1, max_size=7).map(" ".join)
good = st.sampled_from(
    [
        "request=save_endp ttl=2 label=E property=EP ;",
        "request=find_endp label=E ;",
        "request=save_dest ttl=2 label=D property=DP label=E ;",
        "request=find_dest label=D ;",
        "dummy= ;",
    ]
)


@pytest.mark.interpreted
@given(st.lists(good | lists, max_size=12))
def test_the_shortcut_for_whole_lists_gives_the_same_as_the_scanner(messages: list[str]) -> None:
    class ByScannerAlone(Conversation):
        __slots__ = ()

        def receive(self, data: bytes, now: int) -> Sequence[object]:  # type: ignore[override]
            self._scanner.feed(data)
            return self._scan(now)

    quick, thorough = Script(QUIET), Script(QUIET, kind=ByScannerAlone)
    for number, message in enumerate(messages, 10):
        for script in (quick, thorough):
            script.play(f">> [{number}]" if script.conversation.descriptor_due else f">> {message}")
        assert quick.conversation._state is thorough.conversation._state
    assert quick.lines == thorough.lines
