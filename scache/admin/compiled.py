"""The compiled daemon in daemon_directory: a directory beside the program.

No extension module can be loaded out of a zip archive. The directory's name tells what it holds: an upgrade
makes another one, and changes none that a daemon is about to load.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from pathlib import Path

from scache.admin.zipapp import compile_parts, script
from scache.errors import UnavailableError

__all__ = ["CompiledDaemon", "directories"]

_DIGITS = 16  # of the digest


class CompiledDaemon:
    """The compiled build of the daemon for an interpreter, beside a program of this path.

    content: the program's. directory: where its modules go. root: the directory that holds the package with
    the compiled build; None for the one that this process runs.
    Raises UnavailableError where the interpreter can't run the daemon, or there is no such build for it.
    """

    def __init__(self, interpreter: str, program: Path, root: Path | None = None) -> None:
        parts = compile_parts(interpreter, root)
        if not parts.extensions:
            raise UnavailableError(
                f"{interpreter}: this scache has no compiled build for it; install one by that release of "
                "Python: SCACHE_COMPILE=1 pip install ."
            )
        self._files = parts.sources | parts.extensions
        for name, bytecode in parts.bytecode.items():
            path = Path(name)
            self._files[str(path.parent / "__pycache__" / f"{path.stem}.{parts.cache_tag}.pyc")] = bytecode
        digest = _digest(self._files)
        self.directory = program.with_name(f"{program.name}-{digest}")
        # -B: what it would write there is not ours.
        self.content = script(interpreter, "-IBS", f' + "-{digest}"')

    def is_there(self) -> bool:
        """Whether the directory holds all that it has to, and nothing else."""
        return _read(self.directory) == self._files

    def write(self) -> None:
        """Make the directory, or make it anew; it has its name only once it is whole. Raises OSError."""
        if self.is_there():
            return
        made = Path(tempfile.mkdtemp(prefix=f".{self.directory.name}.", dir=self.directory.parent))
        try:
            made.chmod(0o755)
            for name, content in self._files.items():
                path = made / name
                path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
                path.write_bytes(content)
                path.chmod(0o644)
            if self.directory.exists():
                shutil.rmtree(self.directory)
            made.rename(self.directory)
        except BaseException:
            shutil.rmtree(made, ignore_errors=True)
            raise


def directories(program: Path) -> list[Path]:
    """The directories of compiled daemons beside a program of this path."""
    digits = "[0-9a-f]" * _DIGITS
    return sorted(path for path in program.parent.glob(f"{program.name}-{digits}") if path.is_dir())


def _digest(files: dict[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, content in sorted(files.items()):
        digest.update(b"%s %d\n%b" % (name.encode(), len(content), content))
    return digest.hexdigest()[:_DIGITS]


def _read(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in directory.rglob("*")
        if not path.is_dir()
    }
