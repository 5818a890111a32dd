"""Interpreters that a version manager keeps to itself, for tox (which loads this file by its name).

Such a manager puts a `python3.12` into PATH that fails unless it is switched on for the folder. tox finds it
and skips the environment, though the interpreter itself is a few folders away.
"""

from __future__ import annotations

import os
from glob import glob

_VERSIONS = "3.1[123]*/bin/python3.1[123]"
_PLACES = (
    os.environ.get("PYENV_ROOT", "~/.pyenv") + "/versions/",
    os.environ.get("ASDF_DATA_DIR", "~/.asdf") + "/installs/python/",
    "~/.local/share/mise/installs/python/",
    "~/.local/share/uv/python/cpython-",
)

_found = [path for place in _PLACES for path in sorted(glob(os.path.expanduser(place) + _VERSIONS))]
if _found:
    os.environ.setdefault("TOX_DISCOVER", ",".join(_found))
