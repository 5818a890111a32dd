from __future__ import annotations

from scache.daemon.timers import Timers


class Calls:
    """Handlers that write down when they were called."""

    def __init__(self) -> None:
        self.made: list[tuple[str, int]] = []

    def first(self, now: int) -> None:
        self.made.append(("first", now))

    def second(self, now: int) -> None:
        self.made.append(("second", now))


def test_a_handler_is_called_once_in_its_time_or_later() -> None:
    timers, calls = Timers(), Calls()
    timers.set(calls.first, 5.5)
    timers.run(5.4, 100)
    assert calls.made == []
    timers.run(7.0, 101)
    timers.run(8.0, 102)
    assert calls.made == [("first", 101)]
    assert calls.first not in timers


def test_several_are_called_in_the_order_in_which_they_fall_due() -> None:
    timers, calls = Timers(), Calls()
    timers.set(calls.second, 6)
    timers.set(calls.first, 5)
    timers.run(9, 9)
    assert calls.made == [("first", 9), ("second", 9)]


def test_the_earliest_says_when_to_wake() -> None:
    timers, calls = Timers(), Calls()
    assert timers.due == float("inf")
    timers.set(calls.first, 5)
    timers.set(calls.second, 3)
    assert timers.due == 3
    timers.cancel(calls.second)
    assert timers.due == 5
    timers.cancel(calls.second)
    timers.set(calls.first, 9)
    assert timers.due == 9


def test_a_handler_may_withdraw_or_postpone_another_and_ask_to_be_called_again() -> None:
    timers, calls = Timers(), Calls()

    def meddle(now: int) -> None:
        timers.cancel(calls.first)
        timers.set(calls.second, now + 10)
        timers.set(meddle, now + 20)

    timers.set(meddle, 1)
    timers.set(calls.first, 2)
    timers.set(calls.second, 3)
    timers.run(5, 5)
    assert calls.made == []
    assert timers.due == 15
    assert meddle in timers
