"""Play one case on one target: start a daemon, take the steps, compare each look with what is acceptable."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from functools import singledispatchmethod
from time import perf_counter
from typing import TypeVar

from conformance.catalogue.language import model
from conformance.catalogue.language.model import Case, Reply
from conformance.catalogue.recorded.traces import different_statistics, replay_trace
from conformance.contract.target import Daemon, Peer, Received, Target
from conformance.runner import shown
from conformance.runner.process import PROCESS_STEPS
from conformance.runner.start import start
from conformance.runner.verdict import Difference, Entry, Observation, Result, Verdict
from scache.errors import ScacheError, UnavailableError
from scache.protocol.dialect import ANNOUNCEMENT

__all__ = ["play"]

T = TypeVar("T")


def play(case: Case, target: Target, *, bytewise: bool = False) -> Result:
    """Play a case on a fresh daemon of the target.

    bytewise: every write that carries no descriptor goes out byte by byte, the daemon coming to rest after
    each. The result's verdict knows nothing of the target's known differences.
    """
    started = perf_counter()
    try:
        stage = _Stage(lambda: start(case, target), bytewise)
    except UnavailableError as missing:
        return Result(case, target.name, Verdict.UNAVAILABLE, str(missing))
    except (OSError, ScacheError) as failure:  # it hangs or computes before it has served anybody
        return Result(case, target.name, Verdict.FAIL, f"{type(failure).__name__} at start: {failure}")
    try:
        verdict, detail = _take_steps(case, stage)
    finally:
        crash = stage.leave()
    if crash and verdict is not Verdict.FAIL:
        verdict, detail = Verdict.FAIL, crash
    seconds = perf_counter() - started
    detail = shown.legible(detail)
    transcript, observations = tuple(stage.transcript), tuple(stage.observations)
    return Result(case, target.name, verdict, detail, transcript, observations, seconds, stage.difference)


def _take_steps(case: Case, stage: _Stage) -> tuple[Verdict, str]:
    try:
        for step in case.steps:
            stage.take(step)
        stage.expect_rest()
    except _Mismatch as mismatch:
        return (
            Verdict.INFORMATIONAL if case.informational else Verdict.FAIL
        ), f"{mismatch}{stage.obituary()}"
    except UnavailableError as missing:
        return Verdict.UNAVAILABLE, str(missing)
    except (OSError, ScacheError) as failure:
        return Verdict.FAIL, f"{type(failure).__name__}: {failure}"
    except Exception:  # a daemon in this process has crashed, and the other cases are still to be played
        return Verdict.FAIL, traceback.format_exc().rstrip()
    if stage.second_best:
        return Verdict.NON_STRICT, stage.second_best
    return Verdict.PASS, ""


class _Mismatch(Exception):
    """A look that showed none of the acceptable outcomes."""


class _Stage:
    """A daemon, its clients, and the record of what was said."""

    def __init__(self, start: Callable[[], Daemon], bytewise: bool) -> None:
        self._start = start
        self.daemon = start()
        self._before: list[Daemon] = []
        self.bytewise = bytewise
        self.peers: dict[str, Peer] = {}
        self.arrived: dict[str, list[Received]] = {}
        self.transcript: list[Entry] = []
        self.observations: list[Observation] = []
        self.second_best = ""
        self._now = 0
        self.difference: Difference | None = None

    def leave(self) -> str:
        """Close every client and end the daemon; how one in this process crashed doing so, else empty."""
        try:
            for peer in self.peers.values():
                peer.close()
            for daemon in (*self._before, self.daemon):
                daemon.stop()
        except Exception:
            return traceback.format_exc().rstrip()
        return ""

    def expect_rest(self) -> None:
        """Nothing that no step has looked at: no byte, no session, no log line."""
        for name in self.peers:
            received = self._received(name)
            if received.data or received.tokens:
                raise _Mismatch(f"client {name}: nothing more expected, got {shown.reply(received)}")
        try:
            lines = self.daemon.log()
        except UnavailableError:
            return  # the case itself has not asked for the log
        if lines:
            raise _Mismatch(f"no further log line expected, got {lines}")

    def obituary(self) -> str:
        """How the daemon ended, if it has: that may be why a look showed something else."""
        try:
            status = self.daemon.exit_status()
        except ScacheError:
            return ""
        last_words = "" if status is None else "; ".join(self.daemon.log())
        return (
            "" if status is None else f"\nthe daemon has ended with status {status}: {last_words or 'no log'}"
        )

    @singledispatchmethod
    def take(self, step: model.Step) -> None:
        raise TypeError(f"not a step: {step!r}")

    @take.register
    def _(self, step: model.Connect) -> None:
        self.peers[step.peer] = self.daemon.connect()
        self.arrived[step.peer] = []
        self._note(step.peer, "connects")
        if step.greeted:
            greeting = ANNOUNCEMENT if self.daemon.dialect.announcement else b""
            self.take(model.Expect(step.peer, (Reply(greeting),)))

    @take.register
    def _(self, step: model.Send) -> None:
        peer = self.peers[step.peer]
        self._add(f"{step.peer} >>", step.data, shown.carrying(step.tokens), step.tokens)
        if not self.bytewise or step.tokens or len(step.data) < 2:
            peer.send(step.data, step.tokens)
            return
        for at in range(len(step.data)):
            peer.send(step.data[at : at + 1])
            self.arrived[step.peer].append(peer.receive())

    @take.register
    def _(self, step: model.Expect) -> None:
        received = self._received(step.peer)
        carried = shown.carrying(received.tokens, received.end)
        self._add(f"{step.peer} <<", received.data, carried, received.tokens)
        got = Reply(received.data, received.tokens, received.end)
        self._judge(f"client {step.peer} receives", got, step.outcomes, shown.reply)

    @take.register
    def _(self, step: model.Shutdown) -> None:
        self._note(step.peer, "shuts down its sending side")
        self.peers[step.peer].shutdown()

    @take.register
    def _(self, step: model.Close) -> None:
        self._note(step.peer, "closes")
        self.peers.pop(step.peer).close()

    @take.register
    def _(self, step: model.Advance) -> None:
        self._note("clock", f"advances by {step.seconds} s")
        self._now += step.seconds
        self.daemon.advance(step.seconds)

    @take.register
    def _(self, step: model.PassTime) -> None:
        self._note("clock", f"advances by {step.seconds} s, and wakes nobody")
        self._now += step.seconds
        self.daemon.pass_time(step.seconds)

    @take.register
    def _(self, step: model.Log) -> None:
        lines = tuple(self.daemon.log())
        for line in lines:
            self._note("log", line)
        for acceptable in step.outcomes:
            lines = shown.without_reasons(lines, acceptable)
        self._judge("log", lines, step.outcomes, shown.log_lines)

    @take.register
    def _(self, step: model.Held) -> None:
        held = self.daemon.is_open(step.token)
        self._note(step.token, "is held" if held else "is free")
        self._judge(
            f"who holds session {step.token}",
            held,
            step.outcomes,
            lambda held: f"session {step.token} is {'held' if held else 'free'}",
        )

    @take.register
    def _(self, _step: model.Terminate) -> None:
        self._note("daemon", "gets SIGTERM")
        self.daemon.terminate()

    @take.register
    def _(self, _step: model.LoseMaster) -> None:
        self._note("daemon", "loses its master")
        self.daemon.lose_master()

    @take.register
    def _(self, step: model.Ended) -> None:
        status = self.daemon.exit_status()
        self._note("daemon", "runs" if status is None else f"has ended with {status}")
        self._judge("exit status", status, step.outcomes, str)

    @take.register
    def _(self, step: model.HangUp) -> None:
        self._note(step.token, "is ended by its remote side")
        self.daemon.hang_up(step.token)

    @take.register
    def _(self, step: model.ReplayTrace) -> None:
        self._note("clients", f"of {step.file.name} are replayed")
        problem = replay_trace(step.file, self.daemon, self._start_anew)
        self._judge("replay", problem, ("",), str)
        self.daemon.lose_master()
        lines = [line for daemon in (*self._before, self.daemon) for line in daemon.log()]
        self._judge("statistics of the replay", different_statistics(step.file, lines), ("",), str)

    @take.register
    def _(self, step: model.Heard) -> None:
        heard = self.daemon.heard(step.token)
        self._add(f"{step.token} hears", heard)
        self._judge(f"the remote side of {step.token} hears", heard, step.outcomes, repr)

    @take.register
    def _(self, step: model.OnProcess) -> None:
        problem = PROCESS_STEPS[step.what](self.daemon, self.peers)
        self._note("process", f"{step.what.value}{f': {problem}' if problem else ''}")
        self._judge(step.what.value, problem, (None,), str)

    def _received(self, name: str) -> Received:
        """What has arrived since the last look, the byte-by-byte looks in between put together."""
        looks = [*self.arrived[name], self.peers[name].receive()]
        self.arrived[name] = []
        tokens = tuple(token for look in looks for token in look.tokens)
        return Received(b"".join(look.data for look in looks), tokens, looks[-1].end)

    def _judge(self, what: str, got: T, outcomes: tuple[T, ...], words: Callable[[T], str]) -> None:
        self.observations.append((what, words(got)))
        if got not in outcomes:
            acceptable = "\n      or ".join(words(outcome) for outcome in outcomes)
            wanted = outcomes[0]
            self.difference = Difference(what, shown.raw(wanted), shown.raw(got), words(wanted), words(got))
            raise _Mismatch(f"{what}\nexpected {acceptable}\n     got {words(got)}")
        if got != outcomes[0] and not self.second_best:
            self.second_best = f"{what}: {words(got)}, preferred: {words(outcomes[0])}"

    def _start_anew(self) -> Daemon:
        """As at `postfix reload`: what clients of the old daemon have not read yet, they still can."""
        self.daemon.lose_master()
        self._before.append(self.daemon)
        self.daemon = self._start()
        return self.daemon

    def _note(self, who: str, text: str) -> None:
        self._add(who, note=shown.legible(text))

    def _add(self, who: str, data: bytes = b"", note: str = "", tokens: tuple[str, ...] = ()) -> None:
        self.transcript.append(Entry(who, data, note, tokens, self._now))
