"""The recording proxy between smtp(8) and the connection cache of a private instance."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from conformance.postfix.installations import ENVIRONMENT, Installation
from scache.errors import UnavailableError

__all__ = ["RECORDED_SERVICE", "RunningRecorder"]

RECORDED_SERVICE = "scache-recorded"
"""The name that smtp(8) asks for where a recorder stands in front of the cache."""
PATIENCE = 30.0


class RunningRecorder:
    """A `scache record` process that listens in the queue directory beside the cache's own socket."""

    def __init__(
        self, queue: Path, service: str, trace: Path, scenario: str, installation: Installation
    ) -> None:
        private = queue / "private"
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "scache", "record"),
                *("--listen", str(private / RECORDED_SERVICE)),
                *("--upstream", str(private / service)),
                *("--output", str(trace)),
                *("--scenario", scenario, "--postfix-release", installation.version),
                *(() if installation.announces else ("--no-announcement",)),
            ],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=ENVIRONMENT,
            text=True,
        )
        assert self._process.stderr is not None
        greeting = self._process.stderr.readline()
        if "recording what comes to" not in greeting:
            self.stop()
            raise UnavailableError(f"the recorder does not start: {greeting.strip()}")

    def finish(self) -> None:
        """End the recording; the trace is complete then. Raises UnavailableError where it complained."""
        self._process.terminate()
        _, complaints = self._process.communicate(timeout=PATIENCE)
        if self._process.returncode != 0 or complaints:
            raise UnavailableError(f"the recorder ended badly: {complaints.strip()}")

    def stop(self) -> None:
        """End the recorder at once; may be called twice."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()
