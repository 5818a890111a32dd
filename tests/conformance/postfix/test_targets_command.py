from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from conformance.cli import main
from conformance.postfix.releases import SUITES, Fetched


def test_what_was_fetched_and_what_was_not_is_said_and_decides_the_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    asked: list[tuple[Sequence[str], Path]] = []

    def fetch(suites: Sequence[str], cache: Path, _say: object) -> list[Fetched]:
        asked.append((tuple(suites), cache))
        return [Fetched(suite, "3.5.25", "no such suite" if suite == "bad" else None) for suite in suites]

    monkeypatch.setattr("conformance.commands.postfix.fetch", fetch)
    monkeypatch.setattr("conformance.commands.postfix.default_cache", lambda: tmp_path)
    assert main(["postfix", "fetch"]) == 0
    capsys.readouterr()
    assert main(["postfix", "fetch", "good", "bad"]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err) == ("good: postfix 3.5.25\n", "bad: no such suite\n")
    assert asked == [(SUITES, tmp_path), (("good", "bad"), tmp_path)]
