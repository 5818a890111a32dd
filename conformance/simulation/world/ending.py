"""The end of a run: faults stop, everybody must be answered, and all must come to rest."""

from __future__ import annotations

from conformance.simulation.actors.client import Client
from conformance.simulation.actors.phase import Phase
from conformance.simulation.actors.reason import Reason
from conformance.simulation.checks.violation import Violation
from conformance.simulation.world.world import World
from scache.daemon.server import HANDOVER_TIME
from scache.daemon.sessions import PATIENCE

__all__ = ["finish"]

#: Seconds in which every good client must have its answer once there are no faults.
_PATIENCE = 100

_EVERYTHING = 1 << 20

#: Two clients that show what the time limit is for.
_STOPPED, _SILENT = -1, -2


def finish(world: World) -> None:
    """Bring the world to its rest. Raises Violation."""
    _answer_everybody(world)
    _pass(world, HANDOVER_TIME)
    if world.leaving:
        raise Violation("handover", "a handover goes on without faults when it has had its time")
    _pass(world, world.settings.ttl_limit)
    _check_time_limit(world)
    while (due := world.life.service.next_due()) is not None:  # beyond a clock that went back
        _pass(world, due - world.clock.now())
    _pass(world, PATIENCE)  # with good-byes that nobody answers
    world.life.check_empty()
    _pass(world, world.settings.max_idle)
    if any(session.is_open for session, _ in world.sessions):
        raise Violation("conservation", "a session is still open when all is over")


def _answer_everybody(world: World) -> None:
    """The hostile leave, the good go on; who has its answer leaves, so that others find a descriptor."""
    _leave(world, [number for number, client in world.clients.items() if client.hostile])
    for _ in range(_PATIENCE):
        if not world.clients:
            return
        while _all_go_on(world):
            world.perform(("rest", 0))
        _leave(world, [number for number, client in world.clients.items() if _is_done(client)])
        _pass(world, 1)
    raise Violation("rest", f"good clients aren't answered in {_PATIENCE} seconds without faults")


def _is_done(client: Client) -> bool:
    return client.phase is Phase.IDLE and not client.outbox


def _leave(world: World, numbers: list[int]) -> None:
    for number in numbers:
        world.perform(("leave", number))


def _pass(world: World, seconds: float) -> None:
    world.perform(("advance", seconds))
    world.perform(("rest", 0))


def _all_go_on(world: World) -> bool:
    """All clients write and read what they can; whether any could."""
    before = sum(client.progress for client in world.clients.values())
    for number in list(world.clients):
        world.perform(("write", number, _EVERYTHING))
        world.perform(("read", number, _EVERYTHING))
    return sum(client.progress for client in world.clients.values()) > before


def _check_time_limit(world: World) -> None:
    """Who stops in the middle of a message is closed after ipc_timeout; who is merely connected isn't."""
    for number in (_STOPPED, _SILENT):
        world.perform(("connect", number, False))
        world.perform(("rest", 0))
        while _all_go_on(world):
            world.perform(("rest", 0))
    stopped = world.clients.get(_STOPPED)
    if stopped is None:
        raise Violation("closing", "a client that has just connected is closed")
    world.perform(("ask", _STOPPED, "find_endp", b"x"))
    world.perform(("write", _STOPPED, 10))
    world.perform(("rest", 0))
    _pass(world, world.settings.ipc_timeout)
    if stopped.closed_why is not Reason.TIME_LIMIT:
        raise Violation("time limit", "a client that stopped in the middle of a message isn't closed")
    if _SILENT not in world.clients or world.clients[_SILENT].closed_why is not None:
        raise Violation("time limit", "a client that asked for nothing is closed")
    _leave(world, [_STOPPED, _SILENT])
    world.perform(("rest", 0))
