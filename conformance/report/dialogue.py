"""A transcript as text: every write and every look in hex and in letters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from conformance.runner.verdict import Entry

__all__ = ["hex_dump", "transcript_lines"]

_WIDTH = 16  # bytes a line


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
