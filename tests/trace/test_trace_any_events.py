"""Whatever a well-formed trace holds, every command comes to an end with a status, not with a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scache.cli import main
from scache.protocol.dialect import ANNOUNCEMENT, DUMMY
from scache.trace.format.events import Event, Kind, Side
from tests.support.trace_dialogues import words, write

pytestmark = pytest.mark.lasting

REQUESTS = [
    words("request", "save_endp", "ttl", "2", "label", "smtp\n192.0.2.1\n25\n0\n", "property", "a=b\n\n"),
    words("request", "save_dest", "ttl", "x", "label", "D", "property", "P", "label", "E"),
    words("request", "find_endp", "label", "smtp\n192.0.2.1\n25\n0\n"),
    words("request", "find_dest", "label", "smtp\nanna@example.com\n[mail.example.com]:25\n"),
    words("request", "find_dest"),
    words("request", "fly", "label", "!"),
]
ANSWERS = [
    ANNOUNCEMENT,
    words("status", "0"),
    words("status", "0", "property", "P"),
    words("status", "2", "property", ""),
    words("status", "many"),
]
CHUNKS = st.sampled_from([*REQUESTS, *ANSWERS, DUMMY, b"\0"]) | st.binary(min_size=1, max_size=12)

MOVES = st.tuples(
    st.sampled_from([Kind.DATA] * 6 + [Kind.END, Kind.CLOSE]),
    st.sampled_from(Side),
    st.integers(1, 3),
    st.lists(CHUNKS, min_size=1, max_size=3).map(b"".join),
    st.integers(-1, 4),
    st.booleans(),
)


def events_of(moves: list[tuple[Kind, Side, int, bytes, int, bool]]) -> list[Event]:
    """A trace in which these moves are allowed: connections open when they first do something."""
    events = []
    still_open: set[int] = set()
    saved: list[str] = []
    at = 0.0
    for kind, side, connection, data, pause, with_session in moves:
        at += pause / 3
        if connection not in still_open:
            still_open.add(connection)
            events.append(Event(at, connection, Kind.OPEN, Side.CLIENT))
        if kind is not Kind.DATA:
            data = b""
            still_open -= {connection} if kind is Kind.CLOSE else set()
        tokens: tuple[str, ...] = ()
        if with_session and data and side is Side.CLIENT:
            saved.append("ABCDE"[len(saved) % 5])
            tokens = (saved[-1],)
        elif with_session and data and saved:
            tokens = (saved[0],)
        events.append(Event(at, connection, kind, side, data, tokens))
    return events


@given(moves=st.lists(MOVES, max_size=25))
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_every_command_takes_every_trace(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], moves: list[tuple[Kind, Side, int, bytes, int, bool]]
) -> None:
    for file in tmp_path.iterdir():
        file.unlink()
    path = str(write(tmp_path / "t", events_of(moves)))
    out = str(tmp_path / "out")
    assert main(["trace", "show", path]) == 0
    assert main(["trace", "stat", path]) == 0
    assert main(["trace", "filter", path, out, "--result", "ok"]) == 0
    assert main(["trace", "show", out]) == 0
    assert main(["trace", "redact", path, f"{out}-redacted"]) in (0, 2)  # 2: "x1" is somebody's name
    assert main(["trace", "diff", path, path]) in (0, 2)  # 2: nobody says anything in it
    assert main(["replay", path]) in (0, 1, 2)  # 2: nobody is answered in it
    assert main(["whatif", path, "--ttl-limit", "2"]) in (0, 1, 2)
    capsys.readouterr()
