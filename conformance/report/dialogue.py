"""Transcripts as text, every write and look in hex and in letters; and steps in the dialogues' language."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from conformance.catalogue.language import model
from conformance.runner.verdict import Entry
from scache.protocol.dialect import DUMMY

__all__ = ["hex_dump", "printable", "sent_text", "shortened", "step_lines", "transcript_lines"]

_WIDTH = 16  # bytes a line
_LONGEST_LINE = 400
#: A log line that can stand there as it is.
_LOGGED = re.compile(r"[!-&(-~](?:[ -&(-~]*[!-&(-~])?")
_PLAIN = re.compile(rb"[\w+./-]*")


def transcript_lines(transcript: Sequence[Entry]) -> Iterator[str]:
    """One heading an entry, under it the bytes."""
    for entry in transcript:
        size = f" {len(entry.data)} bytes" if entry.data else ""
        yield f"{entry.who}{size} {entry.note}".rstrip()
        for line in hex_dump(entry.data):
            yield f"    {line}"


def hex_dump(data: bytes) -> Iterator[str]:
    """Offset, hex, text; like lines in a row become one `*`, as hexdump(1) has it."""
    before = b""
    starred = False
    for at in range(0, len(data), _WIDTH):
        piece = data[at : at + _WIDTH]
        if piece == before and at + _WIDTH < len(data):
            if not starred:
                yield "*"
            starred = True
            continue
        starred, before = False, piece
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in piece)
        yield f"{at:06x}  {piece.hex(' '):<{3 * _WIDTH - 1}}  {text}"


def printable(text: str) -> str:
    """The text with a question mark for what XML and terminals can't show."""
    return "".join(letter if letter.isprintable() or letter in "\n\t" else "?" for letter in text)


def shortened(line: str) -> str:
    """The line; of one that is longer than a screen the beginning."""
    more = len(line) - _LONGEST_LINE
    return line if more <= 0 else f"{line[:_LONGEST_LINE]}... and {more} characters more"


def step_lines(step: model.Step) -> list[str]:
    """One step as it is written in a dialogue (conformance/catalogue/language/dialogue.py)."""
    peer = getattr(step, "peer", "a")
    who = "" if peer == "a" else f"{peer}: "
    match step:
        case model.Send(data=data, tokens=tokens):
            return [f"{who}>> {sent_text(data, tokens)}"]
        case model.Expect(outcomes=outcomes):
            return _alternatives([f"<< {_received(outcome)}" for outcome in outcomes], who)
        case model.Log(outcomes=outcomes):
            return [line for at, lines in enumerate(outcomes) for line in _log_lines(lines, "or " * (at > 0))]
        case model.Held(token=token, outcomes=outcomes):
            return _alternatives([f"{'held' if held else 'free'} {token}" for held in outcomes])
        case model.Ended(outcomes=outcomes):
            return _alternatives(["running" if end is None else f"exit {end}" for end in outcomes])
        case model.Heard(token=token, outcomes=outcomes):
            heard = [_quoted(data) if data else "nothing" for data in outcomes]
            return _alternatives([f"heard {token} {text}" for text in heard])
        case model.Connect(greeted=greeted):
            return [f"{who}connect{'' if greeted else ' silent'}"]
        case model.Shutdown():
            return [f"{who}shutdown"]
        case model.Close():
            return [f"{who}close"]
        case model.Advance(seconds=seconds):
            return [f"advance {seconds}"]
        case model.PassTime(seconds=seconds):
            return [f"pass {seconds}"]
        case model.HangUp(token=token):
            return [f"hang up {token}"]
        case model.Terminate():
            return ["terminate"]
        case model.LoseMaster():
            return ["lose master"]
        case model.OnProcess(what=what):
            return [f"process {what.value}"]
    return [repr(step)]


def _alternatives(texts: list[str], who: str = "") -> list[str]:
    return [f"{who}{texts[0]}", *(f"or {text}" for text in texts[1:])]


def _log_lines(lines: Sequence[str], otherwise: str) -> list[str]:
    texts = [line if _LOGGED.fullmatch(line) else _quoted(_bytes(line)) for line in lines] or ["nothing"]
    return [f"{otherwise if at == 0 else ''}log {text}" for at, text in enumerate(texts)]


def _bytes(line: str) -> bytes:
    return line.encode("utf-8", "surrogateescape")


def _received(reply: model.Reply) -> str:
    words = [sent_text(reply.data, reply.tokens)] if reply.data else []
    return " ".join([*words, *(["end"] if reply.end else [])]) or "nothing"


def sent_text(data: bytes, tokens: Sequence[str] = ()) -> str:
    """Bytes, and sessions that come with them, as the dialogues' language has them."""
    if data == b"\0" and tokens:
        return f"[{' '.join(tokens)}]"
    text = "dummy" if data == DUMMY else _attributes(data) or _quoted(data)
    return " ".join([text, *(f"@{token}" for token in tokens)])


def _attributes(data: bytes) -> str:
    """`name=value ... .` where the bytes are a whole list of plain words; else empty."""
    *strings, end, rest = data.split(b"\0") if data.count(b"\0") > 1 else (b"x", b"x", b"x")
    if end or rest or len(strings) % 2 or not all(map(_PLAIN.fullmatch, strings[::2])):
        return ""
    words = [
        f"{name.decode()}={value.decode() if _PLAIN.fullmatch(value) else _quoted(value)}"
        for name, value in zip(strings[::2], strings[1::2], strict=True)
    ]
    return " ".join([*words, "."])


def _quoted(data: bytes) -> str:
    """In quotes with Python's escapes; a byte that is repeated all over once, and how often."""
    if len(data) > 2 * _WIDTH and len(set(data)) == 1:
        return f"{_quoted(data[:1])}*{len(data)}"
    # With a double quote at its end the text of a piece is in single ones.
    return "'" + r"\x27".join(repr(piece + b'"')[2:-2] for piece in data.split(b"'")) + "'"
