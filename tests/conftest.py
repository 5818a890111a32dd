"""The markers `postfix` and `needs`: no silent pass where the machine lacks what a test needs.

And no test that a busy machine makes fail: Hypothesis measures no time.
"""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from conformance.targets.absent import nothing_may_be_absent
from tests.support.needs import NEEDS, not_tested

_LACKING = "lacking"

settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


@pytest.fixture
def signals() -> Iterator[None]:
    """SIGINT and SIGTERM do after the test what they did before it."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two to a processor where the real Postfix is tested, for which tests wait more than half of their time;
    else three to two processors.
    """
    processors = len(os.sched_getaffinity(0))
    return processors * 3 // 2 if "not postfix" in config.option.markexpr else processors * 2


def pytest_collection_finish() -> None:
    """What there is by now stays: no search for garbage goes through it, nor copies it in a forked child."""
    gc.freeze()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose needs this machine doesn't meet; fail where all of them must run."""
    names = [name for marker in item.iter_markers("needs") for name in marker.args]
    if item.get_closest_marker("postfix") is not None:
        names += ["root", "watching", "postfix"]
    lacking = [name for name in names if not NEEDS[name].present()]
    if not lacking:
        return
    reason = f"this test needs {' and '.join(NEEDS[name].name for name in lacking)}"
    if nothing_may_be_absent(os.environ):
        pytest.fail(f"{reason}, and nothing may be skipped", pytrace=False)
    item.user_properties.append((_LACKING, lacking))
    pytest.skip(reason)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one sentence what was not tested, and what to install; how to have a failing order again."""
    seed = terminalreporter.config.getoption("randomly_seed", None)
    if seed is not None and terminalreporter.getreports("failed"):
        terminalreporter.write_line(f"The same order again: --randomly-seed={seed}")
    skipped = terminalreporter.getreports("skipped")
    lacking = [names for report in skipped for key, names in report.user_properties if key == _LACKING]
    if lacking:
        terminalreporter.write_line(not_tested(lacking))
