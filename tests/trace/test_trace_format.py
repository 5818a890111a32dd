"""The trace format: what is written is read again, and every damage is one clear line."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scache.cli import main
from scache.errors import TraceError
from scache.protocol.dialect import POSTFIX_2
from scache.trace.format.events import Event, Header, Kind, Side
from scache.trace.format.line import encode_header
from scache.trace.format.reader import TraceReader
from scache.trace.format.tokens import MEMORY, SessionTokens, token_name
from tests.support.trace_dialogues import HEADER, client, closes, find_endp, opens, read, save_endp, write

OPEN = '{"at":0.1,"connection":1,"event":"open","from":"client"}'


def lines_of(path: Path) -> list[str]:
    return path.read_text().splitlines()


def damaged(path: Path, *lines: str) -> str:
    """The complaint about a file of a good header and these lines."""
    path.write_text("\n".join([encode_header(HEADER), *lines]) + "\n")
    with pytest.raises(TraceError) as caught, TraceReader(path, print) as trace:
        list(trace)
    return str(caught.value).removeprefix(str(path))


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"dummy\0\0\0", '"strings":["dummy","","",""]'),
        (b"\0", '"strings":["",""]'),
        (b"smtp\nexample.com\n\0", r'"strings":["smtp\nexample.com\n",""]'),
        ("bücher.example\0".encode(), '"strings":["bücher.example",""]'),
        (b"\xff\0", '"base64":"/wA="'),
        (b"\x1b[2J", '"base64":"G1sySg=="'),
    ],
)
def test_bytes_are_text_where_a_person_can_read_them_and_base64_elsewhere(
    tmp_path: Path, data: bytes, line: str
) -> None:
    path = write(tmp_path / "t", opens(0, 1), [client(0, 1, data)])
    assert line in lines_of(path)[-1]
    assert read(path)[-1].data == data


@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
@given(data=st.binary(min_size=1), at=st.floats(-1e9, 1e9))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_every_byte_and_every_microsecond_comes_back(
    tmp_path: Path, suffix: str, data: bytes, at: float
) -> None:
    path = tmp_path / f"t{suffix}"
    path.unlink(missing_ok=True)
    event = client(at, 1, data, "A", "?")
    write(path, opens(0, 1), [event])
    assert read(path)[-1] == event._replace(at=pytest.approx(at, abs=1e-6))


def test_a_header_comes_back_whole(tmp_path: Path) -> None:
    header = Header("me", 1.5, POSTFIX_2, "3.5.25", "a scenario", True, 2, (3, 4))
    path = write(tmp_path / "t", header=header)
    with TraceReader(path, print) as trace:
        assert encode_header(trace.header) == encode_header(header)
        assert trace.header.continued == (3, 4)


def test_a_cut_last_line_is_reported_and_the_rest_is_used(tmp_path: Path) -> None:
    path = write(tmp_path / "t", opens(0, 1), closes(1, 1))
    path.write_bytes(path.read_bytes()[:-10])
    said: list[str] = []
    with TraceReader(path, said.append) as trace:
        assert [event.kind for event in trace] == [Kind.OPEN, Kind.DATA]
    assert said == [f"{path}:4: the file ends in the middle of this line; not used"]


def test_a_cut_gzip_file_is_reported_and_the_rest_is_used(tmp_path: Path) -> None:
    path = tmp_path / "t.gz"
    whole = gzip.compress(f"{encode_header(HEADER)}\n{OPEN}\n".encode())
    path.write_bytes(whole[:-9])
    said: list[str] = []
    with TraceReader(path, said.append) as trace:
        list(trace)
    assert len(said) == 1
    assert said[0].startswith(f"{path}:")


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{", ":2: wrong JSON: "),
        ("[]", ":2: not a JSON object"),
        ("[" * 100_000, ":2: wrong JSON: "),
        ("\udcff", ":2: wrong JSON: 'utf-8' codec can't decode byte 0xff"),
        (OPEN.replace("0.1", "NaN"), ":2: wrong JSON: NaN is no number"),
        (OPEN.replace("0.1", "1e999"), ':2: "at" is not a number of seconds'),
        (OPEN.replace("0.1", '"soon"'), ':2: "at" is not a number of seconds'),
        (OPEN.replace('"connection":1', '"connection":-1'), ':2: "connection" is -1, not a whole number'),
        (OPEN.replace('"connection":1', '"connection":true'), ':2: "connection" is true'),
        (OPEN.replace('"connection":1,', ""), ':2: "connection" is missing'),
        (OPEN.replace("open", "opens"), ':2: unknown event "opens"'),
        (OPEN.replace('"open"', "{}"), ":2: unknown event {}"),
        (OPEN.replace('"client"', '"me"'), ':2: "from" is "me", neither "client" nor "server"'),
    ],
)
def test_a_damaged_line_is_named_with_its_number(tmp_path: Path, line: str, complaint: str) -> None:
    path = tmp_path / "t"
    path.write_bytes(f"{encode_header(HEADER)}\n{line}\n{OPEN}\n".encode("utf-8", "surrogateescape"))
    with pytest.raises(TraceError) as caught, TraceReader(path, print) as trace:
        list(trace)
    assert str(caught.value).startswith(f"{path}{complaint}")


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ('"base64":"x"', "wrong base64: "),
        ('"base64":7', '"base64" is not a text'),
        ('"base64":""', "an event of data without data"),
        ('"strings":["a",1]', '"strings" must be a list of texts'),
        (r'"strings":["\ud800"]', '"strings" must be a list of texts'),
        ('"strings":["a"],"descriptors":["A",""]', '"descriptors" must be a list of tokens'),
        (
            '"strings":["a"],"descriptors":["A"]',
            "the server sends descriptor A, which never came from a client",
        ),
        ('"nothing":0', '"base64" is missing'),
    ],
)
def test_damaged_data_is_named(tmp_path: Path, fields: str, complaint: str) -> None:
    line = f'{{"at":0,"connection":1,"event":"data","from":"server",{fields}}}'
    assert damaged(tmp_path / "t", OPEN, line).startswith(f":3: {complaint}")


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ([OPEN, OPEN], ":3: connection 1 is open already"),
        ([OPEN.replace("open", "end")], ":2: connection 1 is not open"),
        ([OPEN, OPEN.replace("open", "close"), OPEN.replace("open", "end")], ":4: connection 1 is not open"),
    ],
)
def test_events_that_can_not_follow_each_other_are_named(
    tmp_path: Path, lines: list[str], complaint: str
) -> None:
    assert damaged(tmp_path / "t", *lines) == complaint


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"version": 2}, "format version 2 is newer than this program's, 1"),
        ({"version": "1"}, 'not a trace: no "format" of "scache-trace" with a "version"'),
        ({"format": "mp3"}, 'not a trace: no "format" of "scache-trace" with a "version"'),
        ({"clock": "ticks"}, '"clock" is "ticks", not "seconds"'),
        ({"start": None}, '"start" is not a number of seconds'),
        ({"dialect": {}}, '"dialect" must have '),
        ({"recorder": 1}, '"recorder" is not a text'),
        ({"postfix": 3.7}, '"postfix" must be a text'),
        ({"redacted": 1}, '"redacted" must be true or false'),
        ({"part": "2"}, '"part" must be a whole number'),
        ({"continued": [True]}, '"continued" must be a list of connection numbers'),
    ],
)
def test_a_header_that_can_not_be_is_refused(
    tmp_path: Path, change: dict[str, object], complaint: str
) -> None:
    path = tmp_path / "t"
    path.write_text(json.dumps(json.loads(encode_header(HEADER)) | change) + "\n")
    with pytest.raises(TraceError) as caught:
        TraceReader(path, print)
    assert str(caught.value).startswith(f"{path}:1: {complaint}")


@pytest.mark.parametrize("content", [b"", b"\n", b"hello\n", b"\x1f\x8b\x08", b"{", b'{"exchanges":3}'])
@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
def test_what_is_no_trace_gives_one_line_and_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, suffix: str
) -> None:
    path = tmp_path / f"t{suffix}"
    path.write_bytes(content)
    assert main(["trace", "show", str(path)]) == 2
    assert f"{path}:1: " in capsys.readouterr().err.splitlines()[-1]


@given(
    cut=st.integers(0, 1500),
    junk=st.binary(max_size=6),
    at=st.integers(0, 1500),
    suffix=st.sampled_from(["", ".gz", ".zst"]),
)
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_random_damage_never_gives_anything_but_a_trace_error(
    tmp_path: Path, cut: int, junk: bytes, at: int, suffix: str
) -> None:
    path = tmp_path / f"t{suffix}"
    path.unlink(missing_ok=True)
    write(path, opens(0, 1), save_endp(0, 1, "E", "A"), find_endp(1, 1, "E", "A"), closes(2, 1))
    content = path.read_bytes()
    path.write_bytes(content[:at] + junk + content[at + len(junk) : max(at, len(content) - cut)])
    said: list[str] = []
    try:
        with TraceReader(path, said.append) as trace:
            list(trace)
    except TraceError as error:
        said.append(str(error))
    assert all(line.startswith(f"{path}:") for line in said)


def test_the_older_version_is_converted(tmp_path: Path) -> None:
    path = tmp_path / "old.json"
    steps = [
        ["S<", {"hex": "0000"}],
        ["C>", {"hex": "00"}, 1],
        ["S<", {"hex": ""}],
        ["C>", "shutdown(SHUT_WR)"],
        ["S<", "EOF"],
    ]
    path.write_text(
        json.dumps({"about": "an old one", "exchanges": [{"name": "x", "steps": steps}]}, indent=1)
    )
    assert read(path) == [
        Event(0, 1, Kind.OPEN, Side.CLIENT),
        Event(0, 1, Kind.DATA, Side.SERVER, b"\0\0"),
        Event(0, 1, Kind.DATA, Side.CLIENT, b"\0", ("?",)),
        Event(0, 1, Kind.END, Side.CLIENT),
        Event(0, 1, Kind.CLOSE, Side.SERVER),
    ]


@pytest.fixture
def bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scache.trace.format.reader.LONGEST_LINE", 1000)
    monkeypatch.setattr("scache.trace.format.reader.ALWAYS_READ", 1 << 16)


@pytest.mark.usefixtures("bounds")
@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ('{"exchanges":[' + "[]," * 400 + "[]]}", ":1: longer than 1000 bytes"),
        (
            '{"exchanges":[\n' + "[],\n" * 400 + "[]]}",
            "a document of version 0 that is longer than 1000 bytes",
        ),
    ],
)
def test_a_document_that_costs_more_than_its_size_is_refused(
    tmp_path: Path, document: str, complaint: str
) -> None:
    (tmp_path / "t").write_text(document)
    with pytest.raises(TraceError, match=complaint):
        TraceReader(tmp_path / "t", print)


@pytest.mark.usefixtures("bounds")
@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_a_small_file_that_becomes_a_large_one_is_refused_until_it_is_decompressed(
    tmp_path: Path, suffix: str
) -> None:
    events = [event for _ in range(9000) for event in (*opens(0, 1)[:1], *closes(0, 1))]
    with pytest.raises(TraceError, match=r": more than 100 times as long as it is compressed"):
        read(write(tmp_path / f"t{suffix}", events))
    assert len(read(write(tmp_path / "t", events))) == 18000


def test_only_its_owner_can_read_a_trace(tmp_path: Path) -> None:
    assert write(tmp_path / "t").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("number", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")])
def test_tokens_are_letters(number: int, name: str) -> None:
    assert token_name(number) == name


def test_a_session_that_many_others_came_after_gets_a_new_token() -> None:
    tokens = SessionTokens()
    assert tokens.token("first") == "A"
    for number in range(MEMORY):
        tokens.token(number)
    assert tokens.known("first") is None
    assert tokens.token("first") == token_name(MEMORY + 1)


def test_a_trace_is_never_overwritten(tmp_path: Path) -> None:
    path = write(tmp_path / "t")
    with pytest.raises(FileExistsError):
        write(path)
