"""What is left of a difference: few units that still show it, and both sides' traffic as traces."""

from __future__ import annotations

from pathlib import Path

from conformance.catalogue.language.model import Advance, Close, Connect, PassTime, Send, Shutdown
from conformance.contract.shrinking import shrink
from conformance.contract.target import START, Target
from conformance.differential.stretch import Difference, Entry, Stretch
from conformance.differential.unit import Ask, Look, Unit
from scache.trace.format.events import Event, Header, Kind, Side
from scache.trace.format.writer import TraceWriter

__all__ = ["play_stretch", "save_difference"]

#: Stretches that shrinking may play.
_ATTEMPTS = 150


def play_stretch(
    left: Target, right: Target, options: dict[str, str], units: list[Unit]
) -> tuple[Difference | None, list[Entry]]:
    """Play the units on two fresh daemons: the first difference, and all steps up to it."""
    with Stretch(left, right, options) as stretch:
        return stretch.play(units), stretch.entries


def save_difference(
    left: Target, right: Target, options: dict[str, str], units: list[Unit], name: str, traces: Path
) -> str:
    """Shrink, save `traces/NAME-left.jsonl` and `-right.jsonl`; a text with the steps and both answers."""
    first, _ = play_stretch(left, right, options, units)
    what = "" if first is None else first.what

    def differs(fewer: list[Unit]) -> bool:
        difference, _ = play_stretch(left, right, options, fewer)
        return difference is not None and difference.what == what

    units = shrink(units, differs, _ATTEMPTS)
    difference, entries = play_stretch(left, right, options, units)
    lines = [f"  {name}: {value}" for name, value in options.items()]
    lines += [f"  {entry.action!r}" for entry in entries]
    if difference is None:
        lines.append("it did not happen again when the steps were repeated: chance plays a part")
    else:
        lines += [
            f"{difference.what}:",
            f"  {left.name}: {difference.left}",
            f"  {right.name}: {difference.right}",
        ]
    for side, target in ((0, left), (1, right)):
        path = traces / f"{name}-{'right' if side else 'left'}.jsonl"
        header = Header(f"conformance diff ({target.name})", START, scenario=f"differs: {what}")
        try:
            traces.mkdir(parents=True, exist_ok=True)
            _write(path, header, entries, side)
            lines.append(f"trace of {target.name}: {path}")
        except OSError as error:
            lines.append(f"no trace of {target.name}: {path}: {error.strerror}")
    return "\n".join(lines)


def _write(path: Path, header: Header, entries: list[Entry], side: int) -> None:
    """Write one side's traffic."""
    at = 0
    connections: dict[str, int] = {}
    opened = 0
    with TraceWriter(path, header) as writer:
        for entry in entries:
            action = entry.action
            if isinstance(action, Advance | PassTime):
                at += action.seconds
            if not isinstance(action, Connect | Send | Ask | Look | Shutdown | Close):
                continue
            if isinstance(action, Connect):
                opened += 1
                connections[action.peer] = opened
            if action.peer not in connections:
                continue  # the daemon has closed it
            connection = connections[action.peer]
            if not isinstance(action, Look):
                writer.write(_client_event(at, connection, action))
            received = entry.received[side]
            if received.data:
                writer.write(
                    Event(at, connection, Kind.DATA, Side.SERVER, received.data, tuple(received.tokens))
                )
            if received.end:
                writer.write(Event(at, connection, Kind.CLOSE, Side.SERVER))
                del connections[action.peer]


def _client_event(at: int, connection: int, action: Connect | Send | Ask | Shutdown | Close) -> Event:
    if isinstance(action, Send | Ask):
        tokens = tuple(action.tokens) if isinstance(action, Send) else ()
        return Event(at, connection, Kind.DATA, Side.CLIENT, action.data, tokens)
    kinds = {Connect: Kind.OPEN, Shutdown: Kind.END, Close: Kind.CLOSE}
    return Event(at, connection, kinds[type(action)], Side.CLIENT)
