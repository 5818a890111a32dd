"""What the suite does and says where the machine lacks what a test needs (conftest.py, support/needs.py)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.needs import not_tested

pytest_plugins = ["pytester"]

TESTS = """
import pytest

@pytest.mark.needs("strace")
def test_one(): pass

@pytest.mark.needs("compiler", "strace")
def test_another(): pass

@pytest.mark.postfix
def test_with_postfix(): pass

def test_plain(): pass
"""
SENTENCE = (
    "Not tested here: 3 tests need strace, a C compiler or the real Postfix "
    "(apt-get install strace gcc libc6-dev postfix faketime)."
)


@pytest.fixture
def bare(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A suite with this one's conftest.py, on a machine without programs, where anything may be missing."""
    for name in ("SCACHE_REQUIRE_ALL", "SCACHE_REQUIRE_POSTFIX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    pytester.makeconftest((Path(__file__).parents[1] / "conftest.py").read_text())
    pytester.makepyfile(TESTS)
    pytester.makeini("[pytest]\nmarkers =\n    postfix\n    needs\n")
    return pytester


def test_what_the_machine_lacks_is_skipped_and_named_in_one_sentence(bare: pytest.Pytester) -> None:
    result = bare.runpytest_inprocess()
    result.assert_outcomes(passed=1, skipped=3)
    assert SENTENCE in result.outlines


@pytest.mark.parametrize("variable", ["SCACHE_REQUIRE_ALL", "SCACHE_REQUIRE_POSTFIX"])
def test_where_all_is_required_it_fails_instead(
    variable: str, bare: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "1")
    result = bare.runpytest_inprocess()
    result.assert_outcomes(passed=1, errors=3)
    result.stdout.fnmatch_lines(["this test needs a C compiler and strace, and nothing may be skipped"])


def test_a_machine_that_lacks_nothing_hears_nothing_of_it(
    bare: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.support.needs.NEEDS", {})
    result = bare.runpytest_inprocess("-k", "plain")
    assert not [line for line in result.outlines if line.startswith("Not tested here")]


@pytest.mark.parametrize(
    ("lacking", "sentence"),
    [
        ([["root"]], "Not tested here: 1 test needs root's rights."),
        (
            [["strace"], ["root", "strace"]],
            "Not tested here: 2 tests need root's rights or strace (apt-get install strace).",
        ),
    ],
)
def test_the_sentence_names_each_need_and_package_once(lacking: list[list[str]], sentence: str) -> None:
    assert not_tested(lacking) == sentence
