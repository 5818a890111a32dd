"""Where our daemon's time goes: its functions under load, by Python's own profiler."""

from __future__ import annotations

import cProfile
import pstats
import runpy
import signal
import sys
import tempfile
from pathlib import Path

from conformance.benchmark.measure.comparison import loaded
from conformance.benchmark.measure.daemons import python_program

__all__ = ["measure_profile"]

CLIENTS = 16
SHOWN = 30


def measure_profile(command: list[str], cached: int, seconds: float) -> None:
    """Print the functions in which our daemon spends its time, the most expensive first."""
    with tempfile.TemporaryDirectory(prefix="scache-benchmark-") as directory:
        output = Path(directory, "profile")
        output.touch(mode=0o666)
        output.chmod(0o666)
        Path(directory).chmod(0o755)
        contestant = python_program("ours", [__file__, str(output)])
        with loaded(contestant, command, cached) as under_load:
            under_load.generator.open_clients(CLIENTS)
            load = under_load.generator.run(seconds)
            under_load.daemon.child.send_signal(signal.SIGUSR1)
            under_load.generator.run(0.01)
        print(f"{load.requests:,} requests under the profiler, {cached:,} cached pairs, {CLIENTS} clients")
        pstats.Stats(str(output)).sort_stats("tottime").print_stats(SHOWN)


def profiled(output: str, arguments: list[str]) -> None:
    """Be our daemon under the profiler; the statistics go to the file at SIGUSR1."""
    profile = cProfile.Profile()
    signal.signal(signal.SIGUSR1, lambda *_: profile.dump_stats(output))
    sys.argv = ["scache", *arguments]
    profile.enable()
    runpy.run_module("scache.postfix", run_name="__main__")


if __name__ == "__main__":
    profiled(sys.argv[1], sys.argv[2:])
