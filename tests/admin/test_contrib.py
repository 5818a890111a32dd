"""The snippets for those who keep machines by a program do what they say."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.admin.check.planted import Planted, write

CONTRIB = Path(__file__).parents[2] / "contrib"
pytestmark = pytest.mark.postfix
PLAYBOOK = """\
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - ansible.builtin.import_tasks: {}
"""


def start(base: Path, main_cf: str = "") -> subprocess.CompletedProcess[str]:
    """Run the container's start script, with a private instance in place of the container's."""
    (base / "daemons").mkdir(exist_ok=True)
    (base / "templates").mkdir(exist_ok=True)
    written = write(base / "templates", Planted("", f"daemon_directory = {base}/daemons\n{main_cf}"))
    instance = base / "instance"
    instance.mkdir(exist_ok=True)
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "MAIL_CONFIG": str(instance),
        "POSTFIX_TEMPLATES": str(written),
        "START": "echo Postfix runs",
    }
    for name in ("smtp", "lmtp", "local", "scache", "tlsproxy", "tlsmgr", "virtual", "postlogd"):
        (base / "daemons" / name).touch()
    words = ["sh", str(CONTRIB / "container/start.sh")]
    return subprocess.run(words, env=environment, capture_output=True, text=True, check=False)


def test_a_container_starts_with_the_daemon_in_place(tmp_path: Path) -> None:
    done = start(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "changed"
    assert lines[-1] == "Postfix runs"
    assert "scache-python" in (tmp_path / "instance/master.cf").read_text()


def test_a_container_starts_in_spite_of_a_finding_and_shows_it(tmp_path: Path) -> None:
    done = start(tmp_path, "smtp_connection_cache_on_demand = no\n")
    assert done.returncode == 0
    assert "[cache off; caching-off]" in done.stdout
    assert done.stdout.endswith("Postfix runs\n")


def test_a_container_whose_cache_can_not_be_installed_does_not_start(tmp_path: Path) -> None:
    done = start(tmp_path, "connection_cache_service_name = elsewhere\n")
    assert done.returncode == 2
    assert done.stderr.startswith("scache install: ")
    assert "Postfix runs" not in done.stdout


def play(base: Path) -> str:
    """Play the tasks for Ansible on this machine, with a private instance in place of its own."""
    (base / "playbook.yml").write_text(PLAYBOOK.format(CONTRIB / "ansible/scache.yml"))
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "MAIL_CONFIG": str(base / "config"),
        "HOME": str(base),
        "ANSIBLE_NOCOLOR": "1",
    }
    interpreter = "ansible_python_interpreter=/usr/bin/python3"
    words = ["ansible-playbook", "-i", "localhost,", "-e", interpreter, base / "playbook.yml"]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.needs("ansible")
def test_ansible_installs_once_shows_what_is_wrong_and_puts_right_what_was_put_back(tmp_path: Path) -> None:
    (tmp_path / "daemons").mkdir()
    for name in ("smtp", "lmtp", "local", "scache", "tlsproxy", "tlsmgr", "virtual", "postlogd"):
        (tmp_path / "daemons" / name).touch()
    settings = f"daemon_directory = {tmp_path}/daemons\nsmtp_connection_cache_on_demand = no\n"
    master_cf = write(tmp_path, Planted("", settings)) / "master.cf"
    before = master_cf.read_text()
    first = play(tmp_path)
    assert "changed=1" in first
    assert "smtp_connection_cache_on_demand: no connection is ever cached; postconf " in first
    assert "changed=0" in play(tmp_path)
    master_cf.write_text(before)
    assert "changed=1" in play(tmp_path)
    assert "scache-python" in master_cf.read_text()
