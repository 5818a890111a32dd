"""What the drawing of a differential run has met: kinds of step by size and count, and what is seldom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from itertools import product

from conformance.catalogue.language.model import Advance, Connect, PassTime
from conformance.differential.stretch import Entry
from conformance.differential.unit import Late, Look, Move, Unit

__all__ = ["Coverage", "Seldom"]

_KINDS = ("Save", "SaveSession", "Find", "Nonsense")
_SIZES = (100, 1000, 5000, 70_000)
_COUNTS = (10, 100, 1000)
_DAY = 86_400
_SOCKET_BUFFER = 212_992


class Seldom(Enum):
    """What a run of many stretches must have met, each at least once."""

    MANY_SAVED = "a thousand sessions were saved in one stretch"
    MANY_BOUND = "a hundred bindings were saved in one stretch"
    MANY_CLIENTS = "a hundred clients were connected in one stretch"
    LONG_FIELD = "a request had more than 65,536 bytes"
    LONG_ANSWER = "an answer was longer than a socket's buffer, and was read late"
    DAYS = "the clock moved by a day or more"
    BACK = "the clock went back"
    LATE = "a request woke the daemons after time had passed unseen"
    INTERVALS = "five intervals were logged in one stretch"
    SEVERAL_DUE = "ten sessions fell due at once"
    IN_PIECES = "a request went in pieces"
    BEHIND_THE_BUFFER = "a request went out in one write of more than 4,096 bytes"


class Coverage:
    """Counts over all stretches of a run."""

    def __init__(self) -> None:
        self.met: Counter[tuple[str, str, str]] = Counter()
        self.seldom: Counter[Seldom] = Counter()

    def add(self, units: Sequence[Unit], entries: Sequence[Entry]) -> None:
        """Count one stretch: what was drawn for it, and the steps that it took."""
        saved = 0
        for unit in units:
            inner = unit.unit if isinstance(unit, Late) else unit
            pieces: tuple[bytes, ...] = getattr(inner, "pieces", ())
            size = sum(map(len, pieces))
            kind = type(inner).__name__
            if kind in _KINDS:
                self.met[kind, _class(size, _SIZES), _class(saved, _COUNTS)] += 1
            saved += kind in ("Save", "SaveSession")
            self._note(Seldom.LONG_FIELD, size > 65_536)
            self._note(Seldom.IN_PIECES, len(pieces) > 1)
            self._note(Seldom.BEHIND_THE_BUFFER, any(len(piece) > 4096 for piece in pieces))
            self._note(Seldom.LATE, isinstance(unit, Late))
            self._note(Seldom.BACK, isinstance(unit, Move) and unit.seconds < 0)
        kinds = Counter(type(unit.unit if isinstance(unit, Late) else unit).__name__ for unit in units)
        self._note(Seldom.MANY_BOUND, kinds["Save"] >= 100)
        self._add_steps(entries)

    def _add_steps(self, entries: Sequence[Entry]) -> None:
        connected = sum(isinstance(entry.action, Connect) for entry in entries)
        sessions = sum(bool(getattr(entry.action, "tokens", ())) for entry in entries)
        intervals = sum("start interval" in line for entry in entries for line in entry.logged[0])
        self._note(Seldom.MANY_SAVED, sessions >= 1000)
        self._note(Seldom.MANY_CLIENTS, connected >= 100)
        self._note(Seldom.INTERVALS, intervals >= 5)
        for entry in entries:
            late = isinstance(entry.action, Look)
            self._note(Seldom.LONG_ANSWER, late and len(entry.received[0].data) > _SOCKET_BUFFER)
            self._note(
                Seldom.DAYS, isinstance(entry.action, Advance | PassTime) and entry.action.seconds >= _DAY
            )
            gone = sum(not is_open for _, is_open in entry.sessions[0])
            self._note(Seldom.SEVERAL_DUE, isinstance(entry.action, Advance) and gone >= 10)

    def _note(self, what: Seldom, happened: bool) -> None:
        self.seldom[what] += happened

    def lines(self) -> Iterator[str]:
        """The counts as text."""
        sizes, counts = (_classes(limits) for limits in (_SIZES, _COUNTS))
        everything = set(product(_KINDS, sizes, counts))
        met = everything & self.met.keys()
        yield f"{len(met)} of {len(everything)} met: kind x bytes of the request x entries saved so far"
        for kind in _KINDS:
            rows = (
                f"{size}: {'/'.join(str(self.met[kind, size, count]) for count in counts)}" for size in sizes
            )
            yield f"  {kind:<12}{'   '.join(rows)}   (saved {'/'.join(counts)})"
        for what in Seldom:
            yield f"{self.seldom[what]:>10,}  {what.value}"

    @property
    def missing(self) -> list[Seldom]:
        """What hasn't happened."""
        return [what for what in Seldom if not self.seldom[what]]


def _classes(limits: Iterable[int]) -> list[str]:
    return [*(f"<{limit}" for limit in limits), "more"]


def _class(number: int, limits: Sequence[int]) -> str:
    return next((f"<{limit}" for limit in limits if number < limit), "more")
