"""main.cf: lines, settings, and $name expansion, as tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from scache.config.main_cf import MainCf, split_setting
from scache.config.values import Values, seconds
from scache.errors import ConfigurationError


def read(directory: Path, text: str) -> tuple[MainCf, list[str]]:
    """A main.cf with this text, and the warnings that reading it gave."""
    (directory / "main.cf").write_text(text)
    warnings: list[str] = []
    main_cf = MainCf(str(directory), warnings.append)
    main_cf.read()
    return main_cf, warnings


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("max_idle = 5\n", "5"),
        ("max_idle=5", "5"),
        ("max_idle\t=  a b  \n", "a b"),
        ("max_idle = a = b\n", "a = b"),
        ("max_idle =\n", ""),
        ("# max_idle = 5\n", None),
        ("  # max_idle = 5\n", None),
        ("max_idle = 5 # 6\n", "5 # 6"),
        ("max_idle = a\n b\n\tc\n", "a b\tc"),
        ("max_idle = a\n# comment\n\n  \n b\n", "a b"),
        ("max_idle = a\n  # comment\n b\n", "a b"),
        ("max_idle\n = 5\n", "5"),
        ("max_idle = 5\nmax_idle = 6\n", "6"),
        ("max_idle = 5\r\n", "5"),
        ("max_idle = a\0b\n", "a"),
    ],
)
def test_a_setting_is_read_from_its_logical_line(tmp_path: Path, text: str, value: str | None) -> None:
    main_cf, _ = read(tmp_path, text)
    assert main_cf.raw("max_idle") == value


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("foo bar\n", "line 1: missing '=' after attribute name: \"foo bar\""),
        ("\n# x\nfoo\n bar\n", "line 3: missing '=' after attribute name: \"foo bar\""),
        ("a = b\n= x\n", 'line 2: missing attribute name: "= x"'),
    ],
)
def test_a_line_that_is_no_setting_is_an_error(tmp_path: Path, text: str, error: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(tmp_path, text)
    assert str(caught.value) == f"{tmp_path}/main.cf, {error}"


def test_a_setting_that_another_one_overrides_is_warned_of_with_its_line(tmp_path: Path) -> None:
    _, warnings = read(tmp_path, "a = 1\nb = 2\na = 1\na = 3\n")
    assert warnings == [f"{tmp_path}/main.cf, line 4: overriding earlier entry: a=1"]


def test_a_continuation_of_nothing_is_warned_of_and_ignored(tmp_path: Path) -> None:
    main_cf, warnings = read(tmp_path, "  max_idle = 5 and more than thirty characters\nfoo = bar\n")
    assert main_cf.raw("foo") == "bar"
    assert main_cf.raw("max_idle") is None
    assert warnings == [
        f"{tmp_path}/main.cf: logical line must not start with whitespace: "
        '"  max_idle = 5 and more than t..."'
    ]


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"^open .*/main.cf: No such file or directory$"):
        MainCf(str(tmp_path), print).read()


SETTINGS = "five = 5\nten = 10\nempty =\nindirect = <$five>\nloop = $loop\n"


@pytest.mark.parametrize(
    ("value", "expanded"),
    [
        ("$five", "5"),
        ("${five}s", "5s"),
        ("$(five)s", "5s"),
        ("$fives", ""),
        ("$$five", "$five"),
        ("$indirect", "<5>"),
        ("${ five }", "5"),
        ("a$nothing.b", "a.b"),
        ("${five?x}${empty?y}${nothing?z}", "x"),
        ("${five:x}${empty:y}${nothing:z}", "yz"),
        ("${five?a:b}", "a:b"),
        ("${five?{a}:{b}}${empty?{a}:{b}}", "ab"),
        ("${five ? {a} : {b}}", "a"),
        ("${five?{$ten}}", "10"),
        ("${five?$ten}", "10"),
        ("${five?${ten?{x$five}}}", "x5"),
        ("${{a} == {a}?{yes}:{no}}", "yes"),
        ("${{a}=={b}?{yes}:{no}}", "no"),
        ("${{a} != {a}:{same}}", "same"),
        ("${{$ten} > {$five}?{number}:{text}}", "number"),
        ("${{${ten}x} > {$five}?{number}:{text}}", "text"),
        ("${{a} <= {b}?{yes}}", "yes"),
        ("${{3.6} <=level {3.10}?{yes}}", "yes"),
        ("${{3.6} <= {3.10}?{yes}}", ""),
        ("${{a} == {a}}", "true"),
        ("${{a} == {b}}", ""),
    ],
)
def test_a_value_is_expanded(tmp_path: Path, value: str, expanded: str) -> None:
    main_cf, _ = read(tmp_path, f"{SETTINGS}max_idle = {value}\n")
    assert main_cf.value("max_idle", "100s") == expanded


@pytest.mark.parametrize(
    ("value", "warnings"),
    [
        ("$", ['empty macro name: "$"']),
        ("${}", ['empty macro name: "${}"']),
        ("${five", ['truncated macro reference: "${five"']),
        ("${a-b}", ['attribute name syntax error at: "...a>>>-b"']),
        ("${a-b}$", ['attribute name syntax error at: "...a>>>-b"', 'empty macro name: "${a-b}$"']),
        ("${five?{a}{b}}", ['":" expected at: "...a}>>>{b}"']),
        ("${five?{a}:{b}c}", ['unexpected input at: "...b}>>>c"']),
        ("${{a}==b}", ['bad operator suffix at: "...==>>>b"']),
        ("${{a}==}", ['"{expression}" expected at: "...{a} ==>>>"']),
        (
            "${{a}=~{b}}",
            ['"==" or "!="" or "<"" or "<="" or ">="" or ">" expected at: "...a}>>>=~{b}"'],
        ),
        ("$loop", ['unreasonable macro call nesting: "loop"']),
        ("${{$five} < {6}?{b}}$max_idle", ['unreasonable macro call nesting: "b"']),
        (
            "${{$max_idle} == {a}?{b}}",
            ['unreasonable macro call nesting: "max_idle"', 'unreasonable macro call nesting: "a"'],
        ),
    ],
)
def test_a_syntax_error_in_a_value_is_fatal_after_a_warning(
    tmp_path: Path, value: str, warnings: list[str]
) -> None:
    main_cf, said = read(tmp_path, f"{SETTINGS}max_idle = {value}\n")
    with pytest.raises(ConfigurationError, match=r"^dictionary mail_dict: macro processing error$"):
        main_cf.value("max_idle", "100s")
    assert said == warnings


TOO_MUCH = "a value that takes more than 10000 steps, or 1048576 characters, to expand"


@pytest.mark.parametrize(
    "values",
    [
        [f"v{number} = $v{number + 1}$v{number + 1}" for number in range(60)],
        ["v0 = " + "$v1" * 9000, "v1 = " + "x" * 1000],
        ["v0 = " + "${{$v1} == {$v1}?{}}" * 9000, "v1 = " + "x" * 1000],
    ],
    ids=["doubles", "grows", "compares"],
)
def test_a_value_that_costs_more_than_its_size_is_refused(tmp_path: Path, values: list[str]) -> None:
    main_cf, said = read(tmp_path, "\n".join(values) + "\n")
    with pytest.raises(ConfigurationError, match=r"^dictionary mail_dict: macro processing error$"):
        main_cf.value("v0", "")
    assert said == [TOO_MUCH]


@pytest.mark.parametrize(
    ("value", "expanded"),
    [
        ("${{0010} == {10}?{same}:{other}}", "same"),
        (f"${{{{{'9' * 5000}}} > {{{'8' * 5000}}}?{{more}}:{{less}}}}", "more"),
        (f"${{{{1{'0' * 5000}}} > {{{'9' * 5000}}}?{{more}}:{{less}}}}", "more"),
        (f"${{{{3.{'9' * 5000}}} >=level {{3.6}}?{{new}}:{{old}}}}", "new"),
    ],
)
def test_numbers_of_any_length_are_compared(tmp_path: Path, value: str, expanded: str) -> None:
    main_cf, said = read(tmp_path, f"v = {value}\n")
    assert (main_cf.value("v", ""), said) == (expanded, [])


def test_a_default_is_expanded_and_counts_as_set_once_it_was_looked_up(tmp_path: Path) -> None:
    main_cf, _ = read(tmp_path, "second = $first\n")
    assert main_cf.value("second", "") == ""
    assert main_cf.value("first", "<$config_directory>") == f"<{tmp_path}>"
    assert main_cf.value("second", "") == f"<{tmp_path}>"


def test_a_setting_of_the_command_line_wins(tmp_path: Path) -> None:
    main_cf, _ = read(tmp_path, "max_idle = 5\n")
    main_cf.set(*split_setting("max_idle = 6"))
    assert main_cf.value("max_idle", "100s") == "6"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5),
        ("5s", 5),
        ("2m", 120),
        ("1h", 3600),
        ("1d", 86400),
        ("1w", 604800),
        ("+5", 5),
        (" 5", 5),
        ("1h30m", 3600),  # anything may follow the unit
        ("2147483647", 2147483647),
        ("3549w", 2146435200),
        ("s", 0),
        ("", None),
        ("x", None),
        ("5x", None),
        ("5 s", None),
        ("-1", None),
        ("5S", None),
        ("0x5", None),
        ("5.5", None),
        ("2147483648", None),
        ("3550w", None),
        ("24855d", None),
        ("0" * 5000 + "7", 7),
        ("9" * 5000, None),
    ],
)
def test_a_time_has_an_optional_unit(text: str, value: int | None) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize(("text", "value"), [("yes", True), ("no", False), ("YES", True), ("No", False)])
def test_a_boolean_is_yes_or_no(tmp_path: Path, text: str, value: bool) -> None:
    main_cf, _ = read(tmp_path, f"scache_announce = {text}\n")
    assert Values(main_cf).choice("scache_announce", "yes") is value
