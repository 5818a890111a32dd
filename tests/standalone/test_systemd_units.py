"""The units in contrib/systemd, as systemd itself reads them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.needs("systemd")

UNITS = Path(__file__).parents[2] / "contrib" / "systemd"

#: Of 10.0, which is no protection at all; as systemd-analyze counts it, ten times as much.
MOST_EXPOSED = 15


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units, with a program that every machine has in the place of `scache`."""
    for unit in UNITS.iterdir():
        text = re.sub(r"^ExecStart=scache", "ExecStart=true", unit.read_text(), flags=re.MULTILINE)
        (tmp_path / unit.name).write_text(text)
    return tmp_path


def analyze(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *map(str, words)], capture_output=True, text=True, timeout=60)


def test_systemd_finds_nothing_wrong_with_the_units(units: Path) -> None:
    done = analyze("verify", *sorted(units.iterdir()))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_service_is_shut_off_from_nearly_all(units: Path) -> None:
    done = analyze("security", "--offline=yes", f"--threshold={MOST_EXPOSED}", units / "scache.service")
    assert done.returncode == 0, done.stdout
