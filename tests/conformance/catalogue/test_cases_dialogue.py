from __future__ import annotations

import pytest

from conformance.catalogue.language.dialogue import DialogueError, case, parse
from conformance.catalogue.language.model import (
    Advance,
    Connect,
    Ended,
    Expect,
    HangUp,
    Heard,
    Held,
    Log,
    LoseMaster,
    OnProcess,
    ProcessStep,
    Reply,
    Send,
    Step,
    Terminate,
)
from scache.protocol.dialect import POSTFIX_3_6, Dialect

FIND = b"request\0find_endp\0label\0E\0\0"
MISS = b"status\x002\0property\0\0\0"
HIT = b"status\x000\0property\0P\0\0"
DUMMY = b"dummy\0\0\0"


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        (">> request=find_endp label=E .", [Send("a", FIND)]),
        (r">> 'x\0y'", [Send("a", b"x\0y")]),
        (">> 'a b'*3", [Send("a", b"a ba ba b")]),
        (r'>> label="a b\n\xff" .', [Send("a", b"label\0a b\n\xff\0\0")]),
        (">> label=xy*2", [Send("a", b"label\0xyxy\0")]),
        (">> label=x*3~y .", [Send("a", b"label\0xxxy\0\0")]),
        (r">> label='\n'*2~0*3~1", [Send("a", b"label\0\n\n0001\0")]),
        (">> label~x*2=E", [Send("a", b"labelxx\0E\0")]),
        (">> label= .", [Send("a", b"label\0\0\0")]),
        (">> dummy", [Send("a", DUMMY)]),
        (">> [A]", [Send("a", b"\0", ("A",))]),
        (">> [A B]", [Send("a", b"\0", ("A", "B"))]),
        (">> []", [Send("a", b"\0")]),
        (">> dummy @A", [Send("a", DUMMY, ("A",))]),
        ("<< status=2 property= .", [Expect("a", (Reply(MISS),))]),
        ("<< nothing", [Expect("a", (Reply(),))]),
        ("<< end", [Expect("a", (Reply(end=True),))]),
        ("<< dummy end", [Expect("a", (Reply(DUMMY, end=True),))]),
        ("<< nothing\nor << dummy", [Expect("a", (Reply(), Reply(DUMMY)))]),
        ("find_endp E = miss", [Send("a", FIND), Expect("a", (Reply(MISS),))]),
    ],
)
def test_a_client_s_line_connects_it_and_becomes_these_steps(text: str, steps: list[Step]) -> None:
    assert parse(text, POSTFIX_3_6) == (Connect("a"), *steps)


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("advance -10", [Advance(-10)]),
        ("log nothing", [Log(((),))]),
        ("log one\nlog two", [Log((("one", "two"),))]),
        ("log one\nlog two\nor log nothing", [Log((("one", "two"), ()))]),
        ("log x: ''", [Log((("x: ",),))]),
        ("log 'r'*3!", [Log((("rrr!",),))]),
        ("terminate", [Terminate()]),
        ("lose master", [LoseMaster()]),
        ("exit 0\nor exit -15", [Ended((0, -15))]),
        ("running", [Ended((None,))]),
        ("process flat cost", [OnProcess(ProcessStep.FLAT_COST)]),
        ("# a remark\n\nadvance 1", [Advance(1)]),
    ],
)
def test_a_daemon_s_line_becomes_these_steps(text: str, steps: list[Step]) -> None:
    assert parse(text, POSTFIX_3_6) == tuple(steps)


def test_without_the_waits_a_find_has_no_dummy() -> None:
    neither = Dialect(write_wait=False, read_wait=False)
    hit = Expect("a", (Reply(HIT + b"\0", ("A",)),))
    sent = Send("a", b"\0", ("A",))
    assert parse(">> [A]\nfind_endp E = P A", neither) == (Connect("a"), sent, Send("a", FIND), hit)


def test_clients_are_told_apart_and_connect_at_their_first_line() -> None:
    steps = parse("a: >> dummy\nb: connect silent\nb: << nothing\na: >> dummy", POSTFIX_3_6)
    assert steps == (
        Connect("a"),
        Send("a", DUMMY),
        Connect("b", greeted=False),
        Expect("b", (Reply(),)),
        Send("a", DUMMY),
    )


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("held A", [Held("A", (True,))]),
        ("free A\nor held A", [Held("A", (False, True))]),
        ("hang up A", [HangUp("A")]),
        (r"heard A 'QUIT\r\n'", [Heard("A", (b"QUIT\r\n",))]),
        ("heard A nothing", [Heard("A", (b"",))]),
        ("<< [A]", [Expect("a", (Reply(b"\0", ("A",)),))]),
        (
            "find_endp E = P A",
            [
                Send("a", FIND),
                Expect("a", (Reply(HIT),)),
                Send("a", DUMMY),
                Expect("a", (Reply(b"\0", ("A",)),)),
                Send("a", DUMMY),
            ],
        ),
    ],
)
def test_a_line_about_a_session_that_was_sent_becomes_these_steps(text: str, steps: list[Step]) -> None:
    assert parse(f">> [A]\n{text}", POSTFIX_3_6) == (Connect("a"), Send("a", b"\0", ("A",)), *steps)


#: Lines that can't be meant, and what is said of each.
NONSENSE = {
    "nonsense": "no such step",
    "b: terminate": "no such step",
    ">> neither": "neither an attribute nor raw bytes: neither",
    ">> 'open": "can't be read: 'open",
    ">> dummy @a": "not the name of a session: 'a'",
    "find_endp E": "find_endp LABEL = PROPERTY... TOKEN, or = miss: E",
    "find_endp E = P": "find_endp LABEL = PROPERTY... TOKEN, or = miss: E = P",
    "find_endp E = P a": "not the name of a session: 'a'",
    "find_endp E = P A": "no such session: A",
    "save_endp E P": "3 words expected: E P",
    "save_endp E P a": "not the name of a session: 'a'",
    "connect quietly": "it is `connect` or `connect silent`",
    "shutdown now": "nothing may follow, but 'now' does",
    "close b": "nothing may follow, but 'b' does",
    "advance soon": "invalid literal for int() with base 10: 'soon'",
    "pass": "invalid literal for int() with base 10: ''",
    "held a": "not the name of a session: 'a'",
    "held A B": "not the name of a session: 'A B'",
    "held A": "no such session: A",
    "free": "not the name of a session: ''",
    "<< [B]": "no such session: B",
    "terminate me": "nothing may follow, but 'me' does",
    "lose anything": "'master' expected, not 'anything'",
    "lose": "'master' expected, not ''",
    "lose master twice": "nothing may follow, but 'twice' does",
    "exit well": "invalid literal for int() with base 10: 'well'",
    "running fast": "nothing may follow, but 'fast' does",
    "hang A": "'up' expected, not 'A'",
    "hang upA": "'up' expected, not 'upA'",
    "hang up A": "no such session: A",
    "heard A QUIT": "heard TOKEN nothing, or quoted bytes",
    "heard A nothing": "no such session: A",
    "process frieze": "'frieze' is not a valid ProcessStep",
    "or << nothing": "not an alternative of the step before",
    "or nonsense": "no such step",
    "or free A": "not an alternative of the step before",
}


@pytest.mark.parametrize("line", NONSENSE)
def test_what_cannot_be_meant_names_the_case_and_the_line(line: str) -> None:
    nonsense = case("group/section/1", "It is nonsense.", "", f"connect\n{line}\nconnect")
    with pytest.raises(DialogueError) as refused:
        tuple(nonsense.steps)
    assert str(refused.value) == f"group/section/1: line 2: {line}: {NONSENSE[line]}"


def test_an_alternative_follows_something() -> None:
    with pytest.raises(DialogueError, match="line 1: or << nothing: no step before it"):
        parse("or << nothing", POSTFIX_3_6)


@pytest.mark.parametrize(
    ("text", "needs"),
    [
        ("connect", ()),
        ("advance 1", ("clock",)),
        ("log nothing", ("log",)),
        ("exit 0", ("signals",)),
        ("terminate\nlog nothing", ("log", "signals")),
        ("process flat cost", ("process",)),
    ],
)
def test_what_a_case_needs_follows_from_its_steps(text: str, needs: tuple[str, ...]) -> None:
    assert case("a/b/1", "A sentence.", "", text).needs == needs


def test_options_need_a_restart_and_a_dialect_needs_that_dialect() -> None:
    assert case("a/b/1", "A sentence.", "", "connect", options={"max_use": "1"}).needs == ("restart",)
    assert case("a/b/1", "A sentence.", "", "connect", dialect=Dialect(read_wait=False)).needs == ("dialect",)
