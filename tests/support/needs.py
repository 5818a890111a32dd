"""What a test may need of the machine beyond Python, and what to do where that isn't there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from conformance.postfix.fake_clock import find_library
from conformance.postfix.rest import sees_other_users, supported
from conformance.targets.installed import postfix
from conformance.targets.spawned import SpawnedTarget

__all__ = ["LOGCHECK_RULES", "NEEDS", "Need", "not_tested"]

LOGCHECK_RULES = Path("/etc/logcheck/ignore.d.server/postfix")


@dataclass(frozen=True, slots=True)
class Need:
    """Something that a machine has or lacks.

    name: as the closing line has it. present: looks for it. packages: Debian's that bring it.
    """

    name: str
    present: Callable[[], object]
    packages: tuple[str, ...] = ()


NEEDS: Mapping[str, Need] = {
    "root": Need("root's rights", lambda: os.geteuid() == 0),
    "watching": Need(
        "a look at other users' processes (CAP_SYS_PTRACE)", lambda: supported() and sees_other_users()
    ),
    "strace": Need("strace", lambda: shutil.which("strace"), ("strace",)),
    "systemd": Need("systemd-analyze", lambda: shutil.which("systemd-analyze"), ("systemd",)),
    "compiler": Need("a C compiler", lambda: shutil.which("cc"), ("gcc", "libc6-dev")),
    "chromium": Need(
        "Chromium and its driver",
        lambda: shutil.which("chromium") and shutil.which("chromedriver"),
        ("chromium", "chromium-driver"),
    ),
    "ansible": Need("ansible-playbook", lambda: shutil.which("ansible-playbook"), ("ansible-core",)),
    "prove": Need("prove", lambda: shutil.which("prove"), ("perl",)),
    "prometheus": Need(
        "Prometheus", lambda: shutil.which("prometheus") and shutil.which("promtool"), ("prometheus",)
    ),
    "logcheck": Need("logcheck's rules", LOGCHECK_RULES.exists, ("logcheck-database",)),
    "postfix": Need(
        "the real Postfix",
        lambda: isinstance(postfix(), SpawnedTarget) and find_library(),
        ("postfix", "faketime"),
    ),
}


def not_tested(lacking: Sequence[Sequence[str]]) -> str:
    """One sentence about the tests that were skipped, of which each lacked some of NEEDS."""
    needs = [need for name, need in NEEDS.items() if any(name in names for names in lacking)]
    packages = dict.fromkeys(package for need in needs for package in need.packages)
    names = [need.name for need in needs]
    named = " or ".join([*([", ".join(names[:-1])] if names[1:] else []), names[-1]])
    tests = "1 test needs" if len(lacking) == 1 else f"{len(lacking)} tests need"
    remedy = f" (apt-get install {' '.join(packages)})" if packages else ""
    return f"Not tested here: {tests} {named}{remedy}."
