"""`scache tune`: from a trace or a mail log to the few settings that bring more reuse, and what they cost."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

from scache.commands.progress import with_progress
from scache.commands.terminal import say
from scache.errors import TraceError, UsageError
from scache.maillog.source import read
from scache.maillog.summary import Peer as LoggedPeer
from scache.maillog.summary import Summary
from scache.trace.exchanges.deliveries import Client, clients_of, usual_ttl
from scache.trace.exchanges.exchange import Exchange, Exchanges
from scache.trace.exchanges.session_book import SessionBook
from scache.trace.figures.endings import Endings, Peer
from scache.trace.figures.whatif import REST, Outcome, Setting, recorded_outcome, simulate
from scache.trace.format.reader import TraceReader

__all__ = ["add_arguments", "run"]

_TIMES = (1, 2, 5, 10, 30, 60)

#: Percentage points of reuse that are not worth another setting.
_NOT_WORTH_IT = 1.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.epilog = (
        "Example: scache tune --log /var/log/mail.log. Exit status: 0, or 2 where there is no delivery in it."
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--trace", type=Path, metavar="FILE", help="a trace of `scache record`")
    source.add_argument("--log", type=Path, metavar="FILE", help="a mail log")


def run(arguments: argparse.Namespace) -> int:
    """Print what reuse is, what it could be, and the settings; 0. Raises TraceError, UsageError, OSError."""
    lines = _from_trace(arguments.trace) if arguments.trace else _from_log(arguments.log)
    for line in list(lines):
        print(line)
    return 0


def _from_trace(path: Path) -> Iterator[str]:
    with TraceReader(path, say) as trace:
        start = trace.header.start
        book, endings = SessionBook(start, ttl_limit=REST), Endings(start)
        clients = clients_of(_exchanges(trace, book, endings))
    ttl = usual_ttl(clients)
    if ttl == 0:
        raise TraceError(f"{path}: nobody saves a session in it")
    yield _reuse("now", recorded_outcome(clients, book.peak))
    best = _best_time(clients, start, ttl)
    limits = {label: peer.mails for label, peer in endings.peers.items() if peer.mails is not None}
    rests = [peer.idle[0] for peer in endings.peers.values() if peer.idle is not None]
    for label, peer in sorted(endings.peers.items()):
        yield from _of_peer(label, peer)
    yield "settings"
    yield from _mail_limits(limits, _agent)
    agents = sorted({_agent(label) for label in endings.peers}, reverse=True)
    if rests and max(1, min(rests)) < ttl:
        why = "a longer rest than some peer allows gives a dead session"
        yield from _time_setting(agents, max(1, min(rests)), why)
    elif best is not None and not rests:
        seconds, outcome = best
        yield from _time_setting(agents, seconds, _reuse("then", outcome))
    elif not limits:
        yield "  none: a longer time to live wouldn't bring more"


def _exchanges(trace: TraceReader, book: SessionBook, endings: Endings) -> Iterator[Exchange]:
    exchanges, last = Exchanges(), 0.0
    for event in with_progress(trace):
        last = max(last, event.at)
        book.event(event)
        for exchange in exchanges.feed(event):
            for _departure in book.exchange(exchange):
                pass
            endings.exchange(exchange)
            yield exchange
    endings.finish(last)


def _best_time(clients: list[Client], start: float, ttl: int) -> tuple[int, Outcome] | None:
    """The shortest time to live that brings as much as any longer one, where that is more than now."""
    outcomes = {seconds: simulate(clients, start, Setting(seconds)) for seconds in sorted({ttl, *_TIMES})}
    most = max(outcome.hit_rate for outcome in outcomes.values())
    good = [at for at, outcome in outcomes.items() if (most - outcome.hit_rate) * 100 <= _NOT_WORTH_IT]
    return (good[0], outcomes[good[0]]) if good[0] > ttl else None


def _of_peer(label: str, peer: Peer) -> Iterator[str]:
    habit = ""
    if peer.mails is not None:
        habit = f"; hangs up after {peer.mails} mails ({peer.ended[peer.mails]} sessions)"
    elif peer.idle is not None:
        habit = f"; hangs up after {peer.idle[0]} to {peer.idle[1]} s idle ({len(peer.dead)} sessions)"
    yield f"  {label}: {peer.most} sessions open at once{habit}"


def _from_log(path: Path) -> Iterator[str]:
    summary = Summary()
    summary.add(read(path))
    peers = summary.peers
    deliveries = sum(peer.mails for peer in peers.values())
    if not deliveries:
        raise UsageError(f"{path}: no delivery by smtp(8) or lmtp(8) in it")
    opened = sum(peer.uses[1] for peer in peers.values())
    yield _reuse("now", Outcome(deliveries, deliveries - opened))
    best = sum(_fewest_sessions(peer) for peer in peers.values())
    yield _reuse("at best", Outcome(deliveries, deliveries - best))
    for name, peer in sorted(peers.items(), key=lambda item: -item[1].mails):
        if peer.limit is not None:
            yield f"  {name}: ends sessions after {peer.limit} mails ({peer.ends} ends)"
        elif peer.ends:
            yield f"  {name}: {peer.ends} lost connections or replies of 421, after any number of mails"
    yield "settings"
    limits = {name: peer.limit for name, peer in peers.items() if peer.limit is not None}
    yield from _mail_limits(limits, lambda name: peers[name].agent)
    if not limits:
        yield "  none that a log shows: what another time to live would bring, a trace does (`scache record`)"


def _fewest_sessions(peer: LoggedPeer) -> int:
    """The sessions that this peer's mails need at least."""
    return -(-peer.mails // peer.limit) if peer.limit else min(1, peer.mails)


def _agent(label: str) -> str:
    """Which program's parameters count: a label begins with the transport, which is a name only."""
    return "lmtp" if label.startswith("lmtp") else "smtp"


def _mail_limits(limits: dict[str, int], agent_of: Callable[[str], str]) -> Iterator[str]:
    for agent in ("smtp", "lmtp"):
        yield from _mail_limit(agent, {name: n for name, n in limits.items() if agent_of(name) == agent})


def _mail_limit(agent: str, limits: dict[str, int]) -> Iterator[str]:
    """A limit of n means n reuses, so n+1 mails; it counts for all peers, so the most patient others lose."""
    if not limits:
        return
    mails = min(limits.values())
    names = ", ".join(sorted(name for name, limit in limits.items() if limit == mails)[:3])
    if mails < 2:
        what = f"{agent}_connection_cache_destinations"
        yield f"  leave out of {what}: {names} (no session serves a second mail)"
        return
    yield f"  {agent}_connection_reuse_count_limit = {mails - 1}"
    yield f"    {mails} mails a session; without it the next mail finds a dead session at {names}"
    yield "    it counts for all peers: give these a transport of their own if others take more"


def _time_setting(agents: list[str], seconds: int, why: str) -> Iterator[str]:
    for agent in agents or ["smtp"]:
        yield f"  {agent}_connection_cache_time_limit = {seconds}s"
    yield f"  connection_cache_ttl_limit = {seconds}s"
    yield f"    {why}"


def _reuse(when: str, outcome: Outcome) -> str:
    idle = f", {outcome.peak} idle at once at most" if outcome.peak else ""
    return (
        f"reuse {when}: {outcome.hit_rate:.1%} of {outcome.deliveries} deliveries,"
        f" {outcome.opened} connections opened{idle}"
    )
