"""What decides on the survivors of mutation testing."""

from __future__ import annotations

from tests.support.mutants import Mutant, changed, complaints, explained, function_of

FIRST = Mutant("scache.room.module.Class.method", "a < b", "a <= b")
SECOND = Mutant("scache.room.module.function", "return 1", "return 2")


def test_a_survivor_is_complained_about_until_it_is_explained() -> None:
    assert complaints([FIRST, SECOND], [SECOND]) == [f"survived, and is not explained: {FIRST}"]


def test_an_explanation_is_complained_about_once_its_mutant_is_killed() -> None:
    assert complaints([FIRST], [FIRST, SECOND]) == [f"explained, and doesn't survive: {SECOND}"]


def test_survivors_that_are_all_explained_are_fine() -> None:
    assert complaints([SECOND, FIRST, FIRST], [FIRST, SECOND]) == []


def test_a_mutant_is_named_by_its_function_and_its_lines() -> None:
    assert function_of("scache.room.module.xǁClassǁmethod__mutmut_12") == FIRST.function
    assert function_of("scache.room.module.x_function__mutmut_1") == SECOND.function
    assert function_of("scache.room.module.x__private__mutmut_1") == "scache.room.module._private"
    assert function_of("scache.room.module.xǁClassǁ__init____mutmut_3") == "scache.room.module.Class.__init__"
    diff = "# name: survived\n--- a\n+++ b\n@@ -1 +1 @@\n def f():\n-    return 1\n+    return 2\n"
    assert changed(diff) == (SECOND.line, SECOND.mutant)


def test_explanations_are_read_with_their_reasons() -> None:
    text = """
        [["scache.room.module.function"]]
        line = "return 1"
        mutant = "return 2"
        reason = "both are true"
    """
    assert explained(text) == {SECOND: "both are true"}
