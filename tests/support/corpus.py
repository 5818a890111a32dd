"""The recorded traces, as parameters of a test that is about each of them."""

from __future__ import annotations

import pytest

from conformance.traces import FOLDER

#: It has half of all events. The other twelve are in the fast part of the tests, this one in the whole suite.
LONGEST = "burst"

CORPUS = [
    pytest.param(path, id=path.name, marks=[pytest.mark.lasting] * (path.name == f"{LONGEST}.jsonl.gz"))
    for path in sorted(FOLDER.glob("*.jsonl.gz"))
]
