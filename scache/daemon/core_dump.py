"""No core dump: it would hold what clients asked for, and lie where nobody looks after it."""

from __future__ import annotations

# Not `ctypes`: it takes ten times as long to import as the C module that it wraps.
import _ctypes
import resource

__all__ = ["forbid_core_dumps"]

_NOW = 2  # RTLD_NOW, as dlopen(3) has it
_PR_SET_DUMPABLE = 4


def forbid_core_dumps() -> None:
    """Let this process leave no core file, not in the hands of a program that collects them either, and let
    nobody but root trace it or look into its memory. To be called after privileges were given up, which sets
    the kernel's mark anew.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    prctl = _ctypes.dlsym(_ctypes.dlopen(None, _NOW), "prctl")  # type: ignore[arg-type]  # None: what is loaded
    _ctypes.call_function(prctl, (_PR_SET_DUMPABLE, 0, 0, 0, 0))
