"""A dialogue as a sequence diagram: lanes, and rows that go from one lane to another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from conformance.report.dialogue import sent_text

__all__ = ["diagram"]

Entry = Mapping[str, Any]
#: Seconds by the daemon's clock, kind, lane it comes from, lane it goes to, text, bytes in hex, their number.
Row = list[Any]

#: More clients than this share a lane.
_MOST_CLIENTS = 6
#: Characters of a text, and bytes behind it, that the page has.
_LONGEST_TEXT, _MOST_BYTES = 160, 256

_SYSTEM = ("clock", "log", "daemon", "process", "clients")


def diagram(entries: Sequence[Entry]) -> dict[str, Any]:
    """`lanes`: their titles. `rows`: message, descriptor, end, note (of one lane), or time (of none)."""
    clients = list(dict.fromkeys(name for entry in entries if (name := _client(entry))))
    sessions = _sessions(entries)
    together = len(clients) > _MOST_CLIENTS
    lanes = ["clients"] if together else [f"client {name}" for name in clients]
    daemon = len(lanes)
    places = {name: 0 if together else at for at, name in enumerate(clients)}
    places |= {f"session {token}": daemon + 1 + at for at, token in enumerate(sessions)}
    lanes += ["daemon", *(f"remote side of {token}" for token in sessions)]
    drawing = _Drawing(places, daemon, set(clients), together)
    return {"lanes": lanes, "rows": [row for entry in entries for row in drawing.rows(entry)]}


class _Drawing:
    def __init__(self, places: Mapping[str, int], daemon: int, clients: set[str], together: bool) -> None:
        self._places = places
        self._daemon = daemon
        self._clients = clients
        self._together = together

    def rows(self, entry: Entry) -> Iterator[Row]:
        who, note = entry["who"], entry.get("note", "")
        name, _, direction = who.rpartition(" ")
        if direction in (">>", "<<"):
            ends = (self._places[name], self._daemon)
            yield from self._spoken(entry, name, ends if direction == ">>" else ends[::-1])
        elif direction == "hears":
            end = self._places[f"session {name}"]
            kind = "message" if entry.get("hex") else "note"
            lane = self._daemon if kind == "message" else end
            yield self._row(entry, kind, lane, end, _text(entry) or "hears nothing")
        elif who == "clock":
            yield self._row(entry, "time", 0, 0, note)
        elif who == "clients":
            yield self._row(entry, "note", 0, 0, note)
        elif who in _SYSTEM:
            text = note if who == "daemon" else f"{who}: {note}"
            yield self._row(entry, "log" if who == "log" else "note", self._daemon, self._daemon, text)
        elif who in self._clients:
            yield self._row(entry, "note", self._places[who], self._places[who], self._named(who, note))
        elif note == "is ended by its remote side":
            yield self._row(entry, "end", self._places[f"session {who}"], self._daemon, "ends the session")
        else:
            at = self._places[f"session {who}"]
            yield self._row(entry, "note", at, at, f"session {who} {note}")

    def _spoken(self, entry: Entry, name: str, ends: tuple[int, int]) -> Iterator[Row]:
        tokens = entry.get("tokens", ())
        carrier = tokens and entry["hex"] == "00"
        if entry.get("hex") and not carrier:
            yield self._row(entry, "message", *ends, self._named(name, _text(entry)))
        for token in tokens:
            yield self._row(entry, "descriptor", *ends, self._named(name, f"descriptor of session {token}"))
        if entry.get("note", "").endswith("end of input"):
            yield self._row(entry, "end", *ends, self._named(name, "end of input"))
        elif not entry.get("hex"):
            at = self._places[name]
            yield self._row(entry, "note", at, at, self._named(name, "receives nothing"))

    def _named(self, name: str, text: str) -> str:
        return f"{name}: {text}" if self._together else text

    def _row(self, entry: Entry, kind: str, begin: int, end: int, text: str) -> Row:
        row: Row = [entry["at"], kind, begin, end, text]
        if entry.get("hex") and kind in ("message", "descriptor"):
            row += [entry["hex"][: 2 * _MOST_BYTES], entry["bytes"]]
        return row


def _client(entry: Entry) -> str | None:
    name, _, direction = entry["who"].rpartition(" ")
    if direction in (">>", "<<"):
        return str(name)
    return str(entry["who"]) if entry.get("note") == "connects" else None


def _sessions(entries: Sequence[Entry]) -> list[str]:
    """Those whose remote side has a lane: something happens there, or somebody looks."""
    clients = {_client(entry) for entry in entries}
    return list(
        dict.fromkeys(
            entry["who"].removesuffix(" hears")
            for entry in entries
            if entry["who"] not in (*clients, *_SYSTEM) and not entry["who"].endswith((">>", "<<"))
        )
    )


def _text(entry: Entry) -> str:
    """The bytes in the dialogues' language; cut where they are many."""
    if not entry.get("hex"):
        return ""
    text = sent_text(bytes.fromhex(entry["hex"]))
    whole = len(text) <= _LONGEST_TEXT and 2 * entry["bytes"] == len(entry["hex"])
    return text if whole else f"{text[:_LONGEST_TEXT]}…"
