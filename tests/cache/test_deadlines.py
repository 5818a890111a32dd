from __future__ import annotations

from scache.cache.deadlines import Deadlines


class Entry:
    def __init__(self, name: str, due: int) -> None:
        self.name = name
        self.due = due


def names(entries: object) -> list[str]:
    return [entry.name for entry in entries]  # type: ignore[attr-defined]


def queue(*entries: Entry) -> Deadlines:
    deadlines = Deadlines()
    for entry in entries:
        deadlines.add(entry)
    return deadlines


def test_an_entry_is_due_from_its_second_on() -> None:
    deadlines = queue(Entry("a", 10))
    assert names(deadlines.take_due(9)) == []
    assert names(deadlines.take_due(10)) == ["a"]
    assert names(deadlines.take_due(10)) == []


def test_entries_fall_due_by_second_and_then_by_registration() -> None:
    deadlines = queue(Entry("late", 12), Entry("first", 11), Entry("second", 11), Entry("early", 10))
    assert names(deadlines.take_due(12)) == ["early", "first", "second", "late"]


def test_a_cancelled_entry_never_falls_due() -> None:
    gone = Entry("gone", 10)
    deadlines = queue(Entry("a", 10), gone, Entry("b", 10))
    deadlines.cancel(gone)
    assert names(deadlines.take_due(10)) == ["a", "b"]


def test_a_moved_entry_counts_as_registered_anew() -> None:
    moved = Entry("moved", 10)
    deadlines = queue(moved, Entry("a", 11), Entry("b", 10))
    deadlines.move(moved, 11)
    assert names(deadlines.take_due(11)) == ["b", "a", "moved"]


def test_an_entry_moved_to_its_own_second_goes_to_the_end_of_it() -> None:
    moved = Entry("moved", 10)
    deadlines = queue(moved, Entry("a", 10))
    deadlines.move(moved, 10)
    assert names(deadlines.take_due(10)) == ["a", "moved"]


def test_the_next_due_second_is_the_earliest() -> None:
    assert queue().next_due() is None
    assert queue(Entry("a", 12), Entry("b", 11)).next_due() == 11


def test_an_entry_added_while_others_are_taken_waits_for_its_own_second() -> None:
    deadlines = queue(Entry("a", 10))
    taken = []
    for entry in deadlines.take_due(10):
        taken.append(entry.name)
        deadlines.add(Entry("b", 11))
    assert taken == ["a"]
    assert names(deadlines.take_due(11)) == ["b"]
