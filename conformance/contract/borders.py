"""Where a rule with a threshold changes: borders of buffers, counters, clocks; and nearly equal texts."""

from __future__ import annotations

import random
from collections.abc import Callable

__all__ = ["border", "padded", "twin"]


def border(source: random.Random, most: int) -> int:
    """A power of two or ten, one less or one more, of at most `most` and at least 1."""
    powers = [1 << exponent for exponent in range(most.bit_length())]
    powers += [power for power in (10, 100, 1000, 10_000, 100_000, 1_000_000) if power <= most]
    return min(most, max(1, source.choice(powers) + source.choice((-1, 0, 1))))


def padded(text: bytes, size: int) -> bytes:
    """The text, repeated to this size; texts that differ still do."""
    return (
        text[:size]
        if size <= len(text) or not text
        else text + (text * (size // len(text)))[: size - len(text)]
    )


def _changed(text: bytes, place: int) -> bytes:
    """The text with one bit of the byte at this place changed, and no NUL made by it."""
    byte = text[place] ^ 1
    return text[:place] + bytes([byte or 3]) + text[place + 1 :]


#: How two texts may nearly be the same.
_WAYS: tuple[Callable[[bytes], bytes], ...] = (
    lambda text: text.swapcase(),
    lambda text: text[:-1] + bytes([text[-1] ^ 0x80 or 1]),
    lambda text: text + b" ",
    lambda text: text + b"\n",
    lambda text: b" " + text,
    lambda text: b"0" + text,
    lambda text: text[:-1],
    lambda text: text[1:],
    lambda text: text + text[-1:],
    lambda text: _changed(text, 0),
    lambda text: _changed(text, len(text) // 2),
    lambda text: _changed(text, len(text) - 1),
    lambda text: text[::-1],
)


def twin(source: random.Random, text: bytes) -> bytes:
    """A text that is nearly the same; may be the same where the text looks alike from both sides."""
    return source.choice(_WAYS)(text) if text else source.choice((b" ", b"\n", b"\x01"))
