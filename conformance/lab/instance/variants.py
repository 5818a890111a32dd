"""What can stand behind the connection cache's name in a private instance."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from conformance.lab.instance.instance import Instance
from scache.admin import zipapp
from scache.admin.compiled import CompiledDaemon

__all__ = ["VARIANTS", "Variant", "compiled"]


@dataclass(frozen=True, slots=True)
class Variant:
    """A connection cache as a private instance is to run it."""

    install: Callable[[Instance], str]
    """Puts the program into the instance; the command by which master.cf starts it."""
    recorded: bool = False
    """Whether a recorder stands between it and its clients."""


def real(_instance: Instance) -> str:
    """The scache(8) that came with this Postfix."""
    return "scache"


def ours(instance: Instance) -> str:
    """This project's daemon, run by the interpreter that runs the lab.

    master(8) gives its children no PATH, so the interpreter stands in the first line by its absolute path.
    """
    return add_daemon(
        instance,
        f"#!{sys.executable} -I\n"
        "import sys\n"
        "from scache.postfix.__main__ import main\n"
        "sys.exit(main())\n".encode(),
    )


def ours_with_handover(instance: Instance) -> str:
    """This project's daemon, which passes what it has cached to its successor at a reload."""
    return f"{ours(instance)} -o scache_handover=yes"


def ours_in_one_file(instance: Instance) -> str:
    """This project's daemon as `scache zipapp` makes it, for the distribution's interpreter."""
    return add_daemon(instance, zipapp.build("/usr/bin/python3"))


def compiled(root: Path | None = None) -> Variant:
    """This project's daemon as `scache install --compiled` writes it, for the distribution's interpreter.

    root: the directory that holds the package with the compiled build; None for the one that runs the lab.
    """

    def install(instance: Instance) -> str:
        daemon = CompiledDaemon("/usr/bin/python3", instance.directories.program / "scache", root)
        daemon.write()
        return add_daemon(instance, daemon.content)

    return Variant(install)


def add_daemon(instance: Instance, program: bytes) -> str:
    """Add the program under the real one's name, so that it logs under that name; its command."""
    command = instance.add_program("scache", program)
    return command if instance.installation.announces else f"{command} -o scache_announce=no"


VARIANTS: Mapping[str, Variant] = {
    "real": Variant(real),
    "ours": Variant(ours),
    "handover": Variant(ours_with_handover),
    "zipapp": Variant(ours_in_one_file),
    "compiled": compiled(),
    "recorded": Variant(real, recorded=True),
}
