"""The daemon as one executable file for daemon_directory.

The file is a zip archive behind a short shell script, which starts the distribution's python3 on it. Running
the archive itself would import runpy, which takes longer than all of the daemon's own modules. master(8)
gives no PATH, so the interpreter's path is absolute.
"""

from __future__ import annotations

import io
import os
import subprocess
import tempfile
import zipfile
from pathlib import Path
from typing import NamedTuple

import scache
from scache.errors import UnavailableError
from scache.files import write_whole

__all__ = ["MARK", "Parts", "build", "compile_parts", "script", "write_program"]

#: Stands in every such file, so that it is known as one.
MARK = b"# scache in Python, for Postfix's daemon_directory: a zip archive behind a shell script\n"
_HEAD = """#!/bin/sh
{mark}test $# -gt 0 || {{ echo "$0: Postfix's scache(8): its master(8) starts it" >&2; exit 2; }}
exec {interpreter} {options} -c '
import sys
sys.path.insert(0, sys.argv.pop(1){suffix})
from scache.postfix.__main__ import main
sys.exit(main())' "$0" "$@"
"""

#: Run by the interpreter that the file is for: it knows which modules the daemon loads, and compiles them.
_COMPILE = """
import sys
root, target = sys.argv[1:]
sys.path.insert(0, root)
import scache.postfix.__main__
loaded = sorted((name, module) for name, module in sys.modules.items() if hasattr(module, "__file__"))
import os, py_compile
print(sys.implementation.cache_tag)
for name, module in loaded:
    if name.partition(".")[0] == "scache":
        # Of a module that is compiled to C, too, this is the source all the same.
        source = name.replace(".", "/") + ("/__init__.py" if hasattr(module, "__path__") else ".py")
        py_compile.compile(
            os.path.join(root, source), os.path.join(target, source + "c"), dfile=source, doraise=True,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )
        print(source)
    if module.__file__.startswith(root + "/") and module.__file__.endswith(".so"):
        print(os.path.relpath(module.__file__, root))
"""
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # that a zip archive can say: the same sources give the same file


class Parts(NamedTuple):
    """What the daemon consists of, for one interpreter: the contents of files, by their names below the place
    where the package is.

    cache_tag: the interpreter's release, in names of files. bytecode: by the source's name. extensions: the
    modules that are compiled to C, if there are any for this interpreter.
    """

    cache_tag: str
    sources: dict[str, bytes]
    bytecode: dict[str, bytes]
    extensions: dict[str, bytes]


def compile_parts(interpreter: str, root: Path | None = None) -> Parts:
    """Compile the modules that the daemon loads. UnavailableError where the interpreter can't run it.

    root: the directory that holds the package; None for the one that this process runs.
    """
    if not os.path.isabs(interpreter) or not os.access(interpreter, os.X_OK):
        raise UnavailableError(f"{interpreter}: not the absolute path of an interpreter")
    root = root or Path(scache.__file__).parent.parent
    with tempfile.TemporaryDirectory(prefix="scache-") as target:
        compiling = subprocess.run(
            [interpreter, "-IS", "-c", _COMPILE, str(root), target],
            capture_output=True,
            text=True,
            check=False,
        )
        if compiling.returncode != 0:
            said = compiling.stderr.strip().splitlines() or [f"exit status {compiling.returncode}"]
            raise UnavailableError(f"{interpreter}: cannot run the daemon: {said[-1]}")
        cache_tag, *names = compiling.stdout.splitlines()
        sources = [name for name in names if name.endswith(".py")]
        return Parts(
            cache_tag,
            {name: (root / name).read_bytes() for name in sources},
            {name: Path(target, f"{name}c").read_bytes() for name in sources},
            {name: (root / name).read_bytes() for name in names if name.endswith(".so")},
        )


def script(interpreter: str, options: str, suffix: str = "") -> bytes:
    """The shell script that has the interpreter run the daemon out of the file itself.

    suffix: of the path, where it runs out of another one, as Python adds it.
    """
    head = _HEAD.format(mark=MARK.decode(), interpreter=interpreter, options=options, suffix=suffix)
    return head.encode()


def build(interpreter: str) -> bytes:
    """The file's content, for this interpreter.

    It holds compiled modules, and their sources, which another release of Python uses instead.
    UnavailableError where the interpreter can't run the daemon.
    """
    parts = compile_parts(interpreter)
    archive = io.BytesIO()
    # Not compressed: unpacking would need zlib, and time.
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as file:
        for name, source in parts.sources.items():
            file.writestr(zipfile.ZipInfo(name, _EARLIEST), source)
            file.writestr(zipfile.ZipInfo(f"{name}c", _EARLIEST), parts.bytecode[name])
    return script(interpreter, "-IS") + archive.getvalue()


def write_program(path: Path, content: bytes, *, replace: bool = False) -> None:
    """Put the program there, whole or not at all, readable and executable for everybody.

    Raises UsageError where the file exists and isn't to be replaced, OSError.
    """
    write_whole(path, content, replace=replace, mode=0o755)
