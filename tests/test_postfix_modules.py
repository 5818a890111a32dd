"""What the daemon loads: each module costs time at each start, and nothing can be loaded after a chroot."""

from __future__ import annotations

import subprocess
import sys

from tests.started import OURS

#: Of the standard library, beyond what `python3 -IS` has loaded before the first line. All small; what must
#: not come in is what takes milliseconds: socket, signal, enum, dataclasses, typing, re, logging, argparse.
ALLOWED = {
    "__future__",
    "_collections_abc",
    "_heapq",
    "_signal",
    "_socket",
    "_stat",
    "errno",
    "fcntl",
    "gc",
    "genericpath",
    "heapq",
    "os",
    "os.path",
    "posixpath",
    "pwd",
    "resource",
    "select",
    "stat",
}
OF_THE_PROJECT = {
    "scache",
    "scache.actions",
    "scache.attributes",
    "scache.cache",
    "scache.clock",
    "scache.connection",
    "scache.conversation",
    "scache.deadlines",
    "scache.dialect",
    "scache.errors",
    "scache.network",
    "scache.postfix",
    "scache.postfix.__main__",
    "scache.postfix.command_line",
    "scache.postfix.daemon",
    "scache.postfix.expansion",
    "scache.postfix.mail_log",
    "scache.postfix.main_cf",
    "scache.postfix.master",
    "scache.postfix.parameters",
    "scache.postfix.privileges",
    "scache.postfix.service_settings",
    "scache.postfix.standard_streams",
    "scache.postfix.values",
    "scache.postfix.verbose",
    "scache.postfix.watchdog",
    "scache.request",
    "scache.server",
    "scache.service",
    "scache.settings",
    "scache.signals",
    "scache.statistics",
}
PROGRAM = OURS.prefix[-1]


def loaded(program: str) -> set[str]:
    """Names of the modules that are loaded once the program has ended."""
    done = subprocess.run(
        [sys.executable, "-IS", "-c", f"import sys\n{program}\nprint(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def test_the_daemon_loads_no_module_that_it_does_not_need() -> None:
    before = loaded("")
    load = PROGRAM.rpartition("; sys.exit")[0]
    assert loaded(load) - before - OF_THE_PROJECT - ALLOWED == set()


def test_the_list_of_modules_names_none_that_is_gone() -> None:
    assert loaded(PROGRAM.rpartition("; sys.exit")[0]) >= OF_THE_PROJECT
