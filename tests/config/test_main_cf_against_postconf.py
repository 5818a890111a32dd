"""Our reading of generated main.cf files, against postconf's."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.postfix.fake_clock import clean_up_shared_memory, find_library
from scache.config.main_cf import MainCf
from scache.errors import ConfigurationError

pytestmark = pytest.mark.postfix

PARAMETERS = (
    "max_idle",
    "connection_cache_ttl_limit",
    "connection_cache_status_update_time",
    "ipc_timeout",
    "daemon_timeout",
    "syslog_name",
)
#: No parameter of Postfix's that isn't set here: its default would be another thing to know.
NAMES = (*PARAMETERS, "x", "y", "z")
FRAGMENTS = (
    *(f"${name}" for name in NAMES),
    *(f"${{{name}}}" for name in ("x", "y", "max_idle")),
    "$(y)",
    "${x?",
    "${x:",
    "${ x ?{p}}",
    "${x?{p}:{q}}",
    "${{a}=={b}",
    "${{$x}<{$y}?{l}:{g}}",
    "${{3.6} >=level {$z}?{l}:{g}}",
    "?{yes}:{no}}",
    "{a}",
    "{1}",
    "$$",
    "$",
    "${z",
    *"{}():?_-=#1a \t\v\ré",
    "10",
    "5s",
    "==",
    "!=",
    "<=",
    "level",
)
VALUES = st.lists(st.sampled_from(FRAGMENTS), max_size=6).map("".join)
LINES = st.one_of(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(("=", " = ", "\t=")), VALUES).map("".join),
    st.tuples(st.sampled_from((" ", "\t", "  ")), VALUES).map("".join),
    VALUES.map("# ".__add__),
    st.sampled_from(("", " \t")),
    st.tuples(st.sampled_from(NAMES), VALUES).map("".join),
)
#: What postconf says beyond what a daemon would.
POSTCONF_ONLY = ("undefined parameter", "unused parameter", "syntax error after")


def shown(text: str) -> str:
    """As postconf prints a value: white space folded."""
    return " ".join(text.split())


def sanitized(text: str) -> str:
    """As a warning stands in postconf's output."""
    return "".join(chr(byte) if 32 <= byte < 127 else "?" for byte in text.encode())


def postconf(directory: str, name: str) -> tuple[int, str, str]:
    """Exit status, output and standard error. After an error it sleeps: a hundred times faster here."""
    library = find_library()
    assert library is not None
    environment = {"LD_PRELOAD": str(library), "FAKETIME": "+0 x100", "NO_FAKE_STAT": "1"}
    environment["PATH"] = "/usr/sbin:/usr/bin"
    process = subprocess.Popen(
        ["postconf", "-c", directory, "-hx", name],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    out, err = process.communicate()
    clean_up_shared_memory(process.pid)
    return process.returncode, out, err


@settings(max_examples=400)
@given(lines=st.lists(LINES, min_size=1, max_size=7), name=st.sampled_from(PARAMETERS), end=st.booleans())
def test_values_warnings_and_errors_are_those_of_postconf(lines: list[str], name: str, end: bool) -> None:
    # Set first, so that no default of postconf's comes in.
    text = "".join(f"{each} = {each}\n" for each in PARAMETERS) + "\n".join(lines) + "\n" * end
    with tempfile.TemporaryDirectory() as directory:
        Path(directory, "main.cf").write_bytes(text.encode())
        Path(directory, "master.cf").touch()
        os.utime(Path(directory, "main.cf"), (1e9, 1e9))  # else postconf waits for it to settle
        status, out, err = postconf(directory, name)
        said: list[str] = []
        main_cf = MainCf(directory, lambda warning: said.append(f"warning: {warning}"))
        values: dict[str, str] = {}
        errors: set[str] = set()
        try:
            main_cf.read()
            for each in PARAMETERS:  # postconf expands all that are Postfix's and set
                try:
                    values[each] = main_cf.value(each, "")
                except ConfigurationError as error:
                    errors.add(f"fatal: {error}".replace("dictionary mail_dict: ", ""))
        except ConfigurationError as error:
            errors.add(f"fatal: {error}")
    if status == -11:  # a comparison that leads to itself: postconf uses up its stack
        assert any(line.startswith("warning: unreasonable macro call nesting") for line in said)
        return
    real_said = [
        line.removeprefix("postconf: ")
        for line in err.splitlines()
        if not any(words in line for words in POSTCONF_ONLY)
    ]
    warnings = {sanitized(line) for line in said}
    assert {line for line in real_said if line.startswith("fatal")} == {sanitized(line) for line in errors}
    if errors:  # of several, postconf gets to the first one only, but in an order of its own
        assert not warnings or warnings & set(real_said)
    else:
        assert shown(values[name]) == shown(out)
        assert warnings <= set(real_said)  # it looks at parameters that aren't Postfix's, too
