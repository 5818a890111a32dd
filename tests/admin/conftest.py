"""What is about the compiled build is only collected where the tests run on it (`tox run -e compiled`)."""

from __future__ import annotations

from tests.support.compiled import COMPILED

collect_ignore = [] if COMPILED else ["test_install_compiled.py"]
