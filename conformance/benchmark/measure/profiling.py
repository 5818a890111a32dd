"""Where our daemon's time goes under load: samples by perf(1), to which Python tells its functions' names."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from conformance.benchmark.daemons import Contestant
from conformance.benchmark.measure.comparison import Turn, loaded, measure_turn
from scache.errors import UnavailableError

__all__ = ["OUTSIDE", "Profile", "count_samples", "measure_profile"]

NAMES_FUNCTIONS = (3, 12)
"""The first release of Python with `-X perf`."""
FREQUENCY = 1500
"""Samples a second; more of them would slow down what they show."""
STACK = 4096
"""Bytes of the stack that are kept with a sample: enough from C back to the Python function."""
ATTACHED = 0.5
"""Seconds of load before what is counted, in which perf begins; nothing tells when it has."""

OUTSIDE = "outside of Python's functions"
PYTHON_FUNCTION = re.compile(r"\spy::(?P<name>\S+?):(?P<file>\S+?)\+0x")


@dataclass(frozen=True, slots=True)
class Profile:
    """Samples by function of Python's (name, and file below the package): in the kernel, and elsewhere.

    turn: what the load came to meanwhile.
    """

    turn: Turn
    kernel: Counter[str]
    user: Counter[str]


def count_samples(script: Iterable[str]) -> tuple[Counter[str], Counter[str]]:
    """Samples in the kernel and elsewhere, by the innermost function of Python's, of `perf script`'s text.

    A sample is a line that begins in the first column, and its stack, innermost first, in lines that don't.
    """
    kernel, user = Counter[str](), Counter[str]()
    stack: list[str] = []
    for line in [*script, ""]:
        if line[:1].isspace() and line.strip():
            stack.append(line)
        elif stack:
            found = next(filter(None, map(PYTHON_FUNCTION.search, stack)), None)
            name = OUTSIDE if found is None else f"{found['name']} ({_below_package(found['file'])})"
            (kernel if "[kernel" in stack[0] else user)[name] += 1
            stack = []
    return kernel, user


def _below_package(file: str) -> str:
    return file.rpartition("scache/")[2]


def measure_profile(
    contestant: Contestant, command: list[str], cached: int, clients: int, seconds: float
) -> Profile:
    """Load the daemon, and look a thousand times a second where it is.

    Raises UnavailableError without perf, or where this interpreter doesn't name its functions.
    """
    perf = shutil.which("perf")
    if perf is None:
        raise UnavailableError("perf is not installed")
    if sys.version_info < NAMES_FUNCTIONS:
        raise UnavailableError("only Python 3.12 and later tells perf its functions' names")
    python, *words = contestant.command.prefix
    by_name = replace(contestant.command, prefix=(python, "-X", "perf", *words))
    with (
        tempfile.TemporaryDirectory(prefix="scache-benchmark-") as directory,
        loaded(replace(contestant, command=by_name), command, cached) as under_load,
    ):
        under_load.generator.open_clients(clients)
        samples = Path(directory, "samples")
        options = ["-F", str(FREQUENCY), "-e", "cpu-clock", "--call-graph", f"dwarf,{STACK}"]
        recording = subprocess.Popen(
            [perf, "record", "-q", *options, "-o", str(samples), "-p", str(under_load.daemon.pid)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        under_load.generator.run(ATTACHED)
        turn = measure_turn(under_load.daemon, under_load.generator, seconds)
        recording.send_signal(signal.SIGINT)
        recording.wait()
        script = subprocess.run(
            [perf, "script", "-i", str(samples)], capture_output=True, text=True, check=True
        )
        Path(f"/tmp/perf-{under_load.daemon.pid}.map").unlink(missing_ok=True)  # what -X perf leaves behind
    return Profile(turn, *count_samples(script.stdout.splitlines()))
