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
from scache.cache.handover import Handover
from scache.cache.service import Service
from scache.daemon.budget import Budget, ClientMemory
from scache.daemon.connection import Connection
from scache.daemon.door import Door
from scache.daemon.server import Server
from scache.daemon.sessions import CachedSessions
from scache.daemon.warning_limit import WarningLimit
from scache.protocol.conversation import Conversation
from scache.simulated import SimulatedNetwork, SimulatedStream

pytestmark = pytest.mark.lasting


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
        "list(reversed(bucket))",
        "list(bucket)[:1]",
    ),
    Planting(
        "a client that had its share is forgotten",
        Server.turn,
        "client.go_on(now)",
        "pass",
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
        Door.newcomer,
        "self._limits.set(self._pause_over, self._moment.elapsed + _PAUSE)",
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
        Server._admit,
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
    # The handover.
    Planting(
        "what is handed over has a second more",
        Handover._go_on,
        "left = entry.due - now",
        "left = entry.due - now + 1",
    ),
    Planting(
        "sessions are handed over newest first",
        ConnectionCache._all_entries,
        "yield from list(endpoint)",
        "yield from list(endpoint)[::-1]",
    ),
    Planting(
        "only sessions are handed over",
        ConnectionCache._all_entries,
        "yield from list(bindings.values())",
        "yield from ()",
    ),
    Planting(
        "a session that is handed over is still watched",
        Service.take_next,
        "self._sessions.unwatch(entry)",
        "pass",
    ),
    Planting(
        "a session leaks when its handover breaks off",
        Handover.end,
        "[Discard(session.descriptor), Close()] if session else [Close()]",
        "[Close()]",
    ),
    Planting(
        "a session that was handed over is still held",
        Handover.handed_over,
        "self._session = None",
        "pass",
    ),
    Planting(
        "a handover ends with the first save that fails",
        Handover.receive,
        "if scan.warnings or",
        'if b"2" in scan.values or scan.warnings or',
    ),
    Planting(
        "a handover waits for ever",
        Server.hand_over,
        "self.call_after(HANDOVER_TIME, give_up)",
        "pass",
    ),
    Planting(
        "clients take the room of sessions that are passed on",
        Server.take_over,
        "self._door.keep_room(stream.handle, most_clients)",
        "pass",
    ),
    Planting(
        "clients are let in before all is there that they may ask for",
        Door.keep_room,
        "self._most_beside = 1",
        "self._most_beside = most",
    ),
    Planting(
        "clients stay while their daemon hands over",
        Server.leave_clients,
        "self._drop_clients(int(self._clock.now()))",
        "pass",
    ),
    Planting(
        "a handover is closed because the next daemon reads slowly",
        Server.hand_over,
        "ClientMemory(self._settings, lambda _client, _what: None)",
        "self._memory",
    ),
    # Watched sessions.
    Planting(
        "no session is watched",
        Service.save_endp,
        "self._sessions.watch(session)",
        "pass",
    ),
    Planting(
        "a session that was put back isn't watched",
        Service.take_back,
        "self._sessions.watch(found.session)",
        "pass",
    ),
    Planting(
        "only the first sessions are watched",
        CachedSessions.watch_fresh,
        "self._called = False",
        "pass",
    ),
    Planting(
        "a session that its remote side ends before it is watched is handed out",
        CachedSessions.has_ended,
        "self._network.readable(descriptor) and self._can_be_watched(descriptor)",
        "False",
    ),
    Planting(
        "a session that was found is still watched",
        CachedSessions.has_ended,
        "self._unwatch(descriptor)",
        "pass",
    ),
    Planting(
        "a watched session that its remote side ends stays in the cache",
        Service.ended,
        "self._cache.drop(session)",
        "pass",
    ),
    Planting(
        "a watched session that its remote side ends stays open",
        Service.ended,
        "self._sessions.discard(session)",
        "self._sessions.unwatch(session)",
    ),
    Planting(
        "another session's end ends the one that has its number now",
        Server._session_ready,
        "self._sessions.watched.get(handle)",
        "self._sessions.watched.get(handle) or self._sessions._fresh.get(handle)",
    ),
    Planting(
        "a session on which its remote side says something before it is watched is handed out",
        SimulatedNetwork.readable,
        "EPOLLIN | _ALWAYS_REPORTED",
        "_ALWAYS_REPORTED",
    ),
    # Bounds.
    Planting(
        "one session too many of an endpoint",
        ConnectionCache.surplus,
        "endpoint.sessions > self.settings.endpoint_session_limit",
        "endpoint.sessions > self.settings.endpoint_session_limit + 1",
    ),
    Planting(
        "one session too many in all",
        ConnectionCache.surplus,
        "0 < self.settings.session_limit < self.sessions",
        "0 < self.settings.session_limit + 1 < self.sessions",
    ),
    Planting(
        "the endpoint that was saved to loses its session instead of the one that has most",
        ConnectionCache.surplus,
        "return (self._crowds.largest() or next(iter(self._endpoints.values()))).oldest",
        "return endpoint.oldest",
    ),
    Planting(
        "the newest session makes room",
        ConnectionCache.surplus,
        "return endpoint.oldest",
        "return endpoint.newest",
    ),
    Planting(
        "a session that made room leaks",
        Service.save_endp,
        "self._sessions.close(surplus)",
        "pass",
    ),
    Planting(
        "one binding too many of a destination",
        ConnectionCache._has_room,
        "len(bindings) < settings.destination_binding_limit",
        "len(bindings) <= settings.destination_binding_limit",
    ),
    Planting(
        "one binding too many in all",
        ConnectionCache._has_room,
        "self.bindings < settings.binding_limit",
        "self.bindings <= settings.binding_limit",
    ),
    Planting(
        "labels of sessions aren't counted in the size of the cache",
        ConnectionCache._unlink,
        "self.size -= len(endpoint.label) + len(session.prop)",
        "self.size -= len(session.prop)",
    ),
    Planting(
        "a descriptor leaks when its label has no room",
        Conversation.receive_descriptors,
        "(Discard(descriptors[0]), self._request.fail)",
        "(self._request.fail,)",
    ),
    Planting(
        "one client too many",
        Door.mind,
        "len(self._inside) < self._room()",
        "len(self._inside) <= self._room()",
    ),
    Planting(
        "newcomers wait on when a client leaves",
        Server._forget,
        "self._door.went_out(handle)",
        "pass",
    ),
    Planting(
        "newcomers wait on when the limit is raised",
        Server.reconfigure,
        "self._door.mind()",
        "pass",
    ),
    Planting(
        "who has come before the limit was met is let in behind it",
        Door.newcomer,
        "if not self._open:",
        "if False:",
    ),
    Planting(
        "unfinished messages aren't bounded",
        ClientMemory.unfinished,
        "if leaving is not None:",
        "if False:",
    ),
    Planting(
        "what is left behind an answer isn't counted",
        Connection.ready,
        "self._answer(listed(answer), now)\n    self._hold_unfinished()",
        "self._answer(listed(answer), now)\n    if not answer:\n        self._hold_unfinished()",
    ),
    Planting(
        "what is put back exceeds the bounds",
        ConnectionCache.put_back,
        "or not self._has_place(session)",
        "",
    ),
    Planting(
        "what a client has found isn't counted",
        Conversation._carry_out,
        "elif len(reply) + len(found.session.endpoint.label) > _MUCH:",
        "elif False:",
    ),
    Planting(
        "what a client saves isn't counted while its descriptor is due",
        vars(Conversation)["unfinished"].fget,
        "kept = sum(map(len, self._parameters[1:]))",
        "kept = 0",
    ),
    Planting(
        "what a client has saved is still counted",
        Conversation.receive_descriptors,
        "parameters, self._parameters = self._parameters, ()",
        "parameters = self._parameters",
    ),
    Planting(
        "whoever comes last is closed for what others hold",
        Budget.hold,
        "if size * len(self._held) > self.limit:",
        "if True:",
    ),
    Planting(
        "a client that has gone is still held to hold something",
        ClientMemory.gone,
        "self._unfinished.hold(client, 0)",
        "pass",
    ),
    Planting(
        "answers that aren't read aren't bounded",
        ClientMemory.unread,
        "if leaving is not None:",
        "if False:",
    ),
    Planting(
        "answers that were read at last are still counted",
        Connection.go_on,
        "self._memory.unread(self, 0)",
        "pass",
    ),
    Planting(
        "who is closed for the time limit is closed for its last answer, too",
        Connection.time_out,
        "told = self._send(action) == len(action)",
        "self._answer([action], now)",
    ),
    Planting(
        "a flood of warnings is logged",
        WarningLimit.warn,
        "if count <= self.most:",
        "if True:",
    ),
    Planting(
        "a minute of warnings is a second",
        WarningLimit.warn,
        "self.due = now + MINUTE",
        "self.due = now + 1",
    ),
    # Switches.
    Planting(
        "no good-bye is said",
        CachedSessions.close,
        "if text:",
        "if False:",
    ),
    Planting(
        "the oldest session is found first where the newest is wanted",
        ConnectionCache._take,
        "endpoint.newest if self.settings.newest_first else endpoint.oldest",
        "endpoint.oldest",
    ),
    Planting(
        "a session that its remote side has closed is handed out",
        Service._is_good,
        "self._settings.skip_closed and",
        "False and",
    ),
    Planting(
        "a session that nobody claimed is closed where it is to be kept",
        Service.put_back,
        "self._settings.keep_unclaimed and",
        "False and",
    ),
    Planting(
        "a session that is put back is the newest",
        ConnectionCache.put_back,
        "newer.serial < session.serial",
        "True",
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
