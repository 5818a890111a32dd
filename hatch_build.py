"""The opt-in compiled build: with SCACHE_COMPILE=1 a wheel holds the hot path as C extension modules, too.

The sources are the same, and stay beside the extension modules for interpreters that these aren't for.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

__all__ = ["CompiledBuild"]

SWITCH = "SCACHE_COMPILE"
NEEDED = ["mypy>=1.13", "setuptools>=75"]
"""What the build needs beyond hatchling: mypyc comes with mypy, and has setuptools run the C compiler."""

MODULES = (
    *("cache/connection_cache", "cache/crowds", "cache/deadlines", "cache/entries", "cache/service"),
    *(
        "cache/statistics",
        "protocol/actions",
        "protocol/attributes",
        "protocol/conversation",
        "protocol/request",
    ),
    *("protocol/states", "daemon/connection", "daemon/server", "daemon/stream", "daemon/timers", "rights"),
)
"""What a request passes through, of the package. Not dialect: others look at its class's __slots__, which a
compiled class doesn't have. Not network: the daemons have subclasses of its classes, as can't be of compiled
ones. Not budget: it takes any holder, and a compiled one only those that the daemon has."""


class CompiledBuild(BuildHookInterface[Any]):
    """Adds the extension modules to a wheel where the environment asks for them."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """What pip installs for the build."""
        return NEEDED if os.environ.get(SWITCH) == "1" else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and have the extension modules put beside their sources."""
        if os.environ.get(SWITCH) != "1":
            return
        if version == "editable":
            raise RuntimeError(f"{SWITCH}: an editable installation runs the sources; install without -e")
        root = Path(self.root)
        modules = [f"scache/{module}.py" for module in MODULES]
        target = tempfile.mkdtemp(prefix="scache-build-")
        for path in compile_modules(root, modules, target):
            build_data["force_include"][str(path)] = str(path.relative_to(target))
        build_data["pure_python"] = False
        build_data["infer_tag"] = True


def compile_modules(root: Path, modules: list[str], target: str) -> list[Path]:
    """The extension modules of these sources, below the target directory as they go below site-packages."""
    from mypyc.build import mypycify
    from setuptools import Distribution

    work = tempfile.mkdtemp(prefix="scache-build-")
    before = Path.cwd()
    os.chdir(root)
    try:
        options = ["--config-file=", "--cache-dir", f"{work}/cache", "--follow-imports=silent"]
        extensions = mypycify([*options, *modules], opt_level="3", debug_level="0", target_dir=f"{work}/c")
        build = Distribution({"name": "scache", "ext_modules": extensions}).get_command_obj("build_ext")
        build.build_lib, build.build_temp = target, f"{work}/objects"
        build.ensure_finalized()
        build.run()
    finally:
        os.chdir(before)
    return sorted(Path(target).rglob("*.so"))
