from __future__ import annotations

import pytest

from scache.protocol.dialect import POSTFIX_2, POSTFIX_3_6, Dialect, announces

SWITCHES = ("announcement", "write_wait", "read_wait")


def switches(dialect: Dialect) -> list[bool]:
    return [getattr(dialect, name) for name in SWITCHES]


def test_every_extra_step_is_there_unless_it_is_switched_off() -> None:
    assert switches(Dialect()) == [True, True, True]


@pytest.mark.parametrize("off", SWITCHES)
def test_each_switch_switches_its_own_step_off(off: str) -> None:
    assert switches(Dialect(**{off: False})) == [name != off for name in SWITCHES]


def test_postfix_speaks_first_since_3_6() -> None:
    assert (switches(POSTFIX_2), switches(POSTFIX_3_6)) == ([False, True, True], [True, True, True])


@pytest.mark.parametrize(
    ("release", "first"),
    [
        ("2.11.11", False),
        ("3.5.25", False),
        ("3.5-20190922", False),
        ("3.5-RC1", False),
        ("3.6.0", True),
        ("3.6-20210101", True),
        ("3.7.11", True),
        ("3.10.3", True),
        ("4.0", True),
        ("of tomorrow", True),
    ],
)
def test_a_release_speaks_first_from_3_6_on_and_where_its_number_says_nothing(
    release: str, first: bool
) -> None:
    assert announces(release) is first
