"""Each parameter of the table, held against the real program: what ends it, with which words."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.postfix.installations import installed_postfix
from scache.admin.check.values import fatal_value
from scache.admin.configuration import Configuration, Effective, Setting
from scache.admin.parameters import PARAMETERS, Parameter
from scache.admin.tools import Tools

pytestmark = pytest.mark.postfix

LONG_AGO = 1_000_000_000
LIMITS = {"qmgr": "-l", "scache": "-l", "tlsmgr": "-l", "tlsproxy": "-z"}
#: What a program that takes all values dies of then, for lack of a master(8).
BEGUN = {"qmgr": "scan_dir_push"}
AT_ONCE = 30


def values(parameter: Parameter) -> Iterator[str]:
    """Values at, below and above the bounds, and some that are none of the type."""
    yield ""
    if parameter.kind == "bool":
        yield from ("nO", "true", "1", "yes ,")
        if not parameter.name.endswith("sasl_auth_enable"):  # which asks for a table
            yield "Yes"
    elif parameter.kind != "text":
        yield from ("x", "-1", "1x", str(parameter.minimum))
        if parameter.minimum:
            yield str(parameter.minimum - 1)
        if parameter.maximum:
            yield from (str(parameter.maximum), str(parameter.maximum + 1))
        if parameter.kind == "time":
            yield from ("1m", "2147483647w", "3 s", "1Z")


def said(program: str, base: Path, settings: list[tuple[str, str]]) -> list[str]:
    """What the real program says last, for each setting by itself."""
    path = installed_postfix().daemon_directory / program
    last = []
    for start in range(0, len(settings), AT_ONCE):
        processes = []
        for number, (name, value) in enumerate(settings[start : start + AT_ONCE], start):
            config = base / str(number)
            config.mkdir()
            main_cf = config / "main.cf"
            main_cf.write_text(
                f"compatibility_level = 3.6\nqueue_directory = {base}\nmaillog_file = /dev/stdout\n{name} "
                f"= {value}\n"
            )
            os.utime(main_cf, (LONG_AGO, LONG_AGO))
            words = [path, *([LIMITS[program]] if program in LIMITS else []), "-t", "unix", "-u", "-V"]
            environment = {"MAIL_CONFIG": str(config), "LANG": "C"}
            pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
            processes.append(subprocess.Popen(words, env=environment, cwd=base, text=True, **pipes))  # type: ignore[call-overload]
        for process in processes:
            lines = process.communicate(timeout=60)[0].splitlines()
            last.append(next((line for line in lines if "fatal: " in line), ""))
    return last


@pytest.mark.parametrize("program", ["smtp", "lmtp", "scache", "tlsproxy", "tlsmgr", "qmgr", "all"])
def test_what_ends_the_real_program_is_what_check_says_ends_it(tmp_path: Path, program: str) -> None:
    tools = Tools.installed()
    assert tools is not None
    for name in ("private", "public", "pid"):
        (tmp_path / name).mkdir()
    known = [each for each in PARAMETERS if each.program == program and each.name in tools.defaults]
    known = [each for each in known if each.name not in ("queue_directory", "inet_protocols")]
    tries = [(parameter, value) for parameter in known for value in values(parameter)]
    settings = [(parameter.name, value) for parameter, value in tries]
    real = said("smtp" if program == "all" else program, tmp_path, settings)
    wrong = []
    for (parameter, value), line in zip(tries, real, strict=True):
        configuration = Configuration(
            "/nowhere", {parameter.name: Setting(value, None)}, defaults=tools.defaults
        )
        ours = fatal_value(parameter, Effective(configuration))
        if (f"fatal: {ours}" if ours else BEGUN.get(program, "epoll_ctl")) not in line:
            wrong.append((parameter.name, value, ours, line))
    assert wrong == []
