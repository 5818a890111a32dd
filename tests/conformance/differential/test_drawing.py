"""What differential runs draw: borders, near twins, crowds, large times; and the count of what was met."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from conformance.catalogue.language.model import Advance, PassTime, Send
from conformance.contract.borders import border, padded, twin
from conformance.contract.target import Received
from conformance.differential.coverage import Coverage, Seldom
from conformance.differential.drawing import draw_stretch
from conformance.differential.stretch import Entry
from conformance.differential.unit import Ask, Find, Late, Leave, Look, Move, Save


def test_a_border_is_a_power_of_two_or_ten_or_one_beside_it() -> None:
    drawn = {border(random.Random(seed), 1024) for seed in range(3000)}
    assert {1, 2, 255, 256, 257, 999, 1000, 1001, 1023, 1024} <= drawn
    assert max(drawn) == 1024
    assert not drawn & {300, 700, 1002}


@pytest.mark.parametrize(("text", "size"), [(b"ab", 1), (b"ab", 2), (b"ab", 7), (b"", 0), (b"x", 4097)])
def test_a_padded_text_has_the_size(text: bytes, size: int) -> None:
    assert len(padded(text, size)) == size


@pytest.mark.parametrize("text", [b"", b"a", b"Mx.Test", b"\x01", b"\xff\xfe", b"x" * 4096])
def test_twins_are_texts_without_a_nul_of_nearly_the_same_size(text: bytes) -> None:
    twins = {twin(random.Random(seed), text) for seed in range(200)}
    assert len(twins - {text}) >= 3
    assert all(b"\0" not in each and abs(len(each) - len(text)) <= 1 for each in twins)


def test_stretches_differ_in_how_much_they_draw_and_how_far_time_goes() -> None:
    drawn = [draw_stretch(seed) for seed in range(160)]
    counts = Counter(len(units) for _, units in drawn)
    assert counts[60] > 20
    assert {60, 72, 84} <= counts.keys()
    assert max(counts) > 2000
    moves = [unit.seconds for _, units in drawn for unit in units if isinstance(unit, Move | Late)]
    assert max(moves) >= 604_800
    assert min(moves) < 0
    assert {options["connection_cache_ttl_limit"] for options, _ in drawn} >= {"2", "65536", "86400"}


def test_a_request_that_comes_late_finds_that_time_has_passed() -> None:
    unit = Late(5, Save("client 0", (b"x",)))
    assert list(unit.play()) == [PassTime(5), Send("client 0", b"x")]


def test_a_slow_reader_looks_at_the_answer_in_a_step_of_its_own() -> None:
    unit = Find("client 0", (b"x",), (), (), slow=True)
    steps = unit.play()
    assert [next(steps), steps.send(Received())] == [Ask("client 0", b"x"), Look("client 0")]


def test_of_nine_stretches_one_is_a_crowd_and_one_has_long_answers() -> None:
    sizes = [
        [len(piece) for unit in draw_stretch(seed)[1] for piece in pieces(unit)] for seed in range(9, 18)
    ]
    assert [seed for seed, drawn in enumerate(sizes, 9) if len(drawn) > 1000] == [9]
    assert [seed for seed, drawn in enumerate(sizes, 9) if max(drawn) > 110_000] == [13]


def test_a_stretch_ends_with_lookups() -> None:
    assert all(isinstance(unit, Find) for unit in draw_stretch(9)[1][-100:])


def pieces(unit: object) -> tuple[bytes, ...]:
    return getattr(unit, "pieces", ())


def entry(action: object, received: bytes = b"", sessions: tuple[tuple[str, bool], ...] = ()) -> Entry:
    both = Received(received), Received(received)
    return Entry(action, both, ([], []), (sessions, sessions))  # type: ignore[arg-type]


def test_what_was_met_is_counted() -> None:
    coverage = Coverage()
    units = [
        Save("a", (b"x" * 50, b"y" * 50)),
        Late(1, Save("a", (b"x" * 70_000,))),
        Leave("a", False),
        Move(-1),
    ]
    gone = tuple((f"T{number}", False) for number in range(10))
    coverage.add(units, [entry(Advance(86_400), sessions=gone), entry(Look("a"), b"x" * 300_000)])
    assert coverage.met == {("Save", "<1000", "<10"): 1, ("Save", "more", "<10"): 1}
    assert {what for what in Seldom if coverage.seldom[what]} == {
        Seldom.LONG_FIELD,
        Seldom.LONG_ANSWER,
        Seldom.DAYS,
        Seldom.BACK,
        Seldom.LATE,
        Seldom.SEVERAL_DUE,
        Seldom.IN_PIECES,
        Seldom.BEHIND_THE_BUFFER,
    }
    assert coverage.missing == [each for each in Seldom if not coverage.seldom[each]]
    assert next(coverage.lines()).startswith("2 of 80 met")
