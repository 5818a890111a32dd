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


def test_so_many_are_taken_at_a_time_and_the_rest_in_its_order() -> None:
    deadlines = queue(*(Entry(name, 10 + late) for late in (0, 1) for name in "abc"))
    assert deadlines.overdue == -1
    assert names(deadlines.take_due(11, 2)) == ["a", "b"]
    assert (deadlines.overdue, deadlines.next_due()) == (11, 0)
    assert names(deadlines.take_due(11, 2)) == ["c", "a"]
    assert names(deadlines.take_due(12, 3)) == ["b", "c"]
    assert (deadlines.overdue, deadlines.next_due()) == (-1, None)


def test_what_is_cancelled_while_it_waits_counts_for_nothing() -> None:
    gone = Entry("gone", 10)
    deadlines = queue(Entry("a", 10), gone, Entry("b", 10), Entry("c", 10))
    assert names(deadlines.take_due(10, 1)) == ["a"]
    deadlines.cancel(gone)
    assert names(deadlines.take_due(10, 1)) == ["b"]
    assert names(deadlines.take_due(10, 1)) == ["c"]


def test_what_was_due_is_gone_though_the_clock_goes_back() -> None:
    deadlines = queue(Entry("a", 10), Entry("b", 10), Entry("c", 11), Entry("later", 12))
    assert names(deadlines.take_due(11, 1)) == ["a"]
    assert names(deadlines.take_due(5, 1)) == ["b", "c"]
    assert (deadlines.overdue, deadlines.next_due()) == (-1, 12)


def test_an_earlier_second_than_the_one_under_way_comes_first() -> None:
    deadlines = queue(Entry("a", 10), Entry("b", 10))
    assert names(deadlines.take_due(10, 1)) == ["a"]
    deadlines.add(Entry("earlier", 9))
    assert names(deadlines.take_due(10, 1)) == ["earlier"]
    assert names(deadlines.take_due(10)) == ["b"]


def test_an_entry_is_queued_until_it_is_cancelled_or_taken_out() -> None:
    taken, cancelled, never = Entry("taken", 10), Entry("cancelled", 11), Entry("never", 12)
    deadlines = queue(taken, cancelled)
    assert [entry in deadlines for entry in (taken, cancelled, never)] == [True, True, False]
    deadlines.cancel(cancelled)
    assert names(deadlines.take_due(10)) == ["taken"]
    assert [entry in deadlines for entry in (taken, cancelled, never)] == [False, False, False]
