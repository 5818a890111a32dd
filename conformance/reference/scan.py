"""How a list of attributes is read: spec of Postfix's attr_scan0.c with its strict flags, byte by byte."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from typing import Any, TypeVar

from conformance.reference.line import Line

__all__ = ["LIST_END", "Scanner", "Waiting"]

T = TypeVar("T")

#: A procedure that yields wherever it has to wait, and returns a T.
Waiting = Generator[None, None, T]

LIST_END = b"(list terminator)"

_BUFFER_SIZE = 4096
_NUMBER = re.compile(rb"[ \t\n\v\f\r]*([+-]?)0*([0-9]+)")
_LARGEST_LONG = 2**64 - 1
_SHOWN = 100  # bytes of a malformed number
_LOOKS_LIKE_THE_END = 0xFF  # as a signed char it is -1, which is how Postfix says "no more input"
_END = None  # of input, or of the time for it


class Scanner:
    """Reads attributes from a line through a buffer of 4,096 bytes, which it shares with what is written.

    exactly: read no byte too many, for the dialects in which a descriptor may follow without being asked for.
    """

    def __init__(self, line: Line, name: str, exactly: bool, warn: Callable[[bytes], None]) -> None:
        self._line = line
        self._name = name.encode()
        self._size = 1 if exactly else _BUFFER_SIZE
        self._warn = warn
        self.buffer = b""

    def wait_for_input(self) -> Waiting[bool]:
        """Wait until there is a byte to read; False at the end of input."""
        while not self.buffer:
            data = self._line.read(self._size)
            if data is None:
                yield
                continue
            if not data:
                return False
            self.buffer = data
        return True

    def scan(self, *wanted: bytes) -> Waiting[list[Any] | None]:
        """The values of the wanted attributes, in order, up to the first that isn't there.

        None where input ends within them, or a number is malformed. LIST_END as the last one wanted asks for
        the list's end too, and gives no value.
        """
        values: list[Any] = []
        if not (yield from self.wait_for_input()):
            return values
        for name in wanted:
            found = yield from self._string(b"name")
            if found is _END:
                return None
            if name == LIST_END:
                if found != b"":
                    self._unexpected(found, name)
                return values
            if found == b"":
                self._warn(b"missing attribute %b in input from %b" % (name, self._name))
                return values
            if found != name:
                self._unexpected(found, name)
                return values
            value = yield from self._string(b"value")
            if value is _END:
                return None
            number = _number(value) if name == b"ttl" else value
            if number is None:
                self._warn(
                    b"malformed numerical data from %b while reading input attribute value: %b"
                    % (self._name, value[:_SHOWN])
                )
                return None
            values.append(number)
        return values

    def _unexpected(self, found: bytes, wanted: bytes) -> None:
        self._warn(b"unexpected attribute %b from %b (expecting: %b)" % (found, self._name, wanted))

    def _string(self, what: bytes) -> Waiting[bytes | None]:
        """The bytes up to the next NUL, which is consumed; None where they end before it."""
        text = bytearray()
        while (yield from self.wait_for_input()):
            before, nul, self.buffer = self.buffer.partition(b"\0")
            text += before
            if nul:
                return bytes(text)
        if text and text[-1] != _LOOKS_LIKE_THE_END:
            problem = b"unexpected end-of-input from"
        else:
            problem = b"timeout on" if self._line.time_is_up else b"premature end-of-input on"
        self._warn(b"%b %b while reading input attribute %b" % (problem, self._name, what))
        return None


def _number(text: bytes) -> int | None:
    """sscanf("%u%c") == 1 into an int: strtoul of 64 bits, cut to 32, read with a sign."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    value = int(match[1] + match[2][:21])  # one of more than 20 digits saturates, whatever they are
    low = (value if abs(value) <= _LARGEST_LONG else _LARGEST_LONG) % 2**32
    return low - 2**32 if low >= 2**31 else low
