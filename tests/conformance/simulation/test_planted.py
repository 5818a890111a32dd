"""Bugs planted in the product, one line each: simulation or the differential run finds every one of them.

Each planting replaces a line of one function's source. One whose line is gone fails, so none goes stale.
"""

from __future__ import annotations

import inspect
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from conformance.differential.drawing import draw_stretch
from conformance.differential.findings import play_stretch
from conformance.simulation.campaign.run import play
from conformance.targets.registry import parse_target
from scache.cache.connection_cache import ConnectionCache
from scache.cache.deadlines import Deadlines
from scache.cache.service import Service
from scache.daemon.connection import Connection
from scache.daemon.server import Server
from scache.daemon.sessions import CachedSessions
from scache.protocol.conversation import Conversation
from scache.simulated import SimulatedStream


@dataclass(frozen=True)
class Planting:
    """A bug: in `function`, `good` becomes `bad`. `by` finds it: a campaign from seed 1."""

    name: str
    function: Callable[..., Any]
    good: str
    bad: str
    by: str = "simulate"


PLANTINGS = [
    Planting(
        "an expired session isn't closed",
        CachedSessions._close,
        "self._network.close(descriptor)",
        "pass",
    ),
    Planting(
        "an expired session is closed twice",
        CachedSessions._close,
        "self._network.close(descriptor)",
        "self._network.close(descriptor); self._network.close(descriptor)",
    ),
    Planting(
        "a session is handed out under another label",
        ConnectionCache._take,
        "self._endpoints.get(endp_label)",
        "self._endpoints.get(endp_label) or next(iter(self._endpoints.values()), None)",
    ),
    Planting(
        "the conversation keeps its state when no descriptor came",
        Conversation.receive_descriptors,
        "self._go(states.NOT_RECEIVED)",
        "pass",
    ),
    Planting(
        "a miss counts as a hit",
        Service.find_dest,
        "self._statistics.dest_miss += 1",
        "self._statistics.dest_hits += 1",
    ),
    Planting(
        "the second entry that is due stays",
        Deadlines.take_due,
        "yield from self._buckets.pop(heappop(self._seconds))",
        "yield from list(self._buckets.pop(heappop(self._seconds)))[:1]",
    ),
    Planting(
        "the rest of a partial write is lost",
        Connection._answer,
        "self._hold_up([action[sent:], *actions[position + 1 :]])",
        "self._hold_up(actions[position + 1 :])",
    ),
    Planting(
        "MSG_CTRUNC is ignored",
        SimulatedStream.receive_descriptors,
        "if truncated:",
        "if truncated and False:",
    ),
    Planting(
        "nobody is accepted after descriptors ran out",
        Server._accept,
        "self.call_after(_ACCEPT_PAUSE, self._accept_again)",
        "pass",
    ),
    Planting(
        "the newest session is found first",
        ConnectionCache._take,
        "endpoint.newest if self.settings.newest_first else endpoint.oldest",
        "endpoint.newest",
    ),
    Planting(
        "a refreshed binding moves to the end",
        ConnectionCache.save_dest,
        "self._deadlines.move(binding, due)",
        "self._deadlines.move(binding, due); bindings[key] = bindings.pop(key)",
    ),
    Planting("the time to live isn't limited", ConnectionCache._due, "ttl if ttl < limit", "ttl if True"),
    Planting("expiry is one second late", Server.turn, "cache_due <= now", "cache_due < now"),
    Planting(
        "a found destination loses its binding",
        ConnectionCache.find_dest,
        "return Found(",
        "self._deadlines.cancel(binding); self._unbind(binding); return Found(",
    ),
    Planting(
        "the two properties are exchanged",
        ConnectionCache.find_dest,
        "Found((binding.prop, session.prop), session)",
        "Found((session.prop, binding.prop), session)",
    ),
    Planting(
        "a request behind the last dummy is lost",
        Conversation.receive,
        "data = data[len(DUMMY) :]",
        'data = b""',
    ),
    Planting("the time limit closes nobody", Server._check_time_limits, "client.time_out(now)", "pass"),
    Planting(
        "a reset is not an end of input",
        Connection.ready,
        "except ConnectionError:",
        "except ConnectionAbortedError:",
    ),
    Planting(
        "what came behind a request survives its reply",
        Conversation._scanned,
        "self._scanner.discard()",
        "pass",
        by="diff",
    ),
    Planting("surplus descriptors leak", Conversation.receive_descriptors, "*map(Discard, descriptors),", ""),
    Planting(
        "a session that was handed over stays open here",
        Connection._answer,
        "self._network.release(action.descriptor)",
        "pass",
    ),
    Planting("statistics aren't reset", Service.take_statistics, "self._statistics.reset()", "pass"),
    Planting(
        "the daemon ends for want of clients while it has one",
        Server._accept,
        "self._timers.cancel(self._stop_idling)",
        "pass",
    ),
    Planting(
        "a session leaks when its client sends no dummy",
        Conversation._dummy_missed,
        "failed.append(Discard(self._found.session.descriptor))",
        "pass",
    ),
    Planting(
        "sessions under way leak when the daemon ends",
        Connection.drop,
        "self._abandon(now, timed_out=False)",
        "pass",
    ),
    Planting(
        "a client's place in the epoll set outlives it",
        Connection._close,
        "self._network.unwatch(self._stream.handle)",
        "pass",
    ),
    Planting(
        "nothing expires in a verbose daemon",
        Service.__init__,
        "self.next_due = self._cache.next_due",
        "self.next_due = (self._cache if observer is None else ConnectionCache(settings)).next_due",
    ),
    Planting(
        "time limits go by the clock on the wall",
        Server.__init__,
        "self._clock = clock",
        "self._clock = type('Wall', (), {'now': clock.now, 'monotonic': clock.now, 'text': clock.text})",
    ),
    Planting(
        "a session that was sent is still held",
        Conversation.handed_over,
        "self._found = None",
        "pass",
    ),
    Planting(
        "an unknown request is answered with FAIL",
        Conversation._request_named,
        "UNKNOWN_REQUEST]",
        "REQUESTS[b'save_dest'].fail]",
    ),
]


def put_back_by_number(*, forgetful: bool) -> Callable[[pytest.MonkeyPatch], None]:
    """As it was once: what a find took out is kept by its descriptor's number, while keep_unclaimed is on.

    forgetful: a reconfiguration forgets it all, so that only what it doesn't know can go wrong.
    """

    def plant(patch: pytest.MonkeyPatch) -> None:
        kept: dict[int, Any] = {}
        finds = {name: getattr(Service, name) for name in ("find_endp", "find_dest")}
        reconfigure = Service.reconfigure

        def find(name: str, service: Service, label: bytes) -> Any:
            found = finds[name](service, label)
            if found is not None and service._settings.keep_unclaimed:
                kept[found.session.descriptor] = found.session
            return found

        def put_back(service: Service, now: int, found: Any) -> bool:
            if not service._settings.keep_unclaimed:
                return False
            number = found.session.descriptor
            session = kept.pop(number) if forgetful else kept.pop(number, found.session)
            return service._cache.put_back(now, session)

        def reconfigure_and_forget(service: Service, settings: Any) -> None:
            reconfigure(service, settings)
            if forgetful:
                kept.clear()

        for name in finds:
            patch.setattr(Service, name, lambda service, label, name=name: find(name, service, label))
        patch.setattr(Service, "put_back", put_back)
        patch.setattr(Service, "reconfigure", reconfigure_and_forget)

    return plant


#: Bugs that take more than a line.
LARGER = {
    "a session is put back as another one that had its number": put_back_by_number(forgetful=False),
    "a session found before keep_unclaimed was switched on is unknown": put_back_by_number(forgetful=True),
}


def plant(monkeypatch: pytest.MonkeyPatch, planting: Planting) -> None:
    source = textwrap.dedent(inspect.getsource(planting.function))
    assert planting.good in source, f"{planting.function.__qualname__} has changed: plant the bug anew"
    planted = source.replace(planting.good, planting.bad, 1)
    module = sys.modules[planting.function.__module__]
    scope: dict[str, Any] = {}
    exec("from __future__ import annotations\n" + planted, vars(module), scope)
    owner = getattr(module, planting.function.__qualname__.split(".")[0])
    monkeypatch.setattr(owner, planting.function.__name__, scope[planting.function.__name__])


def simulate() -> tuple[int, str] | None:
    requests = 0
    for seed in range(1, 600):
        outcome = play(seed, 200)
        requests += outcome.requests
        if outcome.violation is not None:
            return requests, outcome.violation
    return None


def differ() -> tuple[int, str] | None:
    left, right = parse_target("simulated"), parse_target("reference")
    steps = 0
    for seed in range(1, 150):
        difference, entries = play_stretch(left, right, *draw_stretch(seed))
        steps += len(entries)
        if difference is not None:
            return steps, f"{difference.what} differs"
    return None


@pytest.mark.parametrize("name", LARGER)
def test_a_larger_planted_bug_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    LARGER[name](monkeypatch)
    found = simulate()
    assert found is not None, f"nobody finds: {name}"


@pytest.mark.parametrize("planting", PLANTINGS, ids=lambda planting: planting.name.replace(" ", "-"))
def test_a_planted_bug_is_found(planting: Planting, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch, planting)
    found = simulate() if planting.by == "simulate" else differ()
    assert found is not None, f"nobody finds: {planting.name}"
