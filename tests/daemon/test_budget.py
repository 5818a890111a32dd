"""Bytes that clients may hold all together, and who has to go beyond them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scache.daemon.budget import Budget


def test_up_to_the_limit_nobody_has_to_go() -> None:
    budget = Budget(100)
    assert [budget.hold(name, 25) for name in "abcd"] == [None] * 4
    assert budget.total == 100


def test_beyond_it_goes_who_has_more_than_its_share() -> None:
    budget = Budget(100)
    budget.hold("small", 10)
    assert budget.hold("big", 91) == "big"


def test_a_small_one_that_is_the_last_drop_stays_and_the_biggest_goes() -> None:
    budget = Budget(100)
    budget.hold("small", 10)
    budget.hold("big", 85)
    assert budget.hold("late", 6) == "big"


def test_what_is_let_go_is_free_for_others() -> None:
    budget = Budget(100)
    budget.hold("a", 100)
    assert budget.hold("a", 0) is None
    assert budget.hold("b", 100) is None


def test_to_hold_more_counts_the_difference_only() -> None:
    budget = Budget(100)
    budget.hold("a", 60)
    assert budget.hold("a", 90) is None
    assert budget.total == 90


@given(st.integers(1, 50), st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 30))))
def test_the_total_is_the_sum_and_never_stays_beyond_the_limit_when_the_named_ones_go(
    limit: int, steps: list[tuple[str, int]]
) -> None:
    budget, held = Budget(limit), dict.fromkeys("abcdef", 0)
    for name, size in steps:
        held[name] = size
        leaving = budget.hold(name, size)
        while leaving is not None:
            assert held[str(leaving)] > 0
            budget.hold(leaving, 0)
            held[str(leaving)] = 0
            largest = max(held, key=held.__getitem__)
            leaving = budget.hold(largest, held[largest])
        assert budget.total == sum(held.values()) <= limit


def test_where_there_is_no_memory_the_limit_shrinks_and_the_biggest_is_named() -> None:
    budget = Budget(1000)
    budget.hold("small", 10)
    budget.hold("big", 90)
    assert budget.shrink() == "big"
    assert budget.limit == 75


def test_a_limit_only_shrinks() -> None:
    budget = Budget(10)
    assert budget.shrink() is None
    budget.hold("a", 20)
    budget.shrink()
    assert budget.limit == 0
