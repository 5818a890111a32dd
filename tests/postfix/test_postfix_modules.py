"""What the daemon loads: each module costs time at each start, and nothing can be loaded after a chroot."""

from __future__ import annotations

import subprocess
import sys

from tests.support.compiled import COMPILED
from tests.support.started import OURS

#: Of the standard library, beyond what `python3 -IS` has loaded before the first line. All small; what must
#: not come in is what takes milliseconds: socket, signal, enum, dataclasses, typing, re, logging, argparse.
ALLOWED = {
    "__future__",
    "_collections_abc",
    "_ctypes",
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
#: What mypyc's code imports besides, all of which Python has loaded in part already.
FOR_EXTENSIONS = {
    "importlib",
    "importlib._bootstrap",
    "importlib._bootstrap_external",
    "importlib.machinery",
    "warnings",
}
OF_THE_PROJECT = {
    "scache",
    "scache.cache",
    "scache.cache.connection_cache",
    "scache.cache.crowds",
    "scache.cache.deadlines",
    "scache.cache.entries",
    "scache.cache.handover",
    "scache.cache.service",
    "scache.cache.statistics",
    "scache.checking",
    "scache.config",
    "scache.config.expansion",
    "scache.config.generic",
    "scache.config.main_cf",
    "scache.config.parameters",
    "scache.config.settings",
    "scache.config.values",
    "scache.daemon",
    "scache.daemon.budget",
    "scache.daemon.clock",
    "scache.daemon.connection",
    "scache.daemon.core_dump",
    "scache.daemon.door",
    "scache.daemon.log_outlet",
    "scache.daemon.network",
    "scache.daemon.pulse",
    "scache.daemon.server",
    "scache.daemon.sessions",
    "scache.daemon.signals",
    "scache.daemon.stream",
    "scache.daemon.timers",
    "scache.daemon.warning_limit",
    "scache.errors",
    "scache.postfix",
    "scache.postfix.__main__",
    "scache.postfix.command_line",
    "scache.postfix.daemon",
    "scache.postfix.mail_log",
    "scache.postfix.master",
    "scache.postfix.privileges",
    "scache.postfix.standard_streams",
    "scache.postfix.verbose",
    "scache.postfix.watchdog",
    "scache.protocol",
    "scache.protocol.actions",
    "scache.protocol.attributes",
    "scache.protocol.conversation",
    "scache.protocol.dialect",
    "scache.protocol.request",
    "scache.protocol.states",
    "scache.rights",
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
    more = {name for name in loaded(load) - before - OF_THE_PROJECT - ALLOWED if not name.endswith("__mypyc")}
    assert more == (FOR_EXTENSIONS if COMPILED else set())


def test_the_list_of_modules_names_none_that_is_gone() -> None:
    assert loaded(PROGRAM.rpartition("; sys.exit")[0]) >= OF_THE_PROJECT
