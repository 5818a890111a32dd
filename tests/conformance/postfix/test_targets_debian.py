"""Fetching other releases: the machine's mirror, what apt is told, and what is said when it fails."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from conformance.cli import main
from conformance.postfix import packages as debian
from conformance.postfix.installations import default_cache
from conformance.postfix.packages import Mirror, Suite, find_mirror
from conformance.postfix.releases import Fetched, fetch
from scache.errors import UnavailableError

DEB822 = """\
# a comment
Types: deb
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
"""


@pytest.fixture
def etc_apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands in for /etc/apt."""
    monkeypatch.setattr(debian, "_SOURCES", tmp_path / "sources.list.d")
    monkeypatch.setattr(debian, "_ONE_LINE_SOURCES", tmp_path / "sources.list")
    (tmp_path / "sources.list.d").mkdir()
    return tmp_path


class TestMirror:
    def test_it_is_the_first_stanza_of_the_sources(self, etc_apt: Path) -> None:
        (etc_apt / "sources.list.d" / "debian.sources").write_text(DEB822)
        keyring = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
        assert find_mirror() == Mirror("http://mirror.example/debian", keyring)

    @pytest.mark.parametrize("options", ["", "[arch=amd64] ", "[ arch=amd64 signed-by=/a/key.gpg ] "])
    def test_it_is_the_first_line_of_an_old_sources_list(self, etc_apt: Path, options: str) -> None:
        lines = (
            f"# deb http://no.example/debian bookworm main\ndeb {options}http://a.example/d bookworm main\n"
        )
        (etc_apt / "sources.list").write_text(lines)
        assert find_mirror().uri == "http://a.example/d"

    def test_a_machine_without_debian_sources_has_none(self, etc_apt: Path) -> None:
        (etc_apt / "sources.list").write_text("# nothing here\n")
        with pytest.raises(UnavailableError, match="no Debian mirror"):
            find_mirror()


class Apt:
    """Stands in for apt and dpkg-deb: keeps the words it was called with, answers what it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[list[str]] = []
        self.answers: dict[str, str] = {}
        self.failures: dict[str, str] = {}
        monkeypatch.setattr(debian.subprocess, "run", self._run)
        monkeypatch.setattr(
            "conformance.postfix.releases.find_mirror", lambda: Mirror("http://m.example/debian", None)
        )

    def _run(self, words: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        self.calls.append(words)
        verb = next(word for word in words[1:] if not word.startswith("-o"))
        failure = self.failures.get(verb, "")
        return subprocess.CompletedProcess(words, 100 if failure else 0, self.answers.get(verb, ""), failure)


@pytest.fixture
def apt(monkeypatch: pytest.MonkeyPatch) -> Apt:
    return Apt(monkeypatch)


def test_apt_works_on_files_of_its_own(apt: Apt, tmp_path: Path) -> None:
    Suite("trixie", Mirror("http://m.example/debian", None), tmp_path).update()
    (words,) = apt.calls
    assert words[0] == "apt-get"
    assert words[-2:] == ["update", "--error-on=any"]
    for setting in (
        f"-oDir::Etc::sourcelist={tmp_path}/debian.sources",
        "-oDir::Etc::sourceparts=/dev/null",
        f"-oDir::State::lists={tmp_path}/lists",
        f"-oDir::Cache={tmp_path}/cache",
    ):
        assert setting in words


@pytest.mark.parametrize(
    ("suite", "suites"), [("trixie", "trixie"), ("bookworm-backports", "bookworm bookworm-backports")]
)
def test_backports_come_with_the_suite_they_are_for(suite: str, suites: str, tmp_path: Path) -> None:
    Suite(suite, Mirror("http://m.example/debian", None), tmp_path)
    assert f"Suites: {suites}\n" in (tmp_path / "debian.sources").read_text()


def test_the_version_is_that_of_the_suite_itself(apt: Apt, tmp_path: Path) -> None:
    apt.answers["madison"] = (
        " postfix | 3.10.3-2~bpo12+1 | http://m.example/debian bookworm-backports/main amd64 Packages\n"
        " postfix | 3.7.11-0+deb12u1 | http://m.example/debian bookworm/main amd64 Packages\n"
    )
    suite = Suite("bookworm-backports", Mirror("http://m.example/debian", None), tmp_path)
    assert suite.version("postfix") == "3.10.3-2~bpo12+1"


def test_a_suite_that_cannot_be_had_is_reported_and_the_others_go_on(apt: Apt, tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "manifest.json").write_text(
        json.dumps({"suite": "old", "version": "3.5.25-0+deb11u1"})
    )
    apt.failures["update"] = "W: slow\nE: The repository is gone\n"
    said: list[str] = []
    report = fetch(["gone", "old", "not/a/suite"], tmp_path, said.append)
    assert [str(outcome) for outcome in report] == [
        "gone: apt-get update: The repository is gone",
        "old: postfix 3.5.25-0+deb11u1",
        "not/a/suite: not the name of a Debian suite",
    ]
    assert said == ["gone: downloading"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["old"]


def test_a_package_that_is_not_there_is_reported(apt: Apt, tmp_path: Path) -> None:
    assert fetch(["sid"], tmp_path) == [Fetched("sid", None, "no package postfix in sid")]
    assert apt.calls[-1][-2:] == ["madison", "postfix"]


@pytest.mark.parametrize(
    ("chosen", "base", "place"),
    [
        ("/p", "/c", "/p"),
        ("", "/c", "/c/scache-conformance/postfix"),
        ("", "", "/home/u/.cache/scache-conformance/postfix"),
    ],
)
def test_the_cache_is_where_it_was_chosen_or_where_caches_are(
    monkeypatch: pytest.MonkeyPatch, chosen: str, base: str, place: str
) -> None:
    monkeypatch.setenv("SCACHE_POSTFIX_CACHE", chosen)
    monkeypatch.setenv("XDG_CACHE_HOME", base)
    monkeypatch.setenv("HOME", "/home/u")
    assert default_cache() == Path(place)


class TestCommand:
    @pytest.fixture(autouse=True)
    def cache(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("SCACHE_POSTFIX_CACHE", str(tmp_path))
        (tmp_path / "old").mkdir()
        manifest = json.dumps({"suite": "old", "version": "3.5.25-0+deb11u1"})
        (tmp_path / "old" / "manifest.json").write_text(manifest)

    def test_what_is_there_is_listed(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["postfix", "list"]) == 0
        assert capsys.readouterr().out == "old: postfix 3.5.25-0+deb11u1\n"

    def test_what_is_there_is_not_fetched_again(self, apt: Apt, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["postfix", "fetch", "old"]) == 0
        assert capsys.readouterr().out == "old: postfix 3.5.25-0+deb11u1\n"
        assert apt.calls == []

    def test_what_cannot_be_had_is_said(self, apt: Apt, capsys: pytest.CaptureFixture[str]) -> None:
        apt.failures["update"] = "E: no such suite\n"
        assert main(["postfix", "fetch", "gone", "old"]) == 2
        output = capsys.readouterr()
        assert output.out == "old: postfix 3.5.25-0+deb11u1\n"
        assert output.err == "gone: downloading\ngone: apt-get update: no such suite\n"
