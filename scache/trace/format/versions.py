"""Older versions of the trace format, brought to the present one step by step.

A converter takes the JSON objects of a version and gives those of the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

from scache.errors import TraceError
from scache.trace.format.line import FORMAT, VERSION
from scache.trace.format.version_0 import from_exchanges

__all__ = ["current_version"]

Objects = Iterator[dict[str, Any]]

_CONVERTERS: dict[int, Callable[[Objects], Objects]] = {0: from_exchanges}


def current_version(objects: Objects) -> Objects:
    """The objects as the present version has them.

    Raises TraceError, without a place, for what is no trace, or a newer one.
    """
    header = next(objects, None)
    if header is None:
        raise TraceError("the file is empty")
    version = _version(header)
    objects = chain([header], objects)
    while version < VERSION:
        objects = _CONVERTERS[version](objects)
        version += 1
    return objects


def _version(header: dict[str, Any]) -> int:
    if "exchanges" in header:
        return 0
    version = header.get("version")
    if header.get("format") != FORMAT or type(version) is not int or version < 1:
        raise TraceError(f'not a trace: no "format" of "{FORMAT}" with a "version"')
    if version > VERSION:
        raise TraceError(f"format version {version} is newer than this program's, {VERSION}")
    return version
