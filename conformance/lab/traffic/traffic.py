"""Mail on its way into a private instance: smtp-source(1) processes."""

from __future__ import annotations

import subprocess
import time

from conformance.lab.scenarios import Scenario, Wave
from conformance.postfix.installations import ENVIRONMENT, Installation
from scache.errors import UnavailableError

__all__ = ["Injection"]


class Injection:
    """One wave of mails to one instance: one smtp-source(1) for each destination and sender."""

    def __init__(self, installation: Installation, scenario: Scenario, wave: Wave, submission: str) -> None:
        self._processes: list[subprocess.Popen[str]] = []
        for destination in range(scenario.destinations):
            for number, sender in enumerate(scenario.senders):
                mails = share(wave.mails, len(scenario.senders), number)
                if mails:
                    words = source_options(wave, mails, sender, scenario.domain(destination))
                    self._start([installation.command("smtp-source"), *words, submission])

    def _start(self, command: list[str]) -> None:
        self._processes.append(
            subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env=ENVIRONMENT,
                text=True,
            )
        )

    def wait(self, deadline: float) -> bool:
        """Wait until the instance has taken every mail; False when the deadline (monotonic) came first.

        Raises UnavailableError where a source has failed: then the run says nothing about the cache.
        """
        for process in self._processes:
            try:
                _, complaint = process.communicate(timeout=max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                return False
            if process.returncode != 0:
                raise UnavailableError(f"smtp-source failed: {complaint.strip()}")
        return True

    def stop(self) -> None:
        """End the sources at once; may be called twice."""
        for process in self._processes:
            process.kill()
            process.communicate()


def share(mails: int, senders: int, number: int) -> int:
    """How many of the mails the sender of this number sends."""
    return mails // senders + (number < mails % senders)


def source_options(wave: Wave, mails: int, sender: str, domain: str) -> list[str]:
    """Options of the smtp-source(1) that sends these mails."""
    interval = ["-w", str(wave.interval)] if wave.interval else []
    sessions = min(wave.sessions, mails)
    return [*interval, "-s", str(sessions), "-m", str(mails), "-f", sender, "-t", f"rcpt@{domain}"]
