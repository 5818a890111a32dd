"""`scache top`: a running cache in a table that refreshes itself."""

from __future__ import annotations

import argparse
import os
import select
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from scache.commands.asking import Asked, add_source
from scache.commands.numbers import duration
from scache.commands.reasons import label_text, reason, span
from scache.errors import UsageError

__all__ = ["add_arguments", "run"]

_KINDS = ("destinations", "endpoints")
_ESCAPE, _BACKSPACE = "\x1b", ("\x7f", "\x08")


@dataclass(slots=True)
class View:
    """What is shown. kind: of labels. filter: a part of them. typing: whether keys go into the filter."""

    kind: str = "destinations"
    order: str = "l"
    backwards: bool = False
    filter: str = ""
    typing: bool = False
    over: bool = False

    def key(self, key: str) -> None:
        """Somebody has pressed it."""
        if self.typing:
            self._type(key)
        elif key in ("q", "Q"):
            self.over = True
        elif key == "\t":
            self.kind = _KINDS[self.kind == "destinations"]
        elif key in _ORDERS:
            self.order, self.backwards = key, key == self.order and not self.backwards
        elif key == "/":
            self.typing = True
        elif key == _ESCAPE:
            self.filter = ""

    def _type(self, key: str) -> None:
        if key in ("\r", "\n"):
            self.typing = False
        elif key == _ESCAPE:
            self.typing, self.filter = False, ""
        elif key in _BACKSPACE:
            self.filter = self.filter[:-1]
        elif key.isprintable():
            self.filter += key

    def rows(self, told: dict[str, Any]) -> list[dict[str, Any]]:
        """What the daemon tells of this kind, filtered and in order."""
        chosen = [row for row in told[self.kind] if self.filter in label_text(row["label"])]
        return sorted(chosen, key=_ORDERS[self.order][1], reverse=self.backwards)


#: Key -> what it sorts by, and how.
_ORDERS: dict[str, tuple[str, Callable[[dict[str, Any]], Any]]] = {
    "l": ("lookups", lambda row: -row["hits"] - row["misses"]),
    "h": ("hits", lambda row: -row["hits"]),
    "m": ("misses", lambda row: -row["misses"]),
    "e": ("expires", lambda row: (row["expires"] is None, row["expires"])),
    "n": ("name", lambda row: label_text(row["label"])),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.epilog = (
        "Keys: Tab destinations or endpoints; l h m e n sort by lookups, hits, misses, time left, name, once "
        "more backwards; / filter, Escape no filter; q quit. Example: scache top --socket /run/scache. "
        "Exit status: 0, or 2 where the cache can't be asked or tells nothing."
    )
    add_source(parser)
    parser.add_argument(
        "--interval", type=duration, default=1.0, metavar="SECONDS", help="between two looks (1)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Show it until somebody quits; 0. Raises UnavailableError, ProtocolError; UsageError for no terminal."""
    asked = Asked(arguments)
    told = asked.status()
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("standard input and output must be a terminal; `scache status` needs none")
    view, console = View(), Console()
    with (
        suppress(KeyboardInterrupt),
        _single_keys(),
        Live(console=console, screen=True, auto_refresh=False) as live,
    ):
        while not view.over:
            live.update(screen(told, view, console.height), refresh=True)
            if (keys := _keys(arguments.interval)) is None:
                told = asked.status()
            else:
                for key in keys:
                    view.key(key)
    return 0


@contextmanager
def _single_keys() -> Iterator[None]:
    """Have keys come as they are pressed, and not shown."""
    before = termios.tcgetattr(sys.stdin)
    tty.setcbreak(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def _keys(seconds: float) -> str | None:
    """What was pressed within this time; None for nothing. An arrow key counts as nothing."""
    if not select.select([sys.stdin], [], [], seconds)[0]:
        return None
    pressed = os.read(sys.stdin.fileno(), 100).decode(errors="replace")
    if not pressed:  # the terminal is gone
        return "q"
    return pressed if len(pressed) == 1 or not pressed.startswith(_ESCAPE) else ""


def screen(told: dict[str, Any], view: View, height: int) -> Group:
    """All that is shown, in so many lines."""
    cached, lookups = told["cached"], told["lookups"]
    head = (
        f"scache {told['version']}  up {span(told['seconds'])}  {told['clients']} clients  "
        f"{cached['sessions']} sessions  {cached['endpoints']} endpoints  "
        f"{cached['destinations']} destinations\n"
        f"lookups by destination {_rate(lookups['destination'])}, by endpoint {_rate(lookups['endpoint'])}"
    )
    table = Table(box=None, expand=True, pad_edge=False)
    table.add_column(f"{view.kind}", ratio=2, no_wrap=True)
    for name in ("hits", "misses", "left", "sessions" if view.kind == "endpoints" else "bindings"):
        table.add_column(name, justify="right")
    table.add_column("last miss", ratio=3, no_wrap=True)
    rows = view.rows(told)
    room = max(1, height - 5)
    for row in rows[:room]:
        left = "-" if row["expires"] is None else f"{row['expires']} s"
        number = row["sessions" if view.kind == "endpoints" else "bindings"]
        miss = row["missed"]
        why = "" if miss is None else f"{span(miss['ago'])} ago: {reason(miss)}"
        figures = (str(row["hits"]), str(row["misses"]), left, str(number))
        table.add_row(Text(label_text(row["label"])), *figures, Text(why))
    more = f"  and {len(rows) - room} more" if len(rows) > room else ""
    asked = f"  filter: {view.filter}{'_' if view.typing else ''}" if view.filter or view.typing else ""
    order = f"by {_ORDERS[view.order][0]}{' backwards' if view.backwards else ''}"
    foot = (
        f"Tab {_KINDS[view.kind == 'destinations']}  l h m e n sort ({order})  / filter  q quit{asked}{more}"
    )
    return Group(Text(head), table, Text(foot, style="reverse"))


def _rate(lookups: dict[str, int]) -> str:
    hits, misses = lookups["hits"], lookups["misses"]
    return f"{hits} hits {misses} misses" + (f" {hits / (hits + misses):.1%}" if hits + misses else "")
