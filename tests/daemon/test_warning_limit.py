"""Floods of warnings: what is logged of them."""

from __future__ import annotations

import pytest

from scache.daemon.warning_limit import WarningLimit

MISSING = "warning: missing attribute request in input from scache socket"


@pytest.fixture
def lines() -> list[str]:
    return []


def test_up_to_the_limit_every_line_is_logged_as_it_is(lines: list[str]) -> None:
    limit = WarningLimit(lines.append, 3)
    for text in (MISSING, MISSING, MISSING):
        limit.warn(100, 7, text)
    assert lines == [MISSING] * 3


def test_beyond_it_one_line_says_how_many_there_were(lines: list[str]) -> None:
    limit = WarningLimit(lines.append, 3)
    for _ in range(10):
        limit.warn(100, 7, MISSING)
    limit.sum_up()
    said = "warning: missing attribute: 7 more like this from user 7 were not logged"
    assert lines == [*[MISSING] * 3, said]


def test_another_kind_and_another_user_have_limits_of_their_own(lines: list[str]) -> None:
    limit = WarningLimit(lines.append, 1)
    texts = [MISSING, "warning: unexpected attribute foo from scache socket (expecting: request)"]
    for user in (7, 8):
        for text in texts:
            limit.warn(100, user, text)
    assert lines == [*texts, *texts]
    limit.sum_up()
    assert len(lines) == 4


def test_what_stands_behind_the_first_words_makes_no_other_kind(lines: list[str]) -> None:
    limit = WarningLimit(lines.append, 1)
    for name in ("foo", "bar"):
        limit.warn(100, 7, f"warning: unexpected attribute {name} from scache socket (expecting: request)")
    assert len(lines) == 1


def test_after_a_minute_it_counts_anew(lines: list[str]) -> None:
    limit = WarningLimit(lines.append, 1)
    limit.warn(100, 7, MISSING)
    limit.warn(159, 7, MISSING)
    assert (lines, limit.due) == ([MISSING], 160)
    limit.warn(160, 7, MISSING)
    said = "warning: missing attribute: 1 more like this from user 7 were not logged"
    assert (lines, limit.due) == ([MISSING, said, MISSING], 220)


def test_without_a_flood_nothing_is_said_at_the_end(lines: list[str]) -> None:
    limit = WarningLimit(lines.append, 2)
    limit.warn(100, 7, MISSING)
    limit.sum_up()
    assert (lines, limit.due) == ([MISSING], None)


def test_a_limit_of_none_logs_all(lines: list[str]) -> None:
    limit = WarningLimit(lines.append, 0)
    for _ in range(100):
        limit.warn(100, 7, MISSING)
    limit.sum_up()
    assert (lines, limit.due) == ([MISSING] * 100, None)


def test_the_sum_of_a_kind_that_ends_with_a_colon_has_no_other_one(lines: list[str]) -> None:
    limit = WarningLimit(lines.append, 1)
    for _ in range(2):
        limit.warn(100, None, "warning: client closed: too many bytes of answers")
    limit.sum_up()
    assert lines[1:] == ["warning: client closed: 1 more like this were not logged"]
