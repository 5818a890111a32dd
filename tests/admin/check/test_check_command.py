"""`scache check` as a command: what it prints, for whom, and its exit status."""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from scache.admin.check.catalogue import KINDS
from scache.admin.check.page import catalogue
from scache.admin.tools import Tools
from scache.cli import main
from tests.admin.check.planted import GOOD, Planted, write
from tests.support.started import Started

ROOT = Path(__file__).parents[3]
postfix = pytest.mark.postfix


def check(directory: Path, *words: str) -> int:
    return main(["check", "--config-directory", str(directory), *words])


def test_the_page_is_the_catalogue() -> None:
    _head, marker, made = (ROOT / "docs/check.md").read_text().partition("<!-- catalogue -->\n\n")
    assert marker
    assert made == catalogue()


@pytest.mark.parametrize("identifier", KINDS)
def test_every_finding_can_be_explained(identifier: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--explain", identifier]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"### {identifier}\n")
    assert "\nCure: " in said


def test_what_is_no_finding_can_not_be_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--explain", "nothing"]) == 2
    assert capsys.readouterr().err == "scache check: nothing: no such finding; they stand in docs/check.md\n"


@postfix
def test_a_finding_is_a_line_with_its_place_and_the_commands_below_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = write(tmp_path, Planted("", "smtp_connection_cache_time_limit = 0\n"))
    assert check(directory) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"{directory}: runs scache, not this project's daemon",
        "scache/unix: not asked, because Postfix is not running",
        f"{directory}/main.cf:3: smtp_connection_cache_time_limit = 0: ends smtp/unix with `fatal: invalid "
        "smtp_connection_cache_time_limit: 0 (min 1)` [stops mail; value-ends-the-agent]",
        f"    postconf -c {directory} -X smtp_connection_cache_time_limit",
    ]


@postfix
def test_a_cure_for_many_findings_stands_once_below_the_last_of_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [f"h{number}.example" for number in range(3000)]
    elements = " ".join(f"[{name}]" for name in names)
    directory = write(tmp_path, Planted("", f"smtp_connection_cache_destinations = {elements}\n"))
    assert check(directory) == 1
    _runs, _answers, *lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if "list-brackets" in line] == lines[:-1]
    assert len(lines) == len(names) + 1
    assert lines[-1].endswith(f"smtp_connection_cache_destinations={', '.join(names)}'")


@postfix
def test_json_has_all_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    directory = write(
        tmp_path, Planted("", "relayhost = [a.example]\nsmtp_connection_cache_destinations = $relayhost\n")
    )
    assert check(directory, "--json") == 1
    document = json.loads(capsys.readouterr().out)
    (finding,) = document.pop("findings")
    assert document == {
        "directory": str(directory),
        "service": "scache/unix",
        "installed": "runs scache, not this project's daemon",
        "running": {"well": True, "said": "not asked, because Postfix is not running"},
    }
    assert finding == {
        "id": "list-brackets",
        "severity": "less reuse",
        "subject": "smtp_connection_cache_destinations",
        "value": "[a.example]",
        "file": f"{directory}/main.cf",
        "line": 4,
        "said": "never matches; the next hop is compared as a.example",
        "why": KINDS["list-brackets"].why,
        "cure": [f"postconf -c {directory} -e smtp_connection_cache_destinations=a.example"],
    }


@postfix
@pytest.mark.parametrize(
    ("main_cf", "status"),
    [
        ("", 0),
        ("smtp_sender_dependent_authentication = yes\n", 0),
        ("smtp_connection_cache_on_demand = no\n", 1),
    ],
    ids=["nothing", "a note", "a finding"],
)
def test_the_status_says_whether_something_is_wrong(tmp_path: Path, main_cf: str, status: int) -> None:
    assert check(write(tmp_path, Planted("", main_cf))) == status


@pytest.mark.parametrize("missing", ["main.cf", "master.cf"])
def test_a_configuration_that_can_not_be_read_is_no_configuration_without_fault(
    tmp_path: Path, missing: str, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = write(tmp_path, Planted(""))
    (directory / missing).unlink()
    assert check(directory) == 2
    assert capsys.readouterr().err == f"scache check: {directory}/{missing}: No such file or directory\n"


@postfix
def test_without_root_a_postfix_that_may_run_was_not_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = write(tmp_path, Planted(""))
    monkeypatch.setattr(os, "geteuid", lambda: 65534)
    assert check(directory) == 0  # no process id, so nothing runs
    (tmp_path / "queue/pid").mkdir(parents=True)
    (tmp_path / "queue/pid/master.pid").touch()
    assert check(directory) == 2
    assert (
        "scache/unix: not asked: whether Postfix runs can be asked by root only\n" in capsys.readouterr().out
    )


@postfix
def test_without_postfix_the_files_alone_are_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Tools, "installed", lambda: None)
    main_cf = (
        "smtp_connection_cache_timelimit = 5s\nlmtp_connection_cache_time_limit = 0\n"
        "connection_cache_ttl_limit = 1m\n"
    )
    directory = write(tmp_path, Planted("", main_cf))
    assert check(directory) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.rpartition("; ")[2].rstrip("]") for line in lines if line.endswith("]")] == [
        "value-ends-the-agent",
        "misspelt-parameter",
    ]


SHOWN = "compatibility_level = 3.6\nconfig_directory = /srv/postfix\nsmtp_tls_security_level = may\n"


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        (SHOWN, "# see to it that master.cf has: tlsproxy unix - - n - 0 tlsproxy"),
        (
            SHOWN + "\n" + GOOD.replace("tlsproxy ", "#tlsproxy "),
            "tlsproxy/unix=tlsproxy unix - - n - 0 tlsproxy",
        ),
    ],
    ids=["postconf -n", "postconf -n and -M"],
)
@pytest.mark.parametrize("tools", [True, False], ids=["with Postfix", "without"])
@postfix
def test_what_postconf_has_shown_elsewhere_can_be_looked_at(
    text: str, cure: str, tools: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if not tools:
        monkeypatch.setattr(Tools, "installed", lambda: None)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert main(["check", "--postconf", "-"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("-:3: smtp_tls_connection_reuse = no: ")]
    assert [line for line in lines if cure in line]


def test_what_this_machine_has_does_not_count_for_what_postconf_has_shown_elsewhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = tmp_path / "shown"
    shown.write_text("smtp_header_checks = pcre:/x\nsmtp_connection_cache_reuse_limit = 5\ncolour = blue\n")
    assert main(["check", "--postconf", str(shown)]) == 1
    said = capsys.readouterr().out
    assert "pcre" not in said
    assert "colour" not in said
    assert "did you mean smtp_connection_reuse_count_limit?" in said
    assert main(["check", "--postconf", str(shown), "slow:a.example"]) == 2
    assert "can't be known without master.cf" in capsys.readouterr().err
    assert main(["check", "--postconf", str(shown), "smtp:a.example"]) == 0


def test_what_postconf_has_not_shown_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "shown").write_text("bash: postconf: command not found\n")
    assert main(["check", "--postconf", str(tmp_path / "shown")]) == 2
    assert capsys.readouterr().err == f"scache check: {tmp_path}/shown: no output of postconf -n\n"


@postfix
def test_all_instances_are_checked_and_the_worst_status_counts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other").mkdir()
    other = write(tmp_path / "other", Planted("", "smtp_connection_cache_on_demand = no\n"))
    directory = write(tmp_path, Planted("", f"multi_instance_directories = {other}\n"))
    assert check(directory) == 0
    assert check(directory, "--all") == 1
    assert f"{other}: runs scache, not this project's daemon\n" in capsys.readouterr().out


@postfix
def test_a_running_cache_answers_and_does_not_count_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Tools, "status", lambda _self, _directory: 0)
    with Started() as daemon:
        queue = daemon.instance.queue
        (queue / "pid").mkdir()
        (queue / "pid/master.pid").touch()
        assert check(write(tmp_path, Planted("", f"queue_directory = {queue}\n"))) == 0
        daemon.child.close_status()
        daemon.exit_status()
        assert "lookup" not in " ".join(daemon.log())
    assert "scache/unix: answers\n" in capsys.readouterr().out


@postfix
def test_a_running_postfix_whose_cache_does_not_answer_is_not_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Tools, "status", lambda _self, _directory: 0)
    directory = write(tmp_path, Planted(""))
    (tmp_path / "queue/pid").mkdir(parents=True)
    (tmp_path / "queue/pid/master.pid").touch()
    assert check(directory) == 1
    assert "scache/unix: does not answer: [Errno 2] No such file or directory\n" in capsys.readouterr().out


@postfix
def test_debian_s_default_configuration_has_no_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tools = Tools.installed()
    assert tools is not None
    for name in ("main.cf", "master.cf"):
        shutil.copy(Path(tools.default_directory) / name, tmp_path)
    with (tmp_path / "main.cf").open("a") as file:
        file.write(f"queue_directory = {tmp_path}\n")  # of which nothing runs
    assert check(tmp_path) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{tmp_path}: runs scache, not this project's daemon",
        "scache/unix: not asked, because Postfix is not running",
    ]


@postfix
def test_values_that_grow_without_bound_are_refused_where_postconf_does_not_come_to_an_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("scache.admin.tools._PATIENCE", 0.1)
    doubling = "".join(f"a{number + 1} = $a{number}$a{number}\n" for number in range(40))
    assert check(write(tmp_path, Planted("", f"a0 = x\n{doubling}max_idle = $a40\n"))) == 1
    assert "[stops mail; value-ends-every-program]" in capsys.readouterr().out


@postfix
def test_what_is_installed_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    master_cf = GOOD.replace("1  scache\n", "1  scache-python\n")
    directory = write(tmp_path, Planted("", f"daemon_directory = {tmp_path}/nowhere\n", master_cf))
    check(directory)
    (tmp_path / "nowhere").mkdir()
    (tmp_path / "nowhere/scache-python").touch()
    check(directory)
    lines = capsys.readouterr().out.splitlines()
    assert f"{directory}: is to run {tmp_path}/nowhere/scache-python, which is missing" in lines
    assert f"{directory}: runs {tmp_path}/nowhere/scache-python" in lines


def test_the_tools_are_found_where_root_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    roots = "/usr/sbin:/usr/local/sbin:/usr/bin:/sbin"
    assert (Tools.installed() is None) == (shutil.which("postconf", path=roots) is None)
