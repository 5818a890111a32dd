"""Following a mail log: what is new, and nothing twice, through rotations."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scache.maillog.follow import Follower

LINE = "2026-11-03T11:10:00 mx postfix/scache[7]: {}\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "mail.log"
    path.write_text(LINE.format("old"))
    return path


@pytest.fixture
def follower(path: Path) -> Iterator[Follower]:
    follower = Follower(path)
    yield follower
    follower.close()


def new(follower: Follower) -> list[str]:
    return [line.text for line in follower.lines()]


def add(path: Path, *texts: str) -> None:
    with path.open("a") as file:
        file.writelines(LINE.format(text) for text in texts)


def test_only_what_comes_after_the_beginning_is_new(path: Path, follower: Follower) -> None:
    assert new(follower) == []
    add(path, "a", "b")
    assert new(follower) == ["a", "b"]
    assert new(follower) == []


def test_half_a_line_waits_for_its_end(path: Path, follower: Follower) -> None:
    line = LINE.format("whole")
    for part in (line[:30], line[30:-1]):
        with path.open("a") as file:
            file.write(part)
        assert new(follower) == []
    with path.open("a") as file:
        file.write("\n")
    assert new(follower) == ["whole"]


def test_a_file_that_is_rotated_away_is_read_to_its_end(path: Path, follower: Follower) -> None:
    rotated = path.rename(path.with_suffix(".1"))
    assert new(follower) == []
    add(rotated, "late")
    add(path, "early")
    assert new(follower) == ["late", "early"]
    add(path, "next")
    assert new(follower) == ["next"]


def test_a_file_that_is_copied_and_cut_off_is_read_from_its_begin(path: Path, follower: Follower) -> None:
    add(path, "a")
    assert new(follower) == ["a"]
    path.write_text("")
    add(path, "b")
    assert new(follower) == ["b"]
